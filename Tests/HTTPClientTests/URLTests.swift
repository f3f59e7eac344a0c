import HTTPClient
import Testing

@Suite("URLs")
struct URLTests {
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
        let url = URL(scheme: .http, host: "h", target: base)
        #expect(url.appending(path: path).target == expected)
    }

    @Test("A URL is shown without its credentials, and its default port")
    func shown() {
        let secret = URL.Credentials(user: "probe", password: "geheim")
        let url = URL(scheme: .https, host: "db.internal", target: "/-/healthy", credentials: secret)
        #expect("\(url)" == "https://db.internal/-/healthy")
        #expect(!"\(url)".contains("geheim") && !"\(url)".contains("probe"))
        #expect(url.place == "db.internal:443")
        #expect("\(URL(scheme: .http, host: "::1", port: 3100, target: "/"))" == "http://[::1]:3100/")
        #expect(URL(scheme: .http, host: "::1", port: 3100, target: "/").place == "[::1]:3100")
        let socket = URL(scheme: .http, host: "localhost", target: "/livez", socketPath: "/run/h.sock")
        #expect("\(socket)" == "unix:/run/h.sock:/livez")
        #expect(socket.place == "unix:/run/h.sock")
    }
}
