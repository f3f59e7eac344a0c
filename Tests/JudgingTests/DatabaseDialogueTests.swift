import Health
import Judging
import Testing

@Suite("Dialogues with databases")
struct DatabaseDialogueTests {
    /// As MariaDB 10.11 sent it.
    private static let greeting: [UInt8] =
        packet(
            0,
            [10] + Array("5.5.5-10.11.19-MariaDB\0".utf8) + [3, 0, 0, 0] + Array("Nsz,f>Dx\0".utf8)
                + [0xFE, 0xF7, 8, 2, 0, 0xFF, 0x81, 0x15, 0, 0, 0, 0, 0, 0, 0x1D, 0, 0, 0]
                + Array("Ty$Emw-w49ce\0".utf8)
                + Array("mysql_native_password\0".utf8))
    private static let method: [UInt8] = packet(2, [0xFE] + Array("caching_sha2_password\0".utf8) + [1, 2, 3, 0])
    private static let welcome: [UInt8] = packet(2, [0, 0, 0, 2, 0, 0, 0])

    private static func packet(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        [UInt8(content.count & 0xFF), UInt8(content.count >> 8), 0, number] + content
    }

    private static func error(_ number: UInt8, _ code: Int, _ message: String) -> [UInt8] {
        packet(number, [0xFF, UInt8(code & 0xFF), UInt8(code >> 8)] + Array(message.utf8))
    }

    private static func message(_ kind: Character, _ content: [UInt8]) -> [UInt8] {
        Array(String(kind).utf8) + [0, 0, UInt8((content.count + 4) >> 8), UInt8((content.count + 4) & 0xFF)] + content
    }

    private static func refusal(_ code: String, _ message: String) -> [UInt8] {
        Self.message("E", Array("SFATAL\0VFATAL\0C\(code)\0M\(message)\0Fproc.c\0L357\0RInitProcess\0\0".utf8))
    }

    /// The database, what comes, how often something is sent, and what is said of it.
    static let dialogues: [(Database, [UInt8], Int, String)] = [
        (.mysql, greeting + error(2, 1045, "#28000Access denied for user 'healthz'@'localhost'"), 1, "up"),
        (.mysql, greeting + error(2, 3159, "#HY000Connections using insecure transport are prohibited"), 1, "up"),
        (.mysql, greeting + method + error(4, 1045, "#28000Access denied"), 2, "up"),
        (.mysql, greeting + welcome, 2, "up"),
        (.mysql, greeting + method + packet(4, [0, 0, 0, 2, 0, 0, 0]), 3, "up"),
        (
            .mysql, greeting + error(2, 1053, "#08S01Server shutdown in progress"), 1,
            #"database: MySQL does not accept clients: 1053 "Server shutdown in progress""#
        ),
        (
            .mysql, error(0, 1040, "Too many connections"), 0,
            #"database: MySQL does not accept clients: 1040 "Too many connections""#
        ),
        (
            .mysql, error(1, 1040, "#08004Too many connections"), 0,
            #"database: MySQL does not accept clients: 1040 "Too many connections""#
        ),
        (
            .mysql, error(0, 1130, "Host '127.0.0.2' is not allowed to connect"), 0,
            #"database: MySQL does not accept clients: 1130 "Host '127.0.0.2' is not allowed to connect""#
        ),
        (.postgres, message("R", [0, 0, 0, 10] + Array("SCRAM-SHA-256\0\0".utf8)), 1, "up"),
        (.postgres, message("R", [0, 0, 0, 0]), 1, "up"),
        (.postgres, message("N", Array("SNOTICE\0\0".utf8)) + message("R", [0, 0, 0, 0]), 1, "up"),
        (.postgres, refusal("28000", "role \"healthz\" does not exist"), 1, "up"),
        (.postgres, refusal("28P01", "password authentication failed"), 1, "up"),
        (.postgres, refusal("3D000", "database \"postgres\" does not exist"), 1, "up"),
        (
            .postgres, refusal("57P03", "the database system is starting up"), 1,
            #"database: PostgreSQL does not accept clients: 57P03 "the database system is starting up""#
        ),
        (
            .postgres, refusal("53300", "sorry, too many clients already"), 1,
            #"database: PostgreSQL does not accept clients: 53300 "sorry, too many clients already""#
        ),
    ]

