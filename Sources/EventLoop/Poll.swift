import CSystem
import Glibc

/// The descriptors of one actor on the loop, which watches those of all by one epoll(7) descriptor.
///
/// Events are hints: a descriptor's number may have been closed and given out again since the event was queued,
/// so whoever is told that a descriptor is ready must be content to find that it is not.
package final class Poll {
    /// What to watch for, and what was seen.
    package struct Events: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let readable = Events(rawValue: healthz_EPOLLIN)
        package static let writable = Events(rawValue: healthz_EPOLLOUT)
        /// The peer will send no more.
        package static let inputEnded = Events(rawValue: healthz_EPOLLRDHUP)
        /// Tell once for each change, not for as long as the condition holds.
        package static let edgeTriggered = Events(rawValue: healthz_EPOLLET)

        // In other rooms, set algebra costs several times as much as what is done with these.

        package init(reading: Bool, writing: Bool) {
            rawValue = (reading ? healthz_EPOLLIN : 0) | (writing ? healthz_EPOLLOUT : 0)
        }

        /// A read would find something, if only the end.
        package var hasInput: Bool { rawValue & (healthz_EPOLLIN | healthz_EPOLLRDHUP | healthz_EPOLLHUP) != 0 }
        /// The end of the input has come, and will be found by a read.
        package var hasEnd: Bool { rawValue & (healthz_EPOLLRDHUP | healthz_EPOLLHUP) != 0 }
        package var isWritable: Bool { rawValue & healthz_EPOLLOUT != 0 }
        package var hasFailed: Bool { rawValue & healthz_EPOLLERR != 0 }
    }

    /// One event: a descriptor of this poll, and what was seen of it.
    struct Seen {
        let descriptor: Int32
        let events: Events
    }

    /// What the loop knows of a poll. Touched on the loop alone, by its polls, which are its actors' own, and by itself. To
    /// prove that each time would cost as much as all else here: only builds for debugging do.
    final class Watches: @unchecked Sendable {
        let number: Int
        let ready: @Sendable () -> Void
        /// Since the last `drain`.
        var seen: [Seen] = []
        private let epoll: Int32

        init(_ number: Int, epoll: Int32, ready: @escaping @Sendable () -> Void) {
            self.number = number
            self.epoll = epoll
            self.ready = ready
        }

        /// epoll_ctl(2) for one descriptor.
        func control(_ operation: Int32, _ watched: Int32, _ interest: Events) throws(SystemError) {
            var event = epoll_event()
            event.events = interest.rawValue
            event.data.u64 = UInt64(number) << 32 | UInt64(UInt32(bitPattern: watched))
            guard epoll_ctl(epoll, operation, watched, &event) == 0 else { throw SystemError.last(in: "epoll_ctl") }
        }
    }

    private let loop: EventLoop
    private let watches: Watches
    /// What is being handed over, and room for what comes next.
    private var seen: [Seen] = []

    /// To be called on the loop.
    /// - Parameter ready: called on the loop when a watched descriptor is ready; it must call `drain`.
    package init(on loop: EventLoop, ready: @escaping @Sendable () -> Void) throws(SystemError) {
        self.loop = loop
        let attached = loop.assumeIsolated { loop in
            Result { () throws(SystemError) in try loop.attach(ready) }
        }
        watches = try attached.get()
    }

    deinit {
        loop.run { [loop, number = watches.number] in loop.assumeIsolated { $0.detach(number) } }
    }

    package func add(_ watched: Int32, _ interest: Events) throws(SystemError) {
        loop.assertCurrent()
        try watches.control(EPOLL_CTL_ADD, watched, interest)
    }

    package func change(_ watched: Int32, to interest: Events) throws(SystemError) {
        loop.assertCurrent()
        try watches.control(EPOLL_CTL_MOD, watched, interest)
    }

    /// Ends the watch on a descriptor that stays open; closing a descriptor ends it too.
    package func remove(_ watched: Int32) {
        loop.assertCurrent()
        // Fails only where the descriptor is closed or unknown: then nothing is watched, which is what was asked.
        try? watches.control(EPOLL_CTL_DEL, watched, [])
    }

    /// Hands over what was found ready.
    package func drain(_ body: (_ descriptor: Int32, _ seen: Events) -> Void) {
        loop.assertCurrent()
        seen.removeAll(keepingCapacity: true)
        swap(&seen, &watches.seen)
        for event in seen { body(event.descriptor, event.events) }
    }
}
