import CSystem
import Glibc

/// The watched descriptors of one actor. All polls of a loop share one epoll(7) descriptor.
///
/// Events are hints: the descriptor may have been closed and its number reused after the event was queued. A handler
/// must accept that a descriptor is not ready after all.
package final class Poll {
    /// The loop's part of a poll.
    final class Registration {
        let ready: @Sendable () -> Void
        /// Events since the last `drain`.
        var seen: [Seen] = []

        init(_ ready: @escaping @Sendable () -> Void) {
            self.ready = ready
        }
    }

    private let loop: EventLoop
    private let epoll: Epoll
    private let number: Int
    /// An empty array with its memory, for the next `drain`.
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

    /// Stops watching a descriptor that stays open. Closing a descriptor does the same.
    package func remove(_ watched: Int32) {
        epoll.remove(watched)
    }

    /// Passes each event to `body`, and removes it.
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
