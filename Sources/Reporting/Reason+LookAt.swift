import Health

extension Reason {
    /// What to look at first, for a tired person; nil where the instances say it.
    var lookAt: String? {
        switch cause {
        case .dns: "the endpoint's spelling; is the container there? then the resolver"
        case .refused: "is it running? on that port?"
        case .unreachable: "network and routes; a socket file that is missing"
        case .connectTimeout: "a firewall that drops; a machine that is down; a full queue"
        case .timeout, .deadline: "frozen or overloaded? Grafana: its database"
        case .tls: "what it says above: expired, unknown authority, another name"
        case .reset: "did it crash? something between that resets"
        case .empty: "is it starting or stopping? not an HTTP server?"
        case .incomplete: "did it crash?"
        case .protocolError: "another kind of server has the port; TLS on a plain port"
        case .tooLarge: "is it the resource that was meant?"
        case .status: "the service's own log; is that the right path, and does healthz send the right credentials?"
        case .body: "what it answered, above; is it the service that was meant?"
        case .instances: nil
        case .internalError: "descriptors and memory of this machine"
        }
    }
}
