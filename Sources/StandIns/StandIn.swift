package import EventLoop
import HTTPServer
import HTTPTypes
package import HTTPWire
import Sockets

/// A server that answers health probes like Grafana, Loki or Tempo, for a demonstration without them. It listens on
/// loopback, on a port that the kernel chooses.
package actor StandIn {
    package enum Service: String, CaseIterable, Sendable {
        case grafana, loki, tempo
    }

    /// The imitated service.
    package enum Condition: Sendable {
        case well
        /// Grafana has lost its database (503); Loki and Tempo are not running (connection refused).
        case failing
    }

    private nonisolated let loop: EventLoop
    private let service: Service
    package private(set) var condition: Condition
    /// Loki's and Tempo's 15 seconds begin at the first request to `/ready`.
    private var firstAskedWhetherReady: ContinuousClock.Instant?
    private var server: Server?
    /// 0 before the first start, when the kernel chooses the port.
    private var address = ListenAddress.tcp(host: "127.0.0.1", port: 0)

    package init(_ service: Service, _ condition: Condition = .well, on loop: EventLoop) {
        self.loop = loop
        self.service = service
        self.condition = condition
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Starts the server, and returns its base URL.
    package func start() async throws -> String {
        try await run()
        if condition == .failing { await fail() }
        return "http://\(address)"
    }

    /// Makes it fail, or work again. It keeps its port.
    /// - Returns: its new condition.
    package func toggle() async throws -> Condition {
        if condition == .failing { try await mend() } else { await fail() }
        return condition
    }

    private func fail() async {
        condition = .failing
        guard service != .grafana else { return }
        let running = server
        server = nil
        await running?.stop(within: .zero)
    }

    private func mend() async throws {
        if server == nil {
            firstAskedWhetherReady = nil
            try await run()
        }
        condition = .well
    }

    private func run() async throws {
        let server = Server(on: loop) { [weak self] head, _, _ in
            self?.assumeIsolated { $0.answer(head, at: .now) } ?? .text(.internalServerError, "")
        }
        address = try await server.listen(on: address)
        self.server = server
    }

    /// - Parameter now: the time of the request.
    package func answer(_ head: RequestHead, at now: ContinuousClock.Instant) -> Response {
        guard case .origin(let path, _) = head.target else { return StandIn.notFound }
        return switch service {
        case .grafana: grafana(head.method, path)
        case .loki, .tempo: path == "/ready" ? ready(head.method, now) : StandIn.notFound
        }
    }

    private func grafana(_ method: HTTPRequest.Method, _ path: String) -> Response {
        switch path {
        case "/api/health" where method == .get || method == .head:
            return Response(
                status: condition == .well ? .ok : .serviceUnavailable,
                contentType: "application/json; charset=UTF-8",
                fields: [HTTPField(name: .cacheControl, value: "no-cache")],
                content: StandIn.grafanaHealth(database: condition == .well ? "ok" : "failing").utf8)
        case "/api/health": return StandIn.notFound
        case "//api/health": return StandIn.redirect(to: "/api/health")
        case "/", "/healthz": return StandIn.redirect(to: "/login")
        case _ where path.hasPrefix("/api/"):
            return Response(
                status: .unauthorized, contentType: "application/json; charset=UTF-8",
                content: #"{"message":"Unauthorized"}"#.utf8)
        default: return StandIn.notFound
        }
    }

    private func ready(_ method: HTTPRequest.Method, _ now: ContinuousClock.Instant) -> Response {
        guard method == .get else {
            return .text(.methodNotAllowed, "", fields: [HTTPField(name: .allow, value: "GET")])
        }
        let first = firstAskedWhetherReady ?? now
        firstAskedWhetherReady = first
        guard now - first >= .seconds(15) else {
            let check = service == .tempo ? "ingester check ready failed " : ""
            return .text(
                .serviceUnavailable, "Ingester not ready: \(check)waiting for 15s after being ready\n",
                fields: [StandIn.nosniff])
        }
        return .text(.ok, "ready\n", fields: [StandIn.nosniff])
    }

    private static func grafanaHealth(database: String) -> String {
        """
        {
          "commit": "stand-in",
          "database": "\(database)",
          "version": "6.5.1"
        }
        """
    }

    private static func redirect(to location: String) -> Response {
        Response(
            status: .found, contentType: "text/html; charset=utf-8",
            fields: [HTTPField(name: .location, value: location)],
            content: "<a href=\"\(location)\">Found</a>.\n\n".utf8)
    }

    private static let nosniff = HTTPField(name: .xContentTypeOptions, value: "nosniff")
    private static let notFound = Response.text(.notFound, "404 page not found\n", fields: [nosniff])
}
