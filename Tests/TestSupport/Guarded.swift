import Foundation

/// A value of several threads, of which one at a time has it.
///
/// As `Synchronization.Mutex`, by a lock that the thread sanitizer sees: Mutex waits in the standard library, which is not
/// built with it.
package final class Guarded<Value>: @unchecked Sendable {
    private var value: Value
    private let lock = NSLock()

    package init(_ value: Value) {
        self.value = value
    }

    package func withLock<Result, Failure>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure) -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}