    private static func word(_ verdict: Verdict) -> String {
        verdict.reason.map { "\($0.code): \($0)" } ?? "up"
    }

    @Test("The verdict is there with the last byte and not before, however it comes", arguments: dialogues)
    func verdicts(database: Database, received: [UInt8], messages: Int, word: String) {
        var sent = 0
        for count in 0...received.count {
            let bytes = Array(received.prefix(count))
            while case .send(let message) = database.next(bytes, sent: sent) {
                #expect(!message.isEmpty)
                sent += 1
            }
            let step = database.next(bytes, sent: sent)
            #expect((step == .read) == (count < received.count), "\(count)")
        }
        #expect(sent == messages)
        #expect(Self.word(database.verdict(on: received)) == word)
        #expect(database.next(received, sent: sent) == .verdict(database.verdict(on: received)))
    }

    @Test("The first message is what the protocol says")
    func firstMessages() {
        let startup: [UInt8] = [0, 0, 0, 40, 0, 3, 0, 0] + Array("user\0healthz\0database\0postgres\0\0".utf8)
        #expect(Database.postgres.next([], sent: 0) == .send(startup))
        #expect(Database.mysql.next([], sent: 0) == .read)
        let login: [UInt8] = [63, 0, 0, 1, 1, 0x82, 8, 0, 0, 0, 0, 1, 33] + [UInt8](repeating: 0, count: 23)
        let words = Array("healthz\0\0mysql_native_password\0".utf8)
        #expect(Database.mysql.next(Self.greeting, sent: 0) == .send(login + words))
        #expect(login[0] == UInt8(login.count + words.count - 4))
    }

    static let aliens: [(Database, [UInt8])] = [
        (.mysql, Array("SSH-2.0-OpenSSH_9.2p1\r\n".utf8)), (.mysql, Array("220 mail ESMTP\r\n".utf8)),
        (.mysql, [0, 0, 0, 0]), (.mysql, [0xFF, 0xFF, 0xFF, 0]), (.mysql, [5, 0, 0, 7]), (.mysql, [1, 0, 0, 0, 9]),
        // A greeting that is cut short: nothing behind the version, or no end of it.
        (.mysql, packet(0, [10])), (.mysql, packet(0, [10, 0x38, 0])), (.mysql, packet(0, [10, 0x38, 0x38])),
        (.mysql, packet(0, [0xFF])), (.mysql, greeting + packet(2, [])), (.mysql, greeting + packet(2, [7])),
        (.postgres, Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)), (.postgres, greeting),
        (.postgres, [0x52, 0, 0, 0, 3]), (.postgres, [0x52, 0xFF, 0xFF, 0xFF, 0xFF]),
        (.postgres, message("E", [])), (.postgres, message("E", Array("MNo code\0\0".utf8))),
    ]

    @Test("What is of another protocol, or malformed, ends the dialogue", arguments: aliens)
    func otherProtocol(database: Database, received: [UInt8]) {
        guard case .verdict(let verdict) = database.next(received, sent: 1) else {
            Issue.record("no verdict")
            return
        }
        #expect(verdict.reason?.code == "protocol")
        #expect(database.verdict(on: received) == verdict)
    }

    @Test("A postmaster that cannot fork says so without a length")
    func oldError() {
        let received = Array("Ecould not fork new process for connection: Out of memory\n\0".utf8)
        #expect(
            Self.word(Database.postgres.verdict(on: received))
                == #"database: PostgreSQL does not accept clients: error "could not fork new process for connection: Out of memory""#
        )
    }

    @Test("Whatever bytes come, they are read without harm")
    func anyBytes() {
        var state: UInt64 = 12
        for round in 0..<20_000 {
            var bytes: [UInt8] = round.isMultiple(of: 2) ? Self.greeting : Self.refusal("53300", "sorry")
            bytes += Self.method
            for _ in 0..<4 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 24)
            }
            bytes.removeLast(Int(state >> 40) % bytes.count)
            for database in Database.allCases {
                for sent in 0...3 { _ = database.next(bytes, sent: sent) }
                _ = database.verdict(on: bytes)
            }
        }
    }
}
