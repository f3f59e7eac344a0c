import Foundation
import TestSupport

/// A node's three services, each an nginx of its own.
struct Stack {
    let grafana: Nginx
    var loki: Nginx
    let tempo: Nginx

    init() throws {
        grafana = try Nginx(.grafana)
        loki = try Nginx(.lokiOrTempo)
        tempo = try Nginx(.lokiOrTempo)
    }

    var environment: [String: String] {
        ["GRAFANA_ENDPOINT": grafana.url, "LOKI_ENDPOINT": loki.url, "TEMPO_ENDPOINT": tempo.url]
    }
}

/// The sidecar, running.
struct RunningSidecar {
    let program: Program
    let port: UInt16

    /// - Parameter environment: endpoints and settings; probes get time enough for a busy machine unless it says else.
    init(_ environment: [String: String], _ arguments: [String] = []) throws {
        let patient = ["HEALTHZ_TIMEOUT": "20s", "HEALTHZ_DEADLINE": "20s", "HEALTHZ_LISTEN": "127.0.0.1:0"]
        program = try Program(
            Program.healthz, arguments, environment: patient.merging(environment) { _, given in given })
        port = try program.port()
    }

    func get(_ target: String, fields: [String] = []) throws -> RawResponse {
        try TestSupport.get(target, port: port, fields: fields)
    }

    /// The services' reasons by their names; nil for those that are healthy.
    static func reasons(_ response: RawResponse) throws -> [String: String?] {
        let services = try response.json()["services"] as? [String: [String: Any]] ?? [:]
        return services.mapValues { $0["reason"] as? String }
    }
}
