import Health
import Judging

private let expectations: [BodyExpectation] = {
    let pointers = ["", "/database", "/State/Status", "/0/1", "/a~1b/m~0n", "//"].compactMap(JSONPointer.init)
    return pointers.map { BodyExpectation(members: [.init(pointer: $0, value: .string("ok"))]) }
        + [BodyExpectation(contained: ["ready"]), BodyExpectation(patterns: ["^\"[^\"]+\""])]
}()

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
    return 0
}
