import API
import Configuration
import HTTPServer
import HTTPWire
import Health
import Reporting
import Sockets
import Time

extension HealthResponder.Settings {
    init(_ configuration: Configuration, loadedAt time: Timestamp) {
        self.init(
            services: configuration.services.map(\.name),
            statuses: Statuses(unhealthy: configuration.unhealthyStatus, degraded: configuration.degradedStatus),
            audience: Audience(configuration), loadedAt: time)
        runbook = configuration.runbook
    }
}

extension ServerLimits {
    /// With no more connections than the descriptor limit allows.
    init(_ configuration: Configuration) {
        self = configuration.serverLimits
        let targets = configuration.services.reduce(0) { $0 + $1.instances.count }
        connections = Descriptors.connections(atMost: connections, besides: targets)
        let policy = configuration.proxyProtocol
        proxyHeader = { peer in
            switch policy {
            case .off: .refused
            case .on: .accepted
            case .networks(let networks):
                peer.host.map { host in networks.contains { $0.contains(host) } } == true ? .trusted : .refused
            }
        }
    }
}

extension Audience {
    fileprivate init(_ configuration: Configuration) {
        let token = configuration.detailToken
        switch configuration.detail {
        case .full: self.init(includesEverybody: true, networks: [], token: token)
        case .summary: self.init(includesEverybody: false, networks: [], token: token)
        case .networks(let networks): self.init(includesEverybody: false, networks: networks, token: token)
        }
    }
}

extension ServerFigures {
    /// To be called on the loop.
    init(_ server: Server?, _ process: ProcessReader, _ registrars: Registrars) {
        let (tally, open) = server?.assumeIsolated { ($0.tally, $0.openConnections) } ?? (ServerTally(), 0)
        self.init(
            connections: Figures.Connections(open: open, accepted: tally.accepted, refused: tally.refused),
            refusals: tally.refusals, process: process.read(),
            discovery: registrars.assumeIsolated { $0.figures })
    }
}

extension ServerTally {
    /// By the setting of the limit, if there is one.
    fileprivate var refused: [(reason: String, count: Int)] {
        [
            ("max_connections", connections), ("max_connections_per_client", connectionsPerClient),
            ("write_timeout", writeTimeouts), ("exhausted", exhausted),
        ]
    }
}
