import Health
import Testing
import Time

@Suite("Probe URLs")
struct ProbeURLTests {
    @Test(
        "A path is joined to a base without doubling or dropping a slash",
        arguments: [
            ("/", "/api/health", "/api/health"),
            ("/grafana", "/api/health", "/grafana/api/health"),
            ("/grafana/", "/api/health", "/grafana/api/health"),
            ("/grafana//", "/api/health", "/grafana/api/health"),
            ("/", "/", "/"),
            ("/loki", "/", "/loki/"),
            ("/loki/", "/", "/loki/"),
        ])
    func joined(base: String, path: String, expected: String) {
        let url = ProbeURL(scheme: .http, host: "h", target: base)
        #expect(url.appending(path: path).target == expected)
    }

    @Test("A URL is shown without its credentials, and its default port")
    func shown() {
        let secret = ProbeURL.Credentials(user: "probe", password: "geheim")
        let url = ProbeURL(scheme: .https, host: "db.internal", target: "/-/healthy", credentials: secret)
        #expect("\(url)" == "https://db.internal/-/healthy")
        #expect(!"\(url)".contains("geheim") && !"\(url)".contains("probe"))
        #expect(url.place == "db.internal:443")
        #expect("\(ProbeURL(scheme: .http, host: "::1", port: 3100, target: "/"))" == "http://[::1]:3100/")
        #expect(ProbeURL(scheme: .http, host: "::1", port: 3100, target: "/").place == "[::1]:3100")
        let socket = ProbeURL(scheme: .http, host: "localhost", target: "/livez", socketPath: "/run/h.sock")
        #expect("\(socket)" == "unix:/run/h.sock:/livez")
        #expect(socket.place == "unix:/run/h.sock")
    }
}

@Suite("Lengths of time for people")
struct DurationTests {
    @Test(
        "Two figures are enough",
        arguments: [
            (Duration.microseconds(40), "0 ms"), (.microseconds(400), "0.4 ms"), (.microseconds(3149), "3.1 ms"),
            (.milliseconds(12), "12 ms"), (.milliseconds(999), "999 ms"), (.milliseconds(1500), "1.5 s"),
            (.seconds(2), "2 s"), (.seconds(59), "59 s"), (.seconds(60), "1 min"), (.seconds(3599), "59 min"),
            (.seconds(3600), "1 h"), (.microseconds(9960), "10 ms"), (.microseconds(999_600), "1 s"),
            (.milliseconds(59_960), "1 min"), (.milliseconds(59_900), "59.9 s"), (.seconds(172_799), "47 h"),
            (.seconds(172_800), "2 d"),
        ])
    func brief(duration: Duration, text: String) {
        #expect(duration.brief == text)
    }

    @Test("Milliseconds keep their fraction")
    func milliseconds() {
        #expect(Duration.microseconds(12_400).milliseconds == 12.4)
        #expect(Duration.seconds(2).milliseconds == 2000)
    }
}
