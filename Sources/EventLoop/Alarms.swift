import Time

/// The alarms of a loop. There are fewer than ten, so this is a plain list.
struct Alarms {
    private struct Alarm {
        let number: Int
        let fire: @Sendable () -> Void
        var due: Instant?
    }

    private var alarms: [Alarm] = []
    private var lastNumber = 0

    /// - Returns: the number of the alarm, which is not set yet.
    mutating func add(_ fire: @escaping @Sendable () -> Void) -> Int {
        lastNumber += 1
        alarms.append(Alarm(number: lastNumber, fire: fire))
        return lastNumber
    }

    mutating func remove(_ number: Int) {
        alarms.removeAll { $0.number == number }
    }

    /// Has no effect if the alarm is set to an earlier instant.
    mutating func set(_ number: Int, by instant: Instant) {
        guard let index = alarms.firstIndex(where: { $0.number == number }) else { return }
        if let due = alarms[index].due, due <= instant { return }
        alarms[index].due = instant
    }

    /// The earliest instant of all alarms.
    var next: Instant? {
        var next: Instant?
        for alarm in alarms {
            if let due = alarm.due, next.map({ due < $0 }) ?? true { next = due }
        }
        return next
    }

    /// Takes the due alarms in the order of their instants, and unsets them.
    mutating func takeDue(at now: Instant) -> [@Sendable () -> Void] {
        guard let next, next <= now else { return [] }
        var due: [(instant: Instant, fire: @Sendable () -> Void)] = []
        for index in alarms.indices {
            guard let instant = alarms[index].due, instant <= now else { continue }
            alarms[index].due = nil
            due.append((instant, alarms[index].fire))
        }
        return due.sorted { $0.instant < $1.instant }.map { $0.fire }
    }
}
