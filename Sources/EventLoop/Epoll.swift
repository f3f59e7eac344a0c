import CSystem
import Glibc

/// The loop's own descriptors: that of epoll(7), and the bell, an eventfd(2) that wakes the loop.
struct Epoll: Sendable {
    /// The bell's number among the polls, which no poll has.
    static let bellNumber = Int(UInt32.max)

    let descriptor: Int32
    let bell: Int32

    init() throws(SystemError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError.last(in: "epoll_create1") }
        bell = healthz_eventfd()
        do throws(SystemError) {
            guard bell >= 0 else { throw SystemError.last(in: "eventfd") }
            // Edge-triggered, so that nobody has to read it.
            try control(EPOLL_CTL_ADD, bell, [.readable, .edgeTriggered], for: Epoll.bellNumber)
        } catch {
            close()
            throw error
        }
    }

    func close() {
        _ = Glibc.close(descriptor)
        if bell >= 0 { _ = Glibc.close(bell) }
    }

    /// epoll_ctl(2), for a poll.
    func control(_ operation: Int32, _ watched: Int32, _ interest: Poll.Events, for poll: Int) throws(SystemError) {
        var event = epoll_event()
        event.events = interest.rawValue
        event.data.u64 = UInt64(poll) << 32 | UInt64(UInt32(bitPattern: watched))
        guard epoll_ctl(descriptor, operation, watched, &event) == 0 else { throw SystemError.last(in: "epoll_ctl") }
    }

    /// Fails only where the descriptor is closed or unknown: then nothing is watched, which is what was asked.
    func remove(_ watched: Int32) {
        epoll_ctl(descriptor, EPOLL_CTL_DEL, watched, nil)
    }

    /// What `control` was called with for a descriptor that has an event.
    static func origin(of event: epoll_event) -> (poll: Int, descriptor: Int32) {
        (Int(event.data.u64 >> 32), Int32(bitPattern: UInt32(truncatingIfNeeded: event.data.u64)))
    }

    /// - Parameter limit: -1 for ever.
    /// - Returns: how many events have come; none where a signal has come first.
    func wait(_ events: inout [epoll_event], milliseconds limit: Int32) -> Int {
        max(0, Int(epoll_wait(descriptor, &events, Int32(events.count), limit)))
    }

    /// Wakes the loop, or keeps it from its next sleep. Safe in a signal's handler, but for errno(3).
    static func ring(_ bell: Int32) {
        var one: UInt64 = 1
        write(bell, &one, 8)
    }
}
