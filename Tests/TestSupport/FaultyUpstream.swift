import Foundation

/// An HTTP upstream that misbehaves as it is told to: each connection runs the script in a thread of its own.
package final class FaultyUpstream: Sendable {
    package enum Step: Sendable {
        /// Waits for a whole request head.
        case readHead
        /// Waits for so many bytes of content.
        case readContent(Int)
        case send(String)
        case sendBytes([UInt8])
        /// Sends what stands for the target of the head that this connection has read last.
        case answer([String: String])
        /// One byte at a time, with a pause before each.
        case drip(String, every: Duration)
        case wait(Duration)
        /// Does nothing until the other side gives up.
        case freeze
        /// Sends this again and again until the other side gives up.
        case endless(String)
        /// Closes with a reset.
        case reset
        /// Closes in order.
        case close
        /// Waits until `release` is called.
        case hold
    }

    package let port: UInt16
    private let listener: LoopbackListener
    private let script: Guarded<[Step]>
    private let connections = Guarded(0)
    private let taken = Guarded(0)
    private let freezes = Guarded<[Bool]>([])
    private let isHeld = Guarded(true)
    private let read = Guarded<[String]>([])
    private let readContents = Guarded<[[UInt8]]>([])

    /// Serves on loopback until `stop`.
    /// - Parameter port: 0 for one that is free.
    package init(_ script: [Step], host: String = "127.0.0.1", port: UInt16 = 0) throws {
        self.script = Guarded(script)
        let family = host.contains(":") ? AF_INET6 : AF_INET
        listener = try LoopbackListener(RawAddress(host, port: port), family: family)
        self.port = try listener.port()
        listener.accept { [weak self] connection in
            guard let self else {
                Foundation.close(connection)
                return
            }
            // Else a second small piece would wait for the other side to acknowledge the first.
            var on: Int32 = 1
            setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            connections.withLock { $0 += 1 }
            Thread.detachNewThread { self.serve(connection) }
        }
    }

    deinit {
        stop()
    }

    package var url: String { "http://127.0.0.1:\(port)" }

    /// Connections so far.
    package var accepted: Int { connections.withLock { $0 } }

    /// Bytes that the other sides' systems have taken so far: what was read, and what waits in sockets.
    package var sent: Int { taken.withLock { $0 } }

    /// The request heads that scripts have read so far.
    package var heads: [String] { read.withLock { $0 } }

    /// The contents that scripts have read so far.
    package var contents: [[UInt8]] { readContents.withLock { $0 } }

    /// How connections that froze were ended by the other side: true for a reset.
    package var resets: [Bool] { freezes.withLock { $0 } }

    /// What later connections get.
    package func change(to script: [Step]) {
        self.script.withLock { $0 = script }
    }

    /// Lets every connection that is held go on.
    package func release() {
        isHeld.withLock { $0 = false }
    }

    package func stop() {
        listener.stop()
    }

    private func serve(_ connection: Int32) {
        var head = ""
        for step in script.withLock({ $0 }) {
            guard run(step, connection, &head) else { break }
        }
        Foundation.close(connection)
    }

    /// - Parameter head: what the connection has read last.
    /// - Returns: false where the connection is over.
    private func run(_ step: Step, _ connection: Int32, _ head: inout String) -> Bool {
        switch step {
        case .readHead:
            guard let text = readHead(connection) else { return false }
            head = text
            read.withLock { $0.append(text) }
            return true
        case .readContent(let count):
            guard let bytes = readBytes(connection, count) else { return false }
            readContents.withLock { $0.append(bytes) }
            return true
        case .send(let text): return put(text, connection)
        case .sendBytes(let bytes): return put(bytes, connection)
        case .answer(let texts):
            let target = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
            return put(texts[target] ?? "HTTP/1.1 500 no such target\r\nContent-Length: 0\r\n\r\n", connection)
        case .drip(let text, let pause):
            for byte in text.utf8 {
                pauseThread(pause)
                guard put(String(decoding: [byte], as: UTF8.self), connection) else { return false }
            }
            return true
        case .wait(let time):
            pauseThread(time)
            return true
        case .freeze:
            var count = readSome(connection)
            while count > 0 { count = readSome(connection) }
            freezes.withLock { [count] in $0.append(count < 0) }
            return false
        case .endless(let text):
            while put(text, connection) {}
            return false
        case .reset:
            var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
            setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
            return false
        case .close:
            return false
        case .hold:
            // A script's pause, bounded: no test waits for this without releasing it.
            let end = ContinuousClock.now + .seconds(30)
            while isHeld.withLock({ $0 }), ContinuousClock.now < end { pauseThread(.milliseconds(2)) }
            return true
        }
    }

    private func pauseThread(_ time: Duration) {
        let (seconds, attoseconds) = time.components
        var left = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&left, nil)
    }

    private func readHead(_ connection: Int32) -> String? {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while head.suffix(4) != [13, 10, 13, 10] {
            guard recv(connection, &byte, 1, 0) == 1 else { return nil }
            head.append(byte)
        }
        return String(decoding: head, as: UTF8.self)
    }

    private func readBytes(_ connection: Int32, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return recv(connection, &bytes, count, Int32(MSG_WAITALL)) == count ? bytes : nil
    }

    private func readSome(_ connection: Int32) -> Int {
        var buffer = [UInt8](repeating: 0, count: 4096)
        return recv(connection, &buffer, buffer.count, 0)
    }

    private func put(_ text: String, _ connection: Int32) -> Bool {
        put(Array(text.utf8), connection)
    }

    private func put(_ bytes: [UInt8], _ connection: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            taken.withLock { $0 += count }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// A port of loopback on which nothing listens. It is bound, and so kept from others, for as long as this lives.
package final class ClosedPort: Sendable {
    package let port: UInt16
    package let descriptor: Int32

    package init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try RawAddress("127.0.0.1").bind(descriptor)
        port = try RawAddress.port(of: descriptor)
    }

    deinit {
        close(descriptor)
    }

    package var url: String { "http://127.0.0.1:\(port)" }

    /// Opens it after all.
    package func listen(backlog: Int32) -> Bool { Foundation.listen(descriptor, backlog) == 0 }
}
