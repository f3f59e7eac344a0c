import CurlClient
import EventLoop
import Probing

extension TargetProber {
    /// One that is ready, with an HTTP client of its own.
    static func started(on loop: EventLoop) async throws -> TargetProber {
        let client = CurlClient(on: loop, userAgent: "healthz/test")
        try await client.start()
        return TargetProber(on: loop, client: client)
    }
}
