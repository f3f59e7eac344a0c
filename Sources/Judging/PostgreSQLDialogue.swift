import Health

/// The start of a connection to PostgreSQL (protocol 3.0), as far as a client without a password gets.
enum PostgreSQLDialogue {
    private static let limit = 16 * 1024
    /// Refusals of this client alone: no such database, no right to connect to it. Those of the class 28 are, too.
    private static let refusalsOfClient: Set<String> = ["3D000", "42501"]

    static func next(_ received: [UInt8], sent: Int) -> DatabaseStep {
        if sent == 0, received.isEmpty { return .send(startup) }
        var rest = received[...]
        while let kind = rest.first {
            // Negotiation and notices may come before what counts.
            guard [.init(ascii: "R"), .init(ascii: "E"), .init(ascii: "N"), .init(ascii: "v")].contains(kind) else {
                return .verdict(Database.postgres.alien(received))
            }
            guard rest.count >= 5 else { return .read }
            let length = length(rest.dropFirst())
            guard length >= 4, length <= limit else { return .verdict(oldError(received)) }
            guard rest.count >= 1 + length else { return .read }
            let content = rest.dropFirst(5).prefix(length - 4)
            // Whatever it asks for, it takes clients.
            if kind == UInt8(ascii: "R") { return .verdict(.up) }
            if kind == UInt8(ascii: "E") { return .verdict(verdict(on: content, received)) }
            rest = rest.dropFirst(1 + length)
        }
        return .read
    }

    /// Before the server has a process for the connection, its errors are text without a length.
    private static func oldError(_ received: [UInt8]) -> Verdict {
        guard received.first == UInt8(ascii: "E"), received.dropFirst().first.map({ $0 >= 0x20 }) == true else {
            return Database.postgres.alien(received)
        }
        return Database.postgres.refusal("error", received.dropFirst().prefix { $0 != 0 && $0 != 10 })
    }

    private static func verdict(on content: ArraySlice<UInt8>, _ received: [UInt8]) -> Verdict {
        var (code, message): (String?, ArraySlice<UInt8>) = (nil, [])
        for field in content.split(separator: 0) {
            switch field.first {
            case UInt8(ascii: "C"): code = String(decoding: field.dropFirst().prefix(5), as: UTF8.self)
            case UInt8(ascii: "M"): message = field.dropFirst()
            default: break
            }
        }
        guard let code else { return Database.postgres.alien(received) }
        if code.hasPrefix("28") || refusalsOfClient.contains(code) { return .up }
        return Database.postgres.refusal(code, message)
    }

    private static func length(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    private static let startup: [UInt8] = {
        let words = ["user", Database.user, "database", "postgres"].map { Array($0.utf8) + [0] }.joined() + [0]
        let length = UInt32(8 + words.count)
        return [
            UInt8(length >> 24 & 0xFF), UInt8(length >> 16 & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF),
        ]
            + [0, 3, 0, 0] + words
    }()
}
