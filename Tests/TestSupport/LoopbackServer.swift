import Foundation

/// An HTTP server on loopback whose answers a test computes, request by request. Each connection has a thread of its own.
package final class LoopbackServer: Sendable {
    package struct Request: Sendable {
        package let method: String
        package let target: String
        package let fields: [(name: String, value: String)]
        package let body: [UInt8]

        /// The value of the first field of that name.
        package func value(_ name: String) -> String? {
            fields.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        /// How many fields of that name there are.
        package func count(_ name: String) -> Int {
            fields.count { $0.name.lowercased() == name.lowercased() }
        }

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    package struct Answer: Sendable {
        fileprivate enum Kind {
            case response(String)
            case silence
            case end
        }

        fileprivate let kind: Kind

        package static func response(
            _ status: Int, _ body: String = "", type: String = "application/json", fields: [String] = []
        ) -> Answer {
            let head =
                ["HTTP/1.1 \(status) Any", "Content-Type: \(type)", "Content-Length: \(body.utf8.count)"] + fields
            return Answer(kind: .response(head.joined(separator: "\r\n") + "\r\n\r\n" + body))
        }

        /// None, until the other side gives up.
        package static let silence = Answer(kind: .silence)
        /// The connection is closed.
        package static let end = Answer(kind: .end)
    }

    package let port: UInt16
    private let listener: LoopbackListener
    private let answer: @Sendable (Request) -> Answer

    /// - Parameter path: of a UNIX domain socket, to listen there instead.
    package init(path: String? = nil, answer: @escaping @Sendable (Request) -> Answer) throws {
        self.answer = answer
        let address = path.map { RawAddress(path: $0) } ?? RawAddress("127.0.0.1")
        listener = try LoopbackListener(address, family: path == nil ? AF_INET : AF_UNIX)
        port = path == nil ? try listener.port() : 0
        listener.accept { [weak self] connection in
            guard let self else {
                Foundation.close(connection)
                return
            }
            Thread.detachNewThread { self.serve(connection) }
        }
    }

    deinit {
        stop()
    }

    package var url: String { "http://127.0.0.1:\(port)" }

    package func stop() {
        listener.stop()
    }

    private func serve(_ connection: Int32) {
        var unread: [UInt8] = []
        while let request = next(&unread, connection) {
            switch answer(request).kind {
            case .response(let text):
                guard put(text, connection) else { return close(connection) }
            case .silence: while read(connection) != nil {}
            case .end: return close(connection)
            }
        }
        close(connection)
    }

    private func close(_ connection: Int32) {
        Foundation.close(connection)
    }

    /// - Parameter unread: what has come beyond the last request.
    private func next(_ unread: inout [UInt8], _ connection: Int32) -> Request? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = unread.firstRange(of: end) {
                let lines = String(decoding: unread[..<range.lowerBound], as: UTF8.self)
                    .components(separatedBy: "\r\n")
                let fields = lines.dropFirst().map { line in
                    let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                    return (name: String(parts[0]), value: parts.last?.trimmingCharacters(in: .whitespaces) ?? "")
                }
                let length = fields.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
                if unread.count >= range.upperBound + length {
                    let body = Array(unread[range.upperBound..<range.upperBound + length])
                    unread.removeFirst(range.upperBound + length)
                    let words = lines[0].split(separator: " ").map(String.init)
                    guard words.count == 3 else { return nil }
                    return Request(method: words[0], target: words[1], fields: fields, body: body)
                }
            }
            guard let some = read(connection) else { return nil }
            unread += some
        }
    }

    private func read(_ connection: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(connection, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    private func put(_ text: String, _ connection: Int32) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
