import Health

/// Reads the input as a set of statuses and as a JSON Pointer: what is accepted must read the same when written again.
@_cdecl("LLVMFuzzerTestOneInput")
package func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    if let statuses = StatusSet(text) {
        let again = StatusSet(statuses.description)
        for status in 0...700 {
            precondition(again?.contains(status) == statuses.contains(status))
            precondition(!statuses.contains(status) || StatusSet.valid.contains(status))
        }
    }
    if let pointer = JSONPointer(text), !pointer.tokens.isEmpty {
        precondition(JSONPointer(pointer.description) == pointer)
    }
    return 0
}
