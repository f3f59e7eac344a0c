import Health

/// The connection phase of MySQL and MariaDB, as far as a client without a password gets.
///
/// The greeting alone would do, but a server counts clients that leave without a login, and in the end blocks their host
/// (`max_connect_errors`). A login that is refused does not count.
enum MySQLDialogue {
    /// How often a client sends something at most: its login, an empty password for another method, its goodbye.
    static let messages = 3

    private static let limit = 16 * 1024
    /// Refusals of this client alone: access denied, an unknown database, a method that the client has not, a plugin that is not
    /// loaded, a password that has expired, an account that is locked, TLS required.
    private static let refusalsOfClient: Set<Int> = [
        1044, 1045, 1049, 1251, 1275, 1524, 1698, 1820, 1862, 3118, 3159, 4151,
    ]

    static func next(_ received: [UInt8], sent: Int) -> DatabaseStep {
        var rest = received[...]
        // Of the first packet, the head says whether it is one at all.
        guard isPlausible(received) else { return .verdict(Database.mysql.alien(received)) }
        guard let greeting = packet(&rest) else { return .read }
        if let refusal = error(in: greeting) {
            return .verdict(Database.mysql.refusal("\(refusal.code)", refusal.message))
        }
        guard let plugin = plugin(in: greeting) else { return .verdict(Database.mysql.alien(received)) }
        if sent == 0 { return .send(login(plugin)) }
        guard var answer = packet(&rest) else { return .read }
        var own = 1
        if answer.first == 0xFE {
            // The server asks for another method: no password there either.
            if sent == 1 { return .send([0, 0, 0, 3]) }
            guard let second = packet(&rest) else { return .read }
            (answer, own) = (second, 2)
        }
        // It let the client in, who says goodbye (COM_QUIT).
        if answer.first == 0, sent == own { return .send([1, 0, 0, 0, 1]) }
        return .verdict(verdict(on: answer, received))
    }

    private static func verdict(on answer: ArraySlice<UInt8>, _ received: [UInt8]) -> Verdict {
        guard let refusal = error(in: answer) else {
            // Let in, or asked for more.
            return answer.first.map { [0, 1, 0xFE].contains($0) } == true ? .up : Database.mysql.alien(received)
        }
        if refusalsOfClient.contains(refusal.code) { return .up }
        return Database.mysql.refusal("\(refusal.code)", refusal.message)
    }

    /// A small packet with the number 0, of some errors 1, which is a greeting of protocol 10 or an error.
    private static func isPlausible(_ received: [UInt8]) -> Bool {
        guard received.count >= 4 else { return true }
        let length = length(received[...])
        guard length > 0, length <= limit, received[3] <= 1 else { return false }
        return received.count < 5 || received[4] == 10 || received[4] == 0xFF
    }

    private static func length(_ head: ArraySlice<UInt8>) -> Int {
        let start = head.startIndex
        return Int(head[start]) | Int(head[start + 1]) << 8 | Int(head[start + 2]) << 16
    }

    /// Takes one packet's content off the start. nil if it is not all there.
    private static func packet(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard rest.count >= 4 else { return nil }
        let length = length(rest)
        guard rest.count >= 4 + length else { return nil }
        let content = rest.dropFirst(4).prefix(length)
        rest = rest.dropFirst(4 + length)
        return content
    }

    private static func error(in packet: ArraySlice<UInt8>) -> (code: Int, message: ArraySlice<UInt8>)? {
        guard packet.first == 0xFF, packet.count >= 3 else { return nil }
        let start = packet.startIndex
        let message = packet.dropFirst(3)
        // The SQL state stands before it, or not.
        let hasState = message.first == UInt8(ascii: "#") && message.count >= 6
        return (Int(packet[start + 1]) | Int(packet[start + 2]) << 8, hasState ? message.dropFirst(6) : message)
    }

    /// The method that the server would use: empty if it names none. nil if this is no greeting of protocol 10.
    private static func plugin(in greeting: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard greeting.first == 10, let end = greeting.firstIndex(of: 0) else { return nil }
        // Thread, challenge, filler, capabilities, character set, status, capabilities, length of the challenge, reserve.
        let rest = greeting[(end + 1)...]
        guard rest.count >= 31 else { return nil }
        let challengeLength = Int(rest[rest.startIndex + 20])
        return rest.dropFirst(31 + max(13, challengeLength - 8)).prefix { $0 != 0 }
    }

    /// HandshakeResponse41, without a password and without a database.
    private static func login(_ plugin: ArraySlice<UInt8>) -> [UInt8] {
        // LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH; packets of 16 MiB; utf8.
        var content: [UInt8] = [0x01, 0x82, 0x08, 0, 0, 0, 0, 1, 33] + [UInt8](repeating: 0, count: 23)
        content += Array(Database.user.utf8) + [0]
        content += [0]
        content += Array(plugin.prefix(64)) + [0]
        return [UInt8(content.count), 0, 0, 1] + content
    }
}
