import CCurl
import EventLoop
import Glibc
import Time

/// One curl_multi(3) handle: its sockets in a `Poll`, its timer as a point in time that the owner waits for.
/// Not Sendable: the client owns it, and libcurl calls back only from within the client's own calls.
final class Multi {
    /// Connections that are kept for later requests: more than there are targets.
    private static let keptLimit = 65_536

    /// When libcurl wants its timer to be run; nil for never. Its callback must not run it at once
    /// (CURLMOPT_TIMERFUNCTION(3)).
    private(set) var due: Instant?

    /// For connections. libcurl closes the last of them with the handle.
    let closing = ClosingSockets()
    private let handle: UnsafeMutableRawPointer
    private let poll: Poll
    private var watched: Set<Int32> = []
    /// The flights of dialogues, by socket. libcurl does not watch these sockets.
    private var talks: [Int32: Int] = [:]
    private var readyTalks: [Int] = []

    /// - Parameter ready: called on the loop when `drain` has something to do.
    init(on loop: EventLoop, ready: @escaping @Sendable () -> Void) throws(CurlClient.SetupError) {
        do {
            poll = try Poll(on: loop, ready: ready)
        } catch {
            throw .system(error)
        }
        guard let handle = curl_multi_init() else { throw .curl }
        self.handle = handle
        let context = Unmanaged.passUnretained(self).toOpaque()
        let codes = [
            healthz_multi_set_socket_function(handle, Multi.socketChanged, context),
            healthz_multi_set_timer_function(handle, Multi.timerChanged, context),
            // The default is four for each running transfer, so libcurl would close nearly all when a check ends.
            healthz_multi_set_long(handle, CURLMOPT_MAXCONNECTS, Multi.keptLimit),
        ]
        guard codes.allSatisfy({ $0 == CURLM_OK }) else { throw .curl }
    }

    deinit {
        curl_multi_cleanup(handle)
    }

    func add(_ transfer: Transfer) -> Bool {
        curl_multi_add_handle(handle, transfer.pointer) == CURLM_OK
    }

    /// Ends a transfer, complete or not, and closes its connection.
    func remove(_ transfer: Transfer) {
        transfer.willBeRemoved()
        if let socket = transfer.talkSocket { talks[socket] = nil }
        curl_multi_remove_handle(handle, transfer.pointer)
    }

    /// Tells libcurl about every socket that is ready.
    func drain() {
        poll.drain { descriptor, seen in
            if let flight = talks[descriptor] { return readyTalks.append(flight) }
            // libcurl has stopped watching this socket; the descriptor may belong to another poll by now.
            guard watched.contains(descriptor) else { return }
            var mask: Int32 = 0
            if seen.hasInput { mask |= CURL_CSELECT_IN }
            if seen.isWritable { mask |= CURL_CSELECT_OUT }
            if seen.hasFailed { mask |= CURL_CSELECT_ERR }
            act(descriptor, mask)
        }
    }

    /// Watches the connection of a dialogue after it has been made.
    /// - Returns: whether it can be watched.
    func watchTalk(of transfer: Transfer) -> Bool {
        let socket = transfer.connectionIsReady()
        guard socket >= 0, (try? add(socket, .readable)) != nil else { return false }
        talks[socket] = transfer.flight
        return true
    }

    /// Returns the flights of dialogues with new input.
    func takeReadyTalks() -> [Int] {
        guard !readyTalks.isEmpty else { return [] }
        defer { readyTalks = [] }
        return readyTalks
    }

    /// Runs libcurl's timer if it is due.
    func runTimer(at now: Instant) {
        // A limited number of times: a timer that is always due would block the loop.
        for _ in 0..<8 {
            guard let due, due <= now else { return }
            self.due = nil
            act(CURL_SOCKET_TIMEOUT, 0)
        }
    }

    /// Returns an ended transfer and its result.
    func nextEnded() -> (transfer: Transfer, result: CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let transfer = Transfer.of(message.pointee.easy_handle) else {
                continue
            }
            return (transfer, healthz_message_result(message))
        }
        return nil
    }

    private func act(_ socket: Int32, _ mask: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(handle, socket, mask, &running)
    }

    /// - Parameter isKept: whether the connection may be kept after its transfer.
    private func watch(_ socket: Int32, for wanted: Int32, isKept: Bool) -> Bool {
        if wanted == CURL_POLL_REMOVE {
            // A kept socket stays open, so stop watching it. Other sockets are closed next, which also ends the
            // watch.
            if watched.remove(socket) != nil, isKept { poll.remove(socket) }
            return true
        }
        let interest = Poll.Events(reading: wanted & CURL_POLL_IN != 0, writing: wanted & CURL_POLL_OUT != 0)
        do {
            if watched.insert(socket).inserted {
                try add(socket, interest)
            } else {
                try poll.change(socket, to: interest)
            }
            return true
        } catch {
            watched.remove(socket)
            return false
        }
    }

    private func add(_ socket: Int32, _ interest: Poll.Events) throws(SystemError) {
        do {
            try poll.add(socket, interest)
        } catch {
            guard error.code == EEXIST else { throw error }
            try poll.change(socket, to: interest)
        }
    }

    private static let socketChanged: curl_socket_callback = { easy, socket, wanted, context, _ in
        guard let context else { return -1 }
        let transfer = Transfer.of(easy)
        if wanted == CURL_POLL_IN || wanted == CURL_POLL_INOUT { transfer?.waitsForInput(on: socket) }
        return Unmanaged<Multi>.fromOpaque(context).takeUnretainedValue()
            .watch(socket, for: wanted, isKept: transfer?.errand.keepsConnection ?? true) ? 0 : -1
    }

    private static let timerChanged: curl_multi_timer_callback = { _, milliseconds, context in
        guard let context else { return -1 }
        let multi = Unmanaged<Multi>.fromOpaque(context).takeUnretainedValue()
        // A timer that is due at once must be due before the caller's present time.
        multi.due = milliseconds < 0 ? nil : milliseconds == 0 ? .now - .seconds(1) : .now + .milliseconds(milliseconds)
        return 0
    }
}
