package import HTTPClient

/// The kinds of probes, with their expectations. `Probing` has a file for each kind.
package enum Probe: Sendable, Equatable {
    /// A request is sent, and the response must be as expected.
    case http(Request, Expectation)
    /// A TCP connection is made. There is nothing else to expect.
    case connect(URL)
    /// A database server answers a client without a password.
    case database(Database, URL)

    package var url: URL {
        switch self {
        case .http(let request, _): request.url
        case .connect(let url), .database(_, let url): url
        }
    }

    /// Sets the parts of the response that the request reads, once for a target.
    var readingWhatIsExpected: Probe {
        guard case .http(let request, let expectation) = self else { return self }
        return .http(request.with(expectation.reading(atMost: request.reading.limit)), expectation)
    }

    /// The probe without secrets, to recognise a renewed secret.
    var withoutSecrets: Probe {
        switch self {
        case .http(let request, let expectation): .http(request.withoutSecrets, expectation)
        case .connect, .database: self
        }
    }

    /// The expected result, such as `200-299, body contains "ready"`.
    package var expected: String {
        switch self {
        case .http(_, let expectation): expectation.description
        case .connect: "a connection"
        case .database(let database, _): "\(database.name) takes clients"
        }
    }
}

extension Probe: CustomStringConvertible {
    /// The action, such as `GET http://loki:3100/ready` or `tcp://db:5432`, without secrets.
    package var description: String {
        switch self {
        case .http(let request, _): request.description
        case .connect(let url): url.description
        case .database(let database, let url): "\(database.rawValue) at \(url)"
        }
    }
}
