import HTTPWire
import Testing

@Suite("The PROXY protocol's header")
struct ProxyHeaderTests {
    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]
    private static let ipv4: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 2, 0xDC, 0x04, 0x01, 0xBB]
    private static let request = Array("GET / HTTP/1.1\r\n".utf8)

    /// Version 2.
    private static func binary(_ command: UInt8, _ family: UInt8, _ rest: [UInt8], length: Int? = nil) -> [UInt8] {
        let count = length ?? rest.count
        return signature + [command, family, UInt8(count >> 8), UInt8(count & 0xFF)] + rest
    }

    private static let valid: [(bytes: [UInt8], host: String?, port: UInt16?)] = [
        (Array("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n".utf8), "192.0.2.1", 56324),
        (Array("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n".utf8), "2001:db8::1", 1),
        (Array("PROXY UNKNOWN\r\n".utf8), nil, nil),
        (Array("PROXY UNKNOWN ffff::1 whatever it says\r\n".utf8), nil, nil),
        (binary(0x21, 0x11, ipv4), "192.0.2.1", 56324),
        // TLVs behind the addresses, as AWS sends them (PP2_TYPE_AWS, 0xEA).
        (binary(0x21, 0x11, ipv4 + [0xEA, 0, 3, 1, 2, 3]), "192.0.2.1", 56324),
        (
            binary(
                0x21, 0x21, [UInt8](repeating: 0, count: 15) + [1] + [UInt8](repeating: 0, count: 16) + [0, 9, 0, 80]),
            "::1", 9
        ),
        // A health check of the proxy's own.
        (binary(0x20, 0x00, []), nil, nil), (binary(0x20, 0x11, ipv4), nil, nil),
        // Of a UNIX socket, and of no family.
        (binary(0x21, 0x31, [UInt8](repeating: 1, count: 216)), nil, nil), (binary(0x21, 0x00, [1, 2]), nil, nil),
    ]

    @Test(
        "A valid header tells the client's address, and its length wherever the input was cut", arguments: valid.indices
    )
    func reads(row: Int) throws {
        let (bytes, host, port) = Self.valid[row]
        for end in 0..<bytes.count {
            #expect(try ProxyHeader.read(Array(bytes[..<end]).span) == .incomplete, "\(end) bytes")
        }
        guard case .header(let header, let length) = try ProxyHeader.read((bytes + Self.request).span) else {
            Issue.record("no header was found")
            return
        }
        #expect(length == bytes.count)
        #expect(header.source?.host == host)
        #expect(header.source?.port == port)
    }

    @Test(
        "A request is no header",
        arguments: ["GET / HTTP/1.1\r\n", "P", "PROXX ", "\r\n\r\nGET", "proxy TCP4", "PUT / HTTP/1.1\r\n"])
    func absent(text: String) throws {
        let expected: ProxyHeader.Result = text == "P" ? .incomplete : .absent
        #expect(try ProxyHeader.read(Array(text.utf8).span) == expected)
    }

    private static let invalid: [[UInt8]] =
        [
            "PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n", "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", "PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n",
            "PROXY UNKNOWN" + String(repeating: "x", count: 100),
        ].map { Array($0.utf8) } + [
            // Version 1 and 3 in binary, a command that is none, addresses that are cut, and over 4 KiB.
            binary(0x11, 0x11, ipv4), binary(0x31, 0x11, ipv4), binary(0x22, 0x11, ipv4),
            binary(0x21, 0x11, Array(ipv4.dropLast())), binary(0x21, 0x21, ipv4),
            binary(0x21, 0x11, ipv4, length: 4097),
        ]

    @Test("A header that breaks a rule is refused", arguments: invalid)
    func refuses(bytes: [UInt8]) {
        #expect(throws: RequestError.malformedProxyHeader) { try ProxyHeader.read(bytes.span) }
    }
}
