import Allocations
import Dispatch
import EventLoop
import Glibc
import Synchronization

/// Nanoseconds and allocations of one call of each room's hot function: as a markdown table, and as JSON in the file that
/// is named, if one is.
@main
struct HotPaths {
    private struct Row {
        let name: String
        let nanoseconds: Double
        let allocations: Double
        let bytes: Double
        /// Of what is read, in bytes; nil where that does not matter.
        let size: Int?

        var throughput: String {
            size.map { HotPaths.tenths(Double($0) * 1e9 / nanoseconds / 1_048_576) } ?? ""
        }
    }

    static func main() throws {
        checkCounter()
        let loop = EventLoop()
        let finished = DispatchSemaphore(value: 0)
        let result = Mutex<Result<Void, any Error>>(.success(()))
        // On the loop, where all of this runs in healthz.
        loop.run {
            result.withLock { $0 = Result { try measureAll(on: loop) } }
            finished.signal()
        }
        finished.wait()
        try result.withLock { try $0.get() }
    }

    private static func measureAll(on loop: EventLoop) throws {
        let rows =
            (try wirePaths() + healthPaths(on: loop) + reportPaths()).map { measure($0.name, $0.body) }
            + (try bodyPaths()).map { measure($0.path.name, $0.path.body, size: $0.size) }
        print("| one call of | ns | MiB/s | allocations | bytes allocated |\n| --- | --- | --- | --- | --- |")
        for row in rows {
            let figures = [tenths(row.nanoseconds), row.throughput, tenths(row.allocations), tenths(row.bytes)]
            print("| \(row.name) | \(figures.joined(separator: " | ")) |")
        }
        if let path = CommandLine.arguments.dropFirst().first { try write(rows, to: path) }
    }

    /// A counter that does not count would make everything look free.
    private static func checkCounter() {
        let before = allocations_made()
        let pieces = (0..<100).map { [UInt8](repeating: UInt8($0), count: 1000) }
        precondition(pieces.count == 100 && allocations_made() >= before + 100, "allocations are not counted")
    }

    private static func measure(_ name: String, _ body: () -> Int, size: Int? = nil) -> Row {
        // What is made once, such as caches, is made now; what comes back is kept, so that nothing can be left out.
        let clock = ContinuousClock()
        var kept = body()
        // A round takes some milliseconds.
        let calls = max(1, min(2000, Int(.milliseconds(20) / clock.measure { kept &+= body() })))
        for _ in 0..<calls / 2 { kept &+= body() }
        var rounds: [Double] = []
        rounds.reserveCapacity(21)
        let (before, bytesBefore) = (allocations_made(), allocated_bytes())
        for _ in 0..<21 {
            let time = clock.measure { for _ in 0..<calls { kept &+= body() } }
            rounds.append(Double(time.components.attoseconds) / 1e9 / Double(calls))
        }
        let total = Double(21 * calls)
        let (made, bytes) = (allocations_made() - before, allocated_bytes() - bytesBefore)
        precondition(kept != 0, "\(name) does nothing")
        return Row(
            name: name, nanoseconds: rounds.sorted()[rounds.count / 2], allocations: Double(made) / total,
            bytes: Double(bytes) / total, size: size)
    }

    fileprivate static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func write(_ rows: [Row], to path: String) throws {
        let members = rows.map {
            #"{"call": "\#($0.name)", "ns": \#($0.nanoseconds), "allocations": \#($0.allocations), "bytes": \#($0.bytes)}"#
        }
        guard let file = fopen(path, "w") else { fatalError("cannot write \(path)") }
        defer { fclose(file) }
        fputs("[\n\(members.joined(separator: ",\n"))\n]\n", file)
    }
}
