/// The differences among the requests of the tables, and why. docs/http.md tells of each reason.
extension DifferentialTests {
    static let differencesOfTables: [DifferenceGroup] = [
        (
            "a method that is not known is 501 (RFC 9110 §9.1)", "5xx", "4xx 2xx",
            [
                "matrix": [
                    "BREW /x HTTP/1.1", "BREW /livez?a=b HTTP/1.1",
                    "BREW http://b/livez HTTP/1.1", "BREW https://b/x HTTP/1.1",
                ], "size": ["a method of 20 bytes", "a method of 300 bytes"],
            ]
        ),
        (
            "a method that is not known is 501 (RFC 9110 §9.1)", "5xx", "4xx",
            [
                "matrix": [
                    "BREW /livez HTTP/1.0", "BREW /x HTTP/1.0", "BREW /livez?a=b HTTP/1.0", "BREW * HTTP/1.0",
                    "BREW http://b/livez HTTP/1.0", "BREW https://b/x HTTP/1.0", "BREW * HTTP/1.1",
                ], "octet": ["method &", "before &"],
            ]
        ),
        (
            "https wants a connection that is secured (RFC 9110 §7.4)", "4xx", "4xx 2xx",
            [
                "matrix": [
                    "GET https://b/x HTTP/1.1", "HEAD https://b/x HTTP/1.1", "POST https://b/x HTTP/1.1",
                    "DELETE https://b/x HTTP/1.1", "OPTIONS https://b/x HTTP/1.1",
                ]
            ]
        ),
        (
            "https wants a connection that is secured (RFC 9110 §7.4)", "4xx", "2xx 2xx",
            ["absolute": ["HtTpS://b/livez"]]
        ),
        ("OPTIONS * is valid (RFC 9112 §3.2.4)", "4xx 2xx 2xx", "4xx", ["pipeline": ["options, get"]]),
        (
            "the final answer comes instead of 100, and the connection ends (RFC 9110 §10.1.1)", "2xx", "1xx 2xx 2xx",
            [
                "framing": [
                    "GET HTTP/1.1 expected length", "GET HTTP/1.1 expected chunks", "HEAD HTTP/1.1 expected length",
                    "HEAD HTTP/1.1 expected chunks",
                ]
            ]
        ),
        (
            "the final answer comes instead of 100, and the connection ends (RFC 9110 §10.1.1)", "2xx",
            "1xx 2xx 2xx 2xx", ["pipeline": ["expect, get"]]
        ),
        (
            "the final answer comes instead of 100, and the connection ends (RFC 9110 §10.1.1)", "4xx", "4xx 2xx",
            [
                "framing": [
                    "POST HTTP/1.1 expected length", "POST HTTP/1.1 expected chunks",
                    "POST HTTP/1.1 expected otherwise",
                ]
            ]
        ),
        (
            "no content, so nothing to continue with (RFC 9110 §10.1.1)", "2xx 2xx", "1xx 2xx 2xx",
            [
                "framing": ["GET HTTP/1.1 expected nothing", "HEAD HTTP/1.1 expected nothing"],
                "meaning": ["Expect: 100-CONTINUE"],
            ]
        ),
        (
            "an expectation that is not met (RFC 9110 §10.1.1)", "4xx", "2xx 2xx",
            [
                "framing": ["GET HTTP/1.1 expected otherwise", "HEAD HTTP/1.1 expected otherwise"],
                "meaning": ["Expect: 100-continue;a=b", "Expect: 200-ok"],
            ]
        ),
        (
            "both refuse: a coding that is not served, in a version that has none (RFC 9112 §6.1)", "5xx", "4xx",
            [
                "framing": [
                    "GET HTTP/1.0 chunked twice", "GET HTTP/1.0 gzip, chunked", "HEAD HTTP/1.0 chunked twice",
                    "HEAD HTTP/1.0 gzip, chunked", "POST HTTP/1.0 chunked twice", "POST HTTP/1.0 gzip, chunked",
                ]
            ]
        ),
        (
            "an option is a whole token (RFC 9110 §7.6.1)", "2xx 2xx", "2xx",
            ["connection": ["HTTP/1.1 close;x", "HTTP/1.1 \"close\"", "HTTP/1.1 closed"]]
        ),
        (
            "close wins over keep-alive, in whatever line (RFC 9112 §9.3)", "2xx", "2xx 2xx",
            ["connection": ["HTTP/1.1 close\r\nConnection: keep-alive", "HTTP/1.0 close\r\nConnection: keep-alive"]]
        ),
        (
            "not in the grammar of targets (RFC 9112 §3.2)", "4xx", "4xx 2xx",
            ["octet": ["path \u{80}", "path \u{FF}", "path \"", "path [", "path \\", "path {"]]
        ),
        (
            "not in the grammar of targets (RFC 9112 §3.2)", "4xx", "2xx 2xx",
            [
                "octet": ["query \u{80}", "query \u{FF}", "query \"", "query [", "query \\", "query {"],
                "encoding": ["/livez?%", "/livez?%1", "/livez?%g1", "/livez?%1g", "/livez?%%41"],
                "absolute": ["http://b/livez#x"],
            ]
        ),
        (
            "not in the grammar of fields (RFC 9112 §5, RFC 9110 §5.5)", "4xx", "2xx 2xx",
            [
                "octet": [
                    "name \u{80}", "name \u{FF}", "name \"", "name (", "name ,", "name /", "name ;", "name @", "name [",
                    "name \\", "name {", "name =", "value \u{1}", "value \u{8}", "value \u{B}", "value \u{C}",
                    "value \u{1B}", "value \u{7F}",
                ]
            ]
        ),
        (
            "not in the grammar of Host (RFC 9110 §7.2)", "4xx", "2xx 2xx",
            [
                "octet": ["host \u{80}", "host \u{FF}", "host \"", "host @", "host [", "host \\", "host {"],
                "host and version": [
                    "HTTP/1.1 a:80:80", "HTTP/1.1 a::80", "HTTP/1.1 [::1]:x", "HTTP/1.1 a?b", "HTTP/1.1 a#b",
                ], "size": ["a port of 300 digits"],
            ]
        ),
        (
            "not in the grammar of Host (RFC 9110 §7.2)", "4xx", "2xx",
            ["host and version": ["HTTP/1.0 [::1", "HTTP/1.0 u@a"]]
        ),
        (
            "an empty Host, and dots in one, are valid (RFC 9110 §7.2)", "2xx 2xx", "4xx",
            ["host and version": ["HTTP/1.1 \r\nX: y"]]
        ),
        (
            "an empty Host, and dots in one, are valid (RFC 9110 §7.2)", "2xx", "4xx",
            ["host and version": ["HTTP/1.0 "]]
        ),
        (
            "a tab is whitespace round a value (RFC 9110 §5.6.3)", "2xx 2xx", "4xx",
            ["host and version": ["HTTP/1.1 a\t"]]
        ),
        ("a name may be percent-encoded (RFC 3986 §3.2.2)", "2xx 2xx", "4xx", ["absolute": ["http://%41/livez"]]),
        ("a path need not be a file's", "4xx 2xx", "4xx", ["encoding": ["/%00x"]]),
        ("nginx normalizes paths", "4xx 2xx", "2xx 2xx", ["absolute": ["http://b//livez", "http://b/%2e/livez"]]),
        ("a scheme that is not served", "4xx", "2xx 2xx", ["absolute": ["ws://b/livez"]]),
        ("HTTP-version has one digit on each side (RFC 9112 §2.3)", "4xx", "2xx 2xx", ["version form": ["HTTP/1.01"]]),
        (
            "no dates of modification, so nothing to compare with (RFC 9110 §13.1.4)", "2xx 2xx", "4xx",
            ["meaning": ["If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "If-Unmodified-Since: x"]]
        ),
        (
            "no control characters in chunk extensions and trailers (RFC 9112 §7.1.1)", "4xx", "2xx 2xx",
            ["chunk size": ["2;a\u{0}", "2;\u{7F}"], "last chunk": ["0\r\nA: \u{0}", "0\r\nA: \u{1B}"]]
        ),
        ("no whitespace after a chunk's size (RFC 9112 §7.1)", "4xx", "2xx 2xx", ["last chunk": ["0 ", "0\t"]]),
        (
            "one empty line before a request is enough, and it ends with CRLF (RFC 9112 §2.2)", "2xx 4xx",
            "2xx 2xx 2xx", ["pipeline": ["get, two empty lines, get", "get, line feed, get"]]
        ),
        (
            "nginx has room for more in each line, and healthz for as much in all", "4xx", "2xx 2xx",
            ["size": ["3 fields of 5,000 bytes"]]
        ),
        ("framing counts towards the limit of content", "4xx", "2xx 2xx", ["size": ["a chunk of 9,000 bytes"]]),
        ("more than content may be", "4xx", "2xx", ["size": ["a chunk of 2^32 and 2"]]),
        ("nginx normalizes paths", "4xx 2xx", "5xx 2xx", ["encoding": ["/%2F", "/%2f"]]),
    ]
}
