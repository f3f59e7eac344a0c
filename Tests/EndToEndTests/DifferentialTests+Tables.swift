/// Requests by tables: what varies is multiplied out.
extension DifferentialTests {
    static var tables: [(name: String, request: String)] {
        matrix + framings + connections + octets + hostsByVersion + pipelines + sizes
            + table("encoding", encodings) { line("GET \($0) HTTP/1.1") }
            + table("absolute", absolutes) { line("GET \($0) HTTP/1.1") }
            + table("version form", versionForms) { line("GET /livez \($0)") }
            + table("meaning", meanings, fields)
            + table("chunk size", chunkSizes) { chunked("\($0)\r\nab\r\n0\r\n\r\n") }
            + table("last chunk", lastChunks) { chunked("2\r\nab\r\n\($0)\r\n\r\n") }
    }

    private static func table(
        _ group: String, _ inputs: [String], _ request: (String) -> String
    ) -> [(name: String, request: String)] {
        inputs.map { (name(group, $0), request($0)) }
    }

    private static func chunked(_ content: String) -> String { fields("Transfer-Encoding: chunked") + content }
    private static let http = ["HTTP/1.1", "HTTP/1.0"]

    /// Methods, targets and versions.
    private static var matrix: [(name: String, request: String)] {
        let methods = ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "BREW"]
        let targets = ["/livez", "/x", "/livez?a=b", "*", "http://b/livez", "https://b/x"]
        return methods.flatMap { method in
            targets.flatMap { target in table("matrix", http.map { "\(method) \(target) \($0)" }, line) }
        }
    }

    /// Methods, versions and all that frames content.
    private static var framings: [(name: String, request: String)] {
        let framings = [
            ("length", "Content-Length: 2", "ab"), ("no length", "Content-Length: 0", ""),
            ("chunks", "Transfer-Encoding: chunked", "2\r\nab\r\n0\r\n\r\n"),
            ("length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
            ("two lengths", "Content-Length: 2\r\nContent-Length: 2", "ab"),
            ("chunked twice", "Transfer-Encoding: chunked, chunked", "0\r\n\r\n"),
            ("gzip, chunked", "Transfer-Encoding: gzip, chunked", "0\r\n\r\n"),
            ("expected length", "Expect: 100-continue\r\nContent-Length: 2", "ab"),
            ("expected chunks", "Expect: 100-continue\r\nTransfer-Encoding: chunked", "2\r\nab\r\n0\r\n\r\n"),
            ("expected nothing", "Expect: 100-continue\r\nContent-Length: 0", ""),
            ("expected otherwise", "Expect: x\r\nContent-Length: 2", "ab"),
        ]
        return ["GET", "HEAD", "POST"].flatMap { method in
            http.flatMap { version in
                framings.map { framing, lines, content in
                    (
                        name("framing", "\(method) \(version) \(framing)"),
                        "\(method) /livez \(version)\r\nHost: a\r\n\(lines)\r\n\r\n\(content)"
                    )
                }
            }
        }
    }

    private static var connections: [(name: String, request: String)] {
        let options = [
            "close", "keep-alive", "Close", "KEEP-ALIVE", "close, keep-alive", "keep-alive, close", "x", "x, close",
            "x,close", "close,x", ", close", "close ,", "close;x", "\"close\"", "closed", "clos",
            "close\r\nConnection: keep-alive", "keep-alive\r\nConnection: close", "x\r\nConnection: y", "", "upgrade",
            "TE, close",
        ]
        return http.flatMap { version in
            options.map { option in
                (
                    name("connection", "\(version) \(option)"),
                    "GET /livez \(version)\r\nHost: a\r\nConnection: \(option)\r\n\r\n"
                )
            }
        }
    }

    /// Octets that mean something somewhere, or nothing anywhere, in each place of a head.
    private static var octets: [(name: String, request: String)] {
        let octets = [
            "\u{0}", "\u{1}", "\u{8}", "\t", "\u{B}", "\u{C}", "\u{1B}", " ", "\u{7F}", "\u{80}", "\u{FF}", "\"", "(",
            ",", "/", ";", "@", "[", "\\", "{", "=", "&",
        ]
        let places: [(String, (String) -> String)] = [
            ("method", { line("GE\($0)T /livez HTTP/1.1") }), ("path", { line("GET /liv\($0)ez HTTP/1.1") }),
            ("query", { line("GET /livez?a\($0)b HTTP/1.1") }), ("version", { line("GET /livez HTTP/1\($0)1") }),
            ("name", { fields("X\($0)Y: a") }), ("value", { fields("X: a\($0)b") }),
            ("host", { "GET /livez HTTP/1.1\r\nHost: a\($0)b\r\n\r\n" }),
            ("before", { $0 + line("GET /livez HTTP/1.1") }),
        ]
        return places.flatMap { place, request in
            octets.map { (name("octet", "\(place) \($0)"), request($0)) }
        }
    }

    private static var hostsByVersion: [(name: String, request: String)] {
        let hosts = [
            "a:0", "a:65535", "a:65536", "a:80:80", "a::80", "[::]", "[::ffff:1.2.3.4]", "[fe80::1%25eth0]", "[v1.x]",
            "[::1]:", "[::1]:x", "1.2.3.4", "1.2.3.4:80", "256.1.1.1", "a.", "A", ".a", "-a", "a-b", "a!$&'()*+;=b",
            "a%41", "a?b", "a#b", "*", "~", "a:80 ", "\r\nX: y", "localhost", "a\t",
        ]
        let old = ["", "a b", "a/b", "[::1", "a\r\nHost: a", "u@a"]
        let both = hosts.map { ("HTTP/1.1", $0) } + old.map { ("HTTP/1.0", $0) }
        return both.map { version, host in
            (name("host and version", "\(version) \(host)"), "GET /livez \(version)\r\nHost: \(host)\r\n\r\n")
        }
    }

    private static let encodings = ["/", "/livez?"].flatMap { start in
        ["%20", "%2F", "%2f", "%3F", "%7e", "%0d%0a", "%ff", "%C3%A9", "%", "%1", "%g1", "%1g", "%%41", "%00x"]
            .map { start + $0 }
    }

    private static let absolutes = [
        "http://b:/livez", "http://b:80:80/livez", "http://[::1]:80/livez", "http://[::1/livez", "http://%41/livez",
        "http://b/livez#x", "http:/livez", "http:livez", "//b/livez", "http://", "http://b/", "http://b?",
        "http://b//livez", "HTTP:///livez", "http://@b/livez", "http://b:65536/livez", "http://b:/", "http:// b/livez",
        "ws://b/livez", "HtTpS://b/livez", "http://b\\livez", "http://b/%2e/livez",
    ]

    private static let versionForms = [
        "HTTP/1.1.1", "HTTP/ 1.1", "HTTP /1.1", "HTTP/1 .1", "HTTP/-1.1", "HTTP/1.-1", "HTTP/4.0", "HTTP/9.9",
        "HTTP/01.1", "HTTP/1.01", "HTTPS/1.1", "H", "HTTP", "HTTP/", "HTTP/1.1;x", "HTTP/1.1x", "HTTP\\1.1",
        "HTTP/1.1 HTTP/1.1",
    ]

    private static let meanings = [
        "If-Match: *", "If-None-Match: W/\"a\"", "If-None-Match: x",
        "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "If-Unmodified-Since: x", "If-Modified-Since: x",
        "If-Range: \"a\"", "Range: bytes=5-", "Range: bytes=0-0,2-2", "Range: bytes=99-", "Range: x", "Accept:",
        "Accept: */*;q=0", "Accept-Encoding: identity;q=0", "Accept-Encoding: *;q=0", "Accept-Charset: x",
        "Accept-Language: x", "Authorization: Basic x", "Cookie: a=b", "Upgrade: websocket\r\nConnection: Upgrade",
        "Upgrade: HTTP/2.0", "Via: 1.1 x", "Forwarded: for=x", "X-Forwarded-For: \"", "TE: chunked", "TE: gzip",
        "Trailer: Content-Length", "Keep-Alive: timeout=5", "Proxy-Connection: close", "Max-Forwards: x", "Date: x",
        "Referer: \\", "Content-Type: x", "Content-Encoding: gzip", "Content-Range: bytes 0-0/1", "Expect:",
        "Expect: ,", "Expect: 100-continue, 100-continue", "Expect: 100-CONTINUE", "Expect: 100-continue;a=b",
        "Expect: 200-ok", "Content-Length : 0", "Transfer-Encoding : chunked", "Content_Length: 2", "Host : b", "host:",
        "HTTP/1.1 200 OK", "GET /x HTTP/1.1",
    ]

    private static let chunkSizes = [
        "2;", "2;;", "2;=", "2;a=", "2;a=b;c=d", "2;a=\"\"", "2;a=\"\\\"\"", "2; a", "2;a =b", "2;a= b", "2\t;a", "02",
        "2,", "2.", "2;a\u{0}", "2;\u{7F}", "2h", "0x2", "2\r",
    ]

    private static let lastChunks = [
        "0;", "0;a=b", "00", "0 ", "0\t", "-0", "0\r\nA:b\r\nC: d", "0\r\nA:", "0\r\n A: b", "0\r\nA : b", "0\r\n: b",
        "0\r\nA: \u{0}", "0\r\nA: \u{1B}", "0\r\nA: b\r\n c", "0\r\nTransfer-Encoding: chunked",
        "0\r\nConnection: close",
    ]

    /// Several requests one after the other.
    private static var pipelines: [(name: String, request: String)] {
        let get = line("GET /livez HTTP/1.1")
        let missing = line("GET /x HTTP/1.1")
        let old = "GET /livez HTTP/1.0\r\nHost: a\r\n"
        let options = line("OPTIONS * HTTP/1.1")
        func post(_ count: Int) -> String {
            "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n" + text(count)
        }
        let inChunk = "\(String(missing.utf8.count, radix: 16))\r\n\(missing)\r\n0\r\n\r\n"
        let pipelines = [
            ("get, not found", get + missing), ("three", get + line("HEAD /livez HTTP/1.1") + missing),
            ("ten", String(repeating: get, count: 10)), ("not found, get", missing + get), ("post, get", post(5) + get),
            ("posts", post(3) + post(4) + post(0)), ("get, bad", get + "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
            ("bad, get", "G(T / HTTP/1.1\r\n\r\n" + get), ("get, old", get + old + "\r\n"),
            ("old, get", old + "\r\n" + get), ("old kept, get", old + "Connection: keep-alive\r\n\r\n" + get),
            ("close, get", fields("Connection: close") + get), ("get, empty line, get", get + "\r\n" + get),
            ("get, two empty lines, get", get + "\r\n\r\n" + get), ("get, line feed, get", get + "\n" + get),
            ("chunks, get", chunked("1\r\nx\r\n0\r\n\r\n") + get), ("post, empty line, get", post(2) + "\r\n" + get),
            ("content that is a request", fields("Content-Length: \(missing.utf8.count)") + missing),
            ("chunk that is a request", chunked(inChunk)), ("garbage after content", post(2) + "\u{0}\u{1}"),
            ("space, get", get + " " + get), ("options, get", options + get),
            ("expect, get", fields("Expect: 100-continue\r\nContent-Length: 1") + "x" + get),
            ("too large, get", fields("Content-Length: 9000") + text(9000) + get),
            ("head, content", "HEAD /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + get),
        ]
        return pipelines.map { (name("pipeline", $0.0), $0.1) }
    }

    private static var sizes: [(name: String, request: String)] {
        func repeated(_ line: String, _ count: Int) -> String {
            fields(Array(repeating: line, count: count).joined(separator: "\r\n"))
        }
        func host(_ value: String) -> String { "GET /livez HTTP/1.1\r\nHost: \(value)\r\n\r\n" }
        func length(_ value: String) -> String { fields("Content-Length: \(value)") }
        let sizes = [
            ("a query of 4,000 bytes", line("GET /livez?\(text(4000)) HTTP/1.1")),
            ("a query of 7,900 bytes", line("GET /livez?\(text(7900)) HTTP/1.1")),
            ("a method of 20 bytes", line("\(String(repeating: "A", count: 20)) /livez HTTP/1.1")),
            ("a method of 300 bytes", line("\(String(repeating: "A", count: 300)) /livez HTTP/1.1")),
            ("a field name of 300 bytes", fields("\(text(300)): x")),
            ("a field name of 5,000 bytes", fields("\(text(5000)): x")),
            ("7 fields of 1,000 bytes", repeated("X: \(text(995))", 7)),
            ("3 fields of 5,000 bytes", repeated("X: \(text(5000))", 3)),
            ("50 fields of 100 bytes", repeated("X: \(text(100))", 50)), ("1,000 fields", repeated("X: y", 1000)),
            ("Host of 300 bytes", host(text(300))), ("Host of 3,000 bytes", host(text(3000))),
            ("a port of 300 digits", host("a:\(String(repeating: "1", count: 300))")),
            ("content of 8,192 bytes", length("8192") + text(8192)),
            ("content of 8,193 bytes", length("8193") + text(8193)),
            ("a chunk of 4,000 bytes", chunked("fa0\r\n\(text(4000))\r\n0\r\n\r\n")),
            ("a chunk of 9,000 bytes", chunked("2328\r\n\(text(9000))\r\n0\r\n\r\n")),
            ("100 chunks", chunked(String(repeating: "1\r\na\r\n", count: 100) + "0\r\n\r\n")),
            ("an extension of 1,000 bytes", chunked("1;\(text(1000))\r\na\r\n0\r\n\r\n")),
            ("a trailer of 1,000 bytes", chunked("0\r\nA: \(text(1000))\r\n\r\n")),
            ("a length of 30 zeros and 2", length("\(String(repeating: "0", count: 30))2") + "ab"),
            ("a length of 2^63", length("9223372036854775808")),
            ("a length of 2^64 and 2", length("18446744073709551618") + "ab"),
            ("a chunk of 2^32 and 2", chunked("100000002\r\nab\r\n0\r\n\r\n")),
            ("a chunk of 2^64 and 2", chunked("10000000000000002\r\nab\r\n0\r\n\r\n")),
        ]
        return sizes.map { (name("size", $0.0), $0.1) }
    }

    static func text(_ count: Int) -> String { String(repeating: "a", count: count) }
}
