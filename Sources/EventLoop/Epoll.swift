import CSystem
import Glibc
import Time

/// The loop's descriptors: epoll(7), and the bell, an eventfd(2) that wakes the loop.
struct Epoll: Sendable {
    /// The bell's number. No poll has it.
    static let bellNumber = Int(UInt32.max)

    let descriptor: Int32
    let bell: Int32

    init() throws(SystemError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError.last(in: "epoll_create1") }
        bell = healthz_eventfd()
        do throws(SystemError) {
            guard bell >= 0 else { throw SystemError.last(in: "eventfd") }
            // Edge-triggered, so it need not be read.
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

    /// Calls epoll_ctl(2) for a poll.
    func control(_ operation: Int32, _ watched: Int32, _ interest: Poll.Events, for poll: Int) throws(SystemError) {
        var event = epoll_event()
        event.events = interest.rawValue
        event.data.u64 = UInt64(poll) << 32 | UInt64(UInt32(bitPattern: watched))
        guard epoll_ctl(descriptor, operation, watched, &event) == 0 else { throw SystemError.last(in: "epoll_ctl") }
    }

    /// Fails only if the descriptor is closed or unknown: then it is not watched anyway.
    func remove(_ watched: Int32) {
        epoll_ctl(descriptor, EPOLL_CTL_DEL, watched, nil)
    }

    /// The poll and descriptor that `control` has stored in an event.
    static func origin(of event: epoll_event) -> (poll: Int, descriptor: Int32) {
        (Int(event.data.u64 >> 32), Int32(bitPattern: UInt32(truncatingIfNeeded: event.data.u64)))
    }

    /// - Parameter limit: -1 for no limit.
    /// - Returns: the number of events; 0 if a signal has interrupted the call.
    func wait(_ events: inout [epoll_event], milliseconds limit: Int32) -> Int {
        max(0, Int(epoll_wait(descriptor, &events, Int32(events.count), limit)))
    }

    /// Rounded up: an alarm must not fire early.
    static func milliseconds(from now: Instant, to instant: Instant) -> Int32 {
        let nanoseconds = max(.zero, instant - now).wholeNanoseconds
        return Int32(clamping: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0))
    }

    /// Wakes the loop, or ends its next wait at once. Safe in a signal handler, except for errno(3).
    static func ring(_ bell: Int32) {
        var one: UInt64 = 1
        write(bell, &one, 8)
    }
}
