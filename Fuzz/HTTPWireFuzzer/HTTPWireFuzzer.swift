import HTTPWire

/// The first byte says what the rest of the input is for: a head alone, a connection's input, or all that can happen to a
/// connection; and, by its highest bit, whether the connection may begin with a header of the PROXY protocol.
@_cdecl("LLVMFuzzerTestOneInput")
package func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    let acceptsProxyHeader = start[0] >= 128
    switch start[0] % 4 {
    case 0: ParserRun.check(bytes, piece: Int(start[0] / 4) % 7 + 1)
    case 1: EventRun.check(bytes, acceptsProxyHeader: acceptsProxyHeader)
    default:
        let whole = InputRun(bytes, piece: bytes.count, acceptsProxyHeader: acceptsProxyHeader)
        let pieces = InputRun(bytes, piece: Int(start[0] / 4) % 7 + 1, acceptsProxyHeader: acceptsProxyHeader)
        precondition(whole.told == pieces.told)
    }
    return 0
}
