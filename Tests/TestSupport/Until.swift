import Foundation

/// What has not come about in time.
package struct TimedOut: Error, CustomStringConvertible {
    private let what: String

    init(_ what: String) {
        self.what = what
    }

    package var description: String { "timed out: \(what)" }
}

/// Only a fault lets so much time pass, and no machine that is merely slow.
private let patience: Duration = .seconds(60)
private let pause = 0.002

/// Looks again and again until it is so: for what tells nobody that it has come about.
package func until(_ what: @autoclosure () -> String, _ condition: () throws -> Bool) throws {
    _ = try eventually(what()) { try condition() ? true : nil }
}

/// The same for an asynchronous test, which must not hold up a thread that others share.
package func waitUntil(_ what: @autoclosure () -> String, _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + patience
    while !(try await condition()) {
        guard ContinuousClock.now < end else { throw TimedOut(what()) }
        try await Task.sleep(for: .seconds(pause))
    }
}

/// Looks again and again until there is something.
package func eventually<Found>(_ what: @autoclosure () -> String, _ look: () throws -> Found?) throws -> Found {
    let end = ContinuousClock.now + patience
    while true {
        if let found = try look() { return found }
        guard ContinuousClock.now < end else { throw TimedOut(what()) }
        Thread.sleep(forTimeInterval: pause)
    }
}
