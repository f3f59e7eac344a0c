import CSystem

extension Poll {
    /// The events to watch for, or the events of a descriptor.
    package struct Events: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let readable = Events(rawValue: healthz_EPOLLIN)
        package static let writable = Events(rawValue: healthz_EPOLLOUT)
        /// The peer will send no more.
        package static let inputEnded = Events(rawValue: healthz_EPOLLRDHUP)
        /// Report each change once, not as long as the condition holds.
        package static let edgeTriggered = Events(rawValue: healthz_EPOLLET)

        // Methods instead of set algebra, which is not specialised in other rooms and costs several times as much.

        package init(reading: Bool, writing: Bool) {
            rawValue = (reading ? healthz_EPOLLIN : 0) | (writing ? healthz_EPOLLOUT : 0)
        }

        /// A read would return data or the end.
        package var hasInput: Bool { rawValue & (healthz_EPOLLIN | healthz_EPOLLRDHUP | healthz_EPOLLHUP) != 0 }
        /// The input has ended; a read will return the end.
        package var hasEnd: Bool { rawValue & (healthz_EPOLLRDHUP | healthz_EPOLLHUP) != 0 }
        package var isWritable: Bool { rawValue & healthz_EPOLLOUT != 0 }
        package var hasFailed: Bool { rawValue & healthz_EPOLLERR != 0 }
    }

    /// An event of a descriptor of a poll.
    struct Seen {
        let descriptor: Int32
        let events: Events
    }
}
