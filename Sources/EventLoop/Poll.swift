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
        /// Both directions are closed. Always watched for.
        package static let hangup = Events(rawValue: healthz_EPOLLHUP)
        /// Always watched for.
        package static let failed = Events(rawValue: healthz_EPOLLERR)
        /// A read would find something, if only the end.
        package static let anyInput = Events(rawValue: healthz_EPOLLIN | healthz_EPOLLRDHUP | healthz_EPOLLHUP)
        /// The end of the input has come, and will be found by a read.
        package static let anyEnd = Events(rawValue: healthz_EPOLLRDHUP | healthz_EPOLLHUP)
        /// Tell once for each change, not for as long as the condition holds.
        package static let edgeTriggered = Events(rawValue: healthz_EPOLLET)
    }

    private let loop: EventLoop
    private let number: Int
    /// Shared with the loop by turns: what was seen, and room for what comes next.
    private var seen: [Seen] = []

    /// One event: a descriptor of this poll, and what was seen of it.
    struct Seen: Sendable {
        let descriptor: Int32
        let events: Events
    }

    /// To be called on the loop.
    /// - Parameter ready: called on the loop when a watched descriptor is ready; it must call `drain`.
    package init(on loop: EventLoop, ready: @escaping @Sendable () -> Void) throws(SystemError) {
        self.loop = loop
        let attached = loop.assumeIsolated { loop in
            Result { () throws(SystemError) in try loop.attach(ready) }
        }
        number = try attached.get()
    }

    deinit {
        loop.run { [loop, number] in loop.assumeIsolated { $0.detach(number) } }
    }

    package func add(_ watched: Int32, _ interest: Events) throws(SystemError) {
        try control(EPOLL_CTL_ADD, watched, interest)
    }

    package func change(_ watched: Int32, to interest: Events) throws(SystemError) {
        try control(EPOLL_CTL_MOD, watched, interest)
    }

    /// Ends the watch on a descriptor that stays open; closing a descriptor ends it too.
    package func remove(_ watched: Int32) {
        // Fails only where the descriptor is closed or unknown: then nothing is watched, which is what was asked.
        try? control(EPOLL_CTL_DEL, watched, [])
    }

    /// Hands over what was found ready.
    package func drain(_ body: (_ descriptor: Int32, _ seen: Events) -> Void) {
        seen.removeAll(keepingCapacity: true)
        seen = loop.assumeIsolated { [seen, number] in $0.exchange(seen, number) }
        for event in seen { body(event.descriptor, event.events) }
    }

    private func control(_ operation: Int32, _ watched: Int32, _ interest: Events) throws(SystemError) {
        let done = loop.assumeIsolated { [number] loop in
            Result { () throws(SystemError) in try loop.control(operation, watched, interest, number) }
        }
        try done.get()
    }
}
