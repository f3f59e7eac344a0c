package import HTTPClient

/// How a target is probed, and what must come of it. What each kind does stands in `Probing`, in a file of its own.
package enum Probe: Sendable, Equatable {
    /// A request is sent, and the response must be as expected.
    case http(Request, Expectation)
    /// A TCP connection is made. There is nothing else to expect.
    case connect(URL)
    /// A database server answers a client that has no password.
    case database(Database, URL)

    package var url: URL {
        switch self {
        case .http(let request, _): request.url
        case .connect(let url), .database(_, let url): url
        }
    }

    /// Of the response, a request reads what the expectation is about. Said once, not at each probe.
    var readingWhatIsExpected: Probe {
        guard case .http(let request, let expectation) = self else { return self }
        return .http(request.with(expectation.reading(atMost: request.reading.limit)), expectation)
    }

    /// What is left when a secret is renewed.
    var withoutSecrets: Probe {
        switch self {
        case .http(let request, let expectation): .http(request.withoutSecrets, expectation)
        case .connect, .database: self
        }
    }

    /// What is healthy, such as `200-299, body contains "ready"`.
    package var expected: String {
        switch self {
        case .http(_, let expectation): expectation.description
        case .connect: "a connection"
        case .database(let database, _): "\(database.name) takes clients"
        }
    }
}

extension Probe: CustomStringConvertible {
    /// What is done, such as `GET http://loki:3100/ready` or `tcp://db:5432`: without anything that may be a secret.
    package var description: String {
        switch self {
        case .http(let request, _): request.description
        case .connect(let url): url.description
        case .database(let database, let url): "\(database.rawValue) at \(url)"
        }
    }
}
