/// One service to be probed.
package struct Target: Sendable, Hashable {
    /// As it stands in URLs and answers, such as `loki`.
    package let name: String
    package let url: ProbeURL
    package let expectation: Expectation
    /// From the start of the probe, name resolution included, to the end of the response.
    package let timeout: Duration

    package init(name: String, url: ProbeURL, expectation: Expectation, timeout: Duration) {
        self.name = name
        self.url = url
        self.expectation = expectation
        self.timeout = timeout
    }
}

/// Makes one probe. The one implementation that does so in earnest is `Probing.CurlProber`.
package protocol Prober: Sendable {
    /// Probes `url` once and returns when `limit` has passed at the latest: whoever calls this waits for it.
    func probe(_ url: ProbeURL, within limit: Duration) async -> Outcome
}
