import Foundation

/// Certificates that a trusted authority has signed, with names that are made to be misread.
extension Certificates {
    /// For a name in which a NUL follows `name`: read as C reads text, it is `name`.
    /// - Parameter place: in an extension, as names stand today, or in the subject, as of old.
    package func certificate(forNULAfter name: String, in place: NamePlace) throws -> (file: String, key: String) {
        let stem = "nul-\(place)"
        // A letter is made a NUL in what is to be signed, which is then signed anew: openssl(1) takes no NUL.
        let marked = "\(name)@.evil.example"
        try openssl(
            ["req", "-subj", "/CN=\(place == .subject ? marked : "x")", "-out", path("\(stem).csr")] + newKey(stem))
        var arguments = [
            "x509", "-req", "-in", path("\(stem).csr"), "-CA", authority, "-CAkey", path("ca.key"), "-CAcreateserial",
            "-days", "2", "-outform", "DER", "-out", path("\(stem).der"),
        ]
        if place == .alternativeName {
            try Data("subjectAltName=DNS:\(marked)\n".utf8).write(to: URL(fileURLWithPath: path("\(stem).ext")))
            arguments += ["-extfile", path("\(stem).ext")]
        }
        try openssl(arguments)
        let (signed, algorithm) = try DER.contents(
            of: [UInt8](Data(contentsOf: URL(fileURLWithPath: path("\(stem).der")))))
        guard let mark = signed.firstRange(of: Array("\(name)@".utf8)) else {
            throw RawClient.Failure.system("a certificate for \(marked)", 0)
        }
        var content = signed
        content[mark.upperBound - 1] = 0
        try Data(content).write(to: URL(fileURLWithPath: path("\(stem).tbs")))
        try openssl([
            "dgst", "-sha256", "-sign", path("ca.key"), "-out", path("\(stem).signature"), path("\(stem).tbs"),
        ])
        let signature = try Data(contentsOf: URL(fileURLWithPath: path("\(stem).signature")))
        let whole = DER.sequence(content + algorithm + DER.bitString([UInt8](signature)))
        let lines = Data(whole).base64EncodedString(options: .lineLength64Characters)
        try Data("-----BEGIN CERTIFICATE-----\n\(lines)\n-----END CERTIFICATE-----\n".utf8)
            .write(to: URL(fileURLWithPath: path("\(stem).pem")))
        return (path("\(stem).pem"), path("\(stem).key"))
    }

    /// With this in its subject's name, and no other name.
    package func certificate(forSubject name: String) throws -> (file: String, key: String) {
        try openssl(["req", "-subj", "/CN=\(name)", "-out", path("subject.csr")] + newKey("subject"))
        try openssl([
            "x509", "-req", "-in", path("subject.csr"), "-CA", authority, "-CAkey", path("ca.key"), "-CAcreateserial",
            "-days", "2", "-out", path("subject.pem"),
        ])
        return (path("subject.pem"), path("subject.key"))
    }

    package enum NamePlace: String, Sendable {
        case alternativeName, subject
    }
}

/// As much of DER (X.690) as it takes to sign a certificate anew.
private enum DER {
    /// The first two elements of a certificate: what is signed, and how.
    static func contents(of certificate: [UInt8]) throws -> (signed: [UInt8], algorithm: [UInt8]) {
        let outer = try element(certificate[...])
        let first = try element(outer.content)
        let second = try element(outer.content[first.whole.endIndex...])
        return (Array(first.whole), Array(second.whole))
    }

    static func sequence(_ content: [UInt8]) -> [UInt8] { [0x30] + length(content.count) + content }
    static func bitString(_ content: [UInt8]) -> [UInt8] { [0x03] + length(content.count + 1) + [0] + content }

    private static func length(_ count: Int) -> [UInt8] {
        count < 128 ? [UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(count & 0xFF)]
    }

    private static func element(_ bytes: ArraySlice<UInt8>) throws -> (
        whole: ArraySlice<UInt8>, content: ArraySlice<UInt8>
    ) {
        guard bytes.count > 4 else { throw RawClient.Failure.system("a certificate that ends early", 0) }
        let first = bytes[bytes.startIndex + 1]
        let digits = first < 128 ? 0 : Int(first & 0x7F)
        let start = bytes.startIndex + 2 + digits
        let count = digits == 0 ? Int(first) : bytes[bytes.startIndex + 2..<start].reduce(0) { $0 << 8 | Int($1) }
        guard start + count <= bytes.endIndex else {
            throw RawClient.Failure.system("a certificate that ends early", 0)
        }
        return (bytes[bytes.startIndex..<start + count], bytes[start..<start + count])
    }
}
