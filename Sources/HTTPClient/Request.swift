/// An HTTP request, its connection, and the parts of the response to read and keep.
package struct Request: Sendable, Equatable {
    /// A method (RFC 9110 §9): a token, as it is sent.
    package struct Method: Sendable, Hashable {
        package let name: String

        package static let get = Method(token: "GET")
        package static let head = Method(token: "HEAD")
        package static let post = Method(token: "POST")
        package static let put = Method(token: "PUT")
        package static let patch = Method(token: "PATCH")
        package static let delete = Method(token: "DELETE")

        /// nil where it is not a token (RFC 9110 §5.6.2).
        package init?(_ name: String) {
            guard name.isToken else { return nil }
            self.name = name
        }

        private init(token: String) {
            name = token
        }
    }

    /// The verification of an https server, and the client's certificate for the server. Certificates and keys are in
    /// PEM.
    package struct TLS: Sendable, Equatable {
        /// nil for the system's authorities.
        package var authorities: [UInt8]?
        package var certificate: [UInt8]?
        package var key: [UInt8]?
        /// The name in the server's certificate, if it differs from the URL's host.
        package var serverName: String?
        package var isVerified = true
        /// Whether the response must tell when the server's certificates expire. This needs a new connection.
        package var tellsExpiry = false

        package init() {}
    }

    /// The part of the response that is read, and the part that is kept.
    package struct Reading: Sendable, Hashable {
        /// The part of a response's body that is read.
        package enum Body: Sendable, Hashable {
            /// The response is complete at the end of its head: its body cannot make it fail.
            case none
            /// The response is complete when that many bytes of its body have arrived. It is also complete with fewer
            /// bytes if the rest fails or does not come in time.
            case beginning(Int)
            /// The response is complete at the end of its body. That many bytes are kept, from the start.
            case whole(kept: Int)
            /// The response is complete at the end of its body, of which the lines are kept that begin with one of these, as
            /// `LineFilter` does; where there is none, so many bytes, counted from its start.
            case lines(beginningWith: [String], orElse: Int)

            /// Whether a body that ends early, or is too large, makes the response fail.
            package var isReadToItsEnd: Bool {
                switch self {
                case .none, .beginning: false
                case .whole, .lines: true
                }
            }
        }

        /// Statuses with another rule for the body.
        package struct Exception: Sendable, Hashable {
            package let statuses: ClosedRange<Int>
            package let body: Body

            package init(_ statuses: ClosedRange<Int>, _ body: Body) {
                self.statuses = statuses
                self.body = body
            }
        }

        /// The largest accepted head in bytes; if the whole body is read, the largest head and body together. A
        /// larger response fails with `TransferFailure.tooLarge`.
        package let limit: Int
        private let body: Body
        /// The first rule with the status counts.
        private let exceptions: [Exception]
        /// Whether the response's fields are kept.
        package let keepsFields: Bool
        /// The names of the fields that are kept; empty for all of them.
        package let fieldNames: [String]

        package init(
            limit: Int = 64 * 1024, _ body: Body, except exceptions: [Exception] = [], keepsFields: Bool = false,
            fieldNames: [String] = []
        ) {
            self.limit = max(0, limit)
            self.body = body
            self.exceptions = exceptions
            self.keepsFields = keepsFields
            self.fieldNames = fieldNames
        }

        package func body(of status: Int) -> Body {
            exceptions.first { $0.statuses.contains(status) }?.body ?? body
        }

        /// The status alone.
        package static let status = Reading(.none)
        /// The status and the whole body.
        package static let body = Reading(.whole(kept: .max))
    }

    package let url: URL
    package let method: Method
    /// Sent as they are. The client adds Host, User-Agent, Accept, `Accept-Encoding: identity` and Content-Length if
    /// they are missing.
    package let fields: [Field]
    /// nil for a request without content.
    package let content: [UInt8]?
    package let tls: TLS
    /// Whether a kept connection may be used, and whether this one may be kept. A new connection costs more and
    /// proves more: that the server accepts connections, and that its certificate is valid now.
    package let reusesConnection: Bool
    package let reading: Reading

    package init(
        _ url: URL, method: Method = .get, fields: [Field] = [], content: [UInt8]? = nil, tls: TLS = TLS(),
        reusesConnection: Bool = false, reading: Reading = .status
    ) {
        self.url = url
        self.method = method
        self.fields = fields
        self.content = content
        self.tls = tls
        self.reusesConnection = reusesConnection
        self.reading = reading
    }

    /// The same request without credentials, certificates and keys.
    package var withoutSecrets: Request {
        var tls = tls
        tls.authorities = nil
        tls.certificate = nil
        tls.key = nil
        return Request(
            url.with(credentials: nil, socketPath: url.socketPath), method: method,
            fields: fields.filter { $0.name.lowercased() != "authorization" }, content: content, tls: tls,
            reusesConnection: reusesConnection, reading: reading)
    }

    /// The same request with another rule for reading the response.
    package func with(_ reading: Reading) -> Request {
        Request(
            url, method: method, fields: fields, content: content, tls: tls, reusesConnection: reusesConnection,
            reading: reading)
    }
}

extension Request: CustomStringConvertible {
    /// Such as `GET http://loki:3100/ready`, without secrets.
    package var description: String { "\(method.name) \(url)" }
}

extension String {
    /// RFC 9110 §5.6.2.
    var isToken: Bool {
        !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
