import HTTPClient

/// A request in the canonical form of Signature Version 4, from which both sides compute the signature.
struct CanonicalRequest {
    let text: String
    /// In lower case, sorted, with ";" between them.
    let signedNames: String

    init(_ request: Request) throws(SHA256.Failure) {
        var values = ["host": [request.url.authority]]
        for field in request.fields { values[field.name.lowercased(), default: []].append(field.value) }
        let names = values.keys.sorted()
        signedNames = names.joined(separator: ";")
        let target = request.url.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var lines = [request.method.name, CanonicalRequest.encoded(target[0])]
        lines.append(target.count > 1 ? CanonicalRequest.sorted(target[1]) : "")
        for name in names {
            let value = (values[name] ?? []).map(CanonicalRequest.trimmed).joined(separator: ",")
            lines.append("\(name):\(value)")
        }
        lines += ["", signedNames, SHA256.hex(try SHA256.digest(request.content ?? []))]
        text = lines.joined(separator: "\n")
    }

    /// Encoded a second time, as for all services except S3.
    private static func encoded(_ path: Substring) -> String {
        var output: [UInt8] = []
        for byte in path.utf8 {
            if isUnreserved(byte) || byte == UInt8(ascii: "/") {
                output.append(byte)
            } else {
                output += "%\(SHA256.hex([byte]).uppercased())".utf8
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// RFC 3986 §2.3.
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// Sorted by name, then by value; a parameter without "=" has an empty value.
    private static func sorted(_ query: Substring) -> String {
        guard !query.isEmpty else { return "" }
        let pairs = query.split(separator: "&", omittingEmptySubsequences: false).map { parameter in
            let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
        return pairs.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// Without white space at both ends, and with single spaces inside.
    private static func trimmed(_ value: String) -> String {
        value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    }
}
