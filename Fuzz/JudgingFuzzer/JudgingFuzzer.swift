import HTTPClient
import Health
import Judging

private let expectations: [BodyExpectation] = {
    let pointers = ["", "/database", "/State/Status", "/0/1", "/a~1b/m~0n", "//"].compactMap(JSONPointer.init)
    return pointers.map { BodyExpectation(members: [.init(pointer: $0, value: .string("ok"))]) }
        + [BodyExpectation(contained: ["ready"]), BodyExpectation(patterns: ["^\"[^\"]+\""]), metrics]
}()

private let metrics = BodyExpectation(metrics: [
    MetricExpectation(MetricSelector(name: "up"), [.equals(.number(1))]),
    MetricExpectation(MetricSelector(name: "up_total", labels: [.init(name: "a", value: "b")]), [.below(1)]),
    MetricExpectation(MetricSelector(name: "u"), [.exists(false), .increase([.atMost(0)])]),
])

/// Judges the input as a body: it may be anything, and the answer is a mismatch or none, the same each time.
@_cdecl("LLVMFuzzerTestOneInput")
package func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let body = Array(UnsafeBufferPointer(start: start, count: count))
    for expectation in expectations {
        guard let judge = try? BodyJudge(expectation) else { preconditionFailure() }
        let mismatch = judge.mismatch(in: body)
        precondition(judge.mismatch(in: body) == mismatch)
        precondition(mismatch.map { $0.description.unicodeScalars.count < 1000 } ?? true)
    }
    testCuts(of: body)
    return 0
}

/// The lines that are kept of a body are the same however it is cut, and are judged as the whole body is.
private func testCuts(of body: [UInt8]) {
    let starts = metrics.metrics.map(\.selector.name)
    let whole = lines(starts, [body[...]])
    // The cuts are in the input itself, so that the fuzzer finds those that matter.
    var pieces: [ArraySlice<UInt8>] = []
    var rest = body[...]
    while let first = rest.first {
        pieces.append(rest.prefix(Int(first % 7) + 1))
        rest = rest.dropFirst(Int(first % 7) + 1)
    }
    precondition(lines(starts, pieces) == whole)
    guard !whole.isEmpty, let judge = try? BodyJudge(metrics) else { return }
    precondition(judge.mismatch(in: whole) == judge.mismatch(in: body))
}

private func lines(_ starts: [String], _ pieces: [ArraySlice<UInt8>]) -> [UInt8] {
    var filter = LineFilter(starts)
    for piece in pieces { piece.withUnsafeBytes { filter.receive($0) } }
    return filter.lines
}
