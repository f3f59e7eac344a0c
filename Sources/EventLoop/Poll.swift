import CSystem
import Dispatch
import Glibc

/// One epoll(7) descriptor for all the descriptors of one actor on the loop, which watches it.
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
        /// Tell once for each change, not for as long as the condition holds.
        package static let edgeTriggered = Events(rawValue: healthz_EPOLLET)
    }

    private static let batch = 256
    /// Rounds of `drain` before the loop's timers and signals get their turn.
    private static let rounds = 16

    private let descriptor: Int32
    private let loop: EventLoop
    private let events: UnsafeMutableBufferPointer<epoll_event>

    /// To be called on the loop.
    /// - Parameter ready: called on the loop when a watched descriptor is ready; it should call `drain`.
    package init(on loop: EventLoop, ready: @escaping @Sendable () -> Void) throws(SystemError) {
        let descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError.last(in: "epoll_create1") }
        self.descriptor = descriptor
        self.loop = loop
        events = .allocate(capacity: Poll.batch)
        let attached = loop.assumeIsolated { loop in
            Result { () throws(SystemError) in try loop.attach(descriptor, ready: ready) }
        }
        // Thrown from here on, `deinit` closes the descriptor.
        try attached.get()
    }

    deinit {
        events.deallocate()
        loop.run { [loop, descriptor] in loop.assumeIsolated { $0.detach(descriptor) } }
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
        _ = epoll_ctl(descriptor, EPOLL_CTL_DEL, watched, nil)
    }

    /// Hands over what is ready now, without waiting, until nothing is or others deserve a turn.
    package func drain(_ body: (_ descriptor: Int32, _ seen: Events) -> Void) {
        for _ in 0..<Poll.rounds {
            let count = Int(epoll_wait(descriptor, events.baseAddress, Int32(Poll.batch), 0))
            guard count > 0 else { return }
            for event in events[..<count] {
                body(event.data.fd, Events(rawValue: event.events))
            }
            if count < Poll.batch / 2 { return }
        }
    }

    private func control(_ operation: Int32, _ watched: Int32, _ interest: Events) throws(SystemError) {
        var event = epoll_event()
        event.events = interest.rawValue
        event.data.fd = watched
        guard epoll_ctl(descriptor, operation, watched, &event) == 0 else { throw SystemError.last(in: "epoll_ctl") }
    }
}
