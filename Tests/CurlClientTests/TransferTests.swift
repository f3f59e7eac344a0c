import CCurl
import Glibc
import HTTPClient
import TestSupport
import Testing

@testable import CurlClient

/// A transfer that is used again for the next request.
@Suite("Transfers")
struct TransferTests {
    @Test("errno is that of the transfer itself: without a socket there is none", arguments: [true, false])
    func systemError(keeps: Bool) throws {
        let owner = Transfer.Owner(
            kept: KeptConnections(lifetime: .seconds(60)), heads: ReadHeads(), closing: ClosingSockets())
        let closed = try ClosedPort()
        let request = Request(.local(closed.port), reusesConnection: keeps)
        let transfer = try Transfer(.request(request), userAgent: "healthz/test", owner)
        for _ in 0..<2 {
            try transfer.prepare(limit: .seconds(20), addresses: [])
            #expect(transfer.systemError == 0)
            #expect(curl_easy_perform(transfer.pointer) == CURLE_COULDNT_CONNECT)
            #expect(transfer.systemError == ECONNREFUSED)
        }
    }
}
