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

    /// - Returns: its number. It is not set yet.
    mutating func add(_ fire: @escaping @Sendable () -> Void) -> Int {
        lastNumber += 1
        alarms.append(Alarm(number: lastNumber, fire: fire))
        return lastNumber
    }

    mutating func remove(_ number: Int) {
        alarms.removeAll { $0.number == number }
    }

    /// Does nothing where it is set to an earlier instant.
    mutating func set(_ number: Int, by instant: Instant) {
        guard let index = alarms.firstIndex(where: { $0.number == number }) else { return }
        if let due = alarms[index].due, due <= instant { return }
        alarms[index].due = instant
    }

    /// When the first is due.
    var next: Instant? {
        var next: Instant?
        for alarm in alarms {
            if let due = alarm.due, next.map({ due < $0 }) ?? true { next = due }
        }
        return next
    }

    /// Those that are due, in the order of their instants. None of them is set any more.
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
