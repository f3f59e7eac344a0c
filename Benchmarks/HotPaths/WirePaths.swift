import HTTPTypes
import HTTPWire

/// A name, and what is measured under it: returns something that depends on its work, and is not 0.
typealias Path = (name: String, body: () -> Int)

extension HotPaths {
    private static let balancer = Array(
        "GET /healthz HTTP/1.1\r\nHost: 10.0.7.31:8080\r\nUser-Agent: ELB-HealthChecker/2.0\r\nConnection: close\r\n\r\n"
            .utf8)
    private static let browser = Array(
        ("GET /healthz?exclude=tempo HTTP/1.1\r\nHost: node:8080\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
            + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en\r\n"
            + "Accept-Encoding: gzip, deflate\r\nDNT: 1\r\nUpgrade-Insecure-Requests: 1\r\n\r\n").utf8)
    private static let kept = Array("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n".utf8)

    static func wirePaths() -> [Path] {
        [
            ("parse a balancer's head", { parse(balancer) }),
            ("parse a browser's head", { parse(browser) }),
            ("route /healthz", route("/healthz")),
            ("route /healthz/loki", route("/healthz/loki")),
            ("a kept connection's turn: parse, answer, encode", turn()),
        ]
    }

    private static func parse(_ bytes: [UInt8]) -> Int {
        var parser = RequestParser()
        guard let (head, length) = try? parser.parse(bytes.span) else { preconditionFailure() }
        return length &+ (head.keepsAlive ? 1 : 0)
    }

    private static func route(_ path: String) -> () -> Int {
        let router = Router<Int>(
            exact: ["/healthz": 1, "/livez": 2, "/readyz": 3], below: ["/healthz": 4])
        return {
            switch router.match(.get, path: path) {
            case .route(let number): return number
            case .routeBelow(let number, let rest): return number &+ rest.utf8.count
            case .notFound, .methodNotAllowed: preconditionFailure()
            }
        }
    }

    private static func turn() -> () -> Int {
        var machine = ConnectionMachine()
        var output: [UInt8] = []
        let response = Response.text(.ok, "alive\n", fields: [HTTPField(name: .cacheControl, value: "no-store")])
        let date = HTTPDate(seconds: 784_111_777)
        return {
            guard case .answer = machine.received(kept.span) else { preconditionFailure() }
            output.removeAll(keepingCapacity: true)
            guard case .read = machine.answer(response, date: date, into: &output) else { preconditionFailure() }
            return output.count
        }
    }
}
