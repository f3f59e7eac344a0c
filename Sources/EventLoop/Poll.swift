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

    /// What the loop knows of a poll.
    final class Registration {
        let ready: @Sendable () -> Void
        /// Since the last `drain`.
        var seen: [Seen] = []

        init(_ ready: @escaping @Sendable () -> Void) {
            self.ready = ready
        }
    }

    private let loop: EventLoop
    private let epoll: Epoll
    private let number: Int
    /// Room for what is handed over.
    private var room: [Seen] = []

    /// To be called on the loop.
    /// - Parameter ready: called on the loop when a watched descriptor is ready; it must call `drain`.
    package init(on loop: EventLoop, ready: @escaping @Sendable () -> Void) throws(SystemError) {
        self.loop = loop
        epoll = try loop.core.epoll.get()
        number = loop.core.assumeIsolated { core in
            core.polls.append(Registration(ready))
            return core.polls.count - 1
        }
    }

    deinit {
        loop.run { [loop, number] in loop.core.assumeIsolated { $0.polls[number] = nil } }
    }

    package func add(_ watched: Int32, _ interest: Events) throws(SystemError) {
        try epoll.control(EPOLL_CTL_ADD, watched, interest, for: number)
    }

    package func change(_ watched: Int32, to interest: Events) throws(SystemError) {
        try epoll.control(EPOLL_CTL_MOD, watched, interest, for: number)
    }

    /// Ends the watch on a descriptor that stays open; closing a descriptor ends it too.
    package func remove(_ watched: Int32) {
        epoll.remove(watched)
    }

    /// Hands over what was found ready.
    package func drain(_ body: (_ descriptor: Int32, _ seen: Events) -> Void) {
        var seen: [Seen] = []
        swap(&seen, &room)
        loop.core.assumeIsolated { [number] core in
            if let poll = core.polls[number] { swap(&poll.seen, &seen) }
        }
        for event in seen { body(event.descriptor, event.events) }
        seen.removeAll(keepingCapacity: true)
        room = seen
    }
}
