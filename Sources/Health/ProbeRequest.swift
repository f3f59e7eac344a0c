/// What a probe sends, and how it gets there.
package struct ProbeRequest: Sendable, Equatable {
    package enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
    }

    /// A field line, valid: a token, and a value without control characters.
    package struct Field: Sendable, Equatable {
        package let name: String
        /// May be a secret.
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// How an https server is verified, and how it verifies us. Certificates and keys are in PEM.
    package struct TLS: Sendable, Equatable {
        /// nil for the system's authorities.
        package var authorities: [UInt8]?
        package var certificate: [UInt8]?
        package var key: [UInt8]?
        /// The name in the server's certificate, where it is not the URL's host.
        package var serverName: String?
        package var isVerified = true

        package init() {}
    }

    package let url: ProbeURL
    package let method: Method
    package let fields: [Field]
    /// Of a POST.
    package let content: String?
    package let tls: TLS
    /// Whether a connection may be kept for the next probe: cheaper, but it proves less, as it is only the first probe
    /// that shows that new connections are taken.
    package let reusesConnection: Bool

    package init(
        _ url: ProbeURL, method: Method = .get, fields: [Field] = [], content: String? = nil, tls: TLS = TLS(),
        reusesConnection: Bool = false
    ) {
        self.url = url
        self.method = method
        self.fields = fields
        self.content = content
        self.tls = tls
        self.reusesConnection = reusesConnection
    }
}

extension ProbeRequest: CustomStringConvertible {
    /// Such as `GET http://loki:3100/ready`, or `tcp://db:5432`: without anything that may be a secret.
    package var description: String {
        url.scheme == .tcp ? url.description : "\(method.rawValue) \(url)"
    }
}
