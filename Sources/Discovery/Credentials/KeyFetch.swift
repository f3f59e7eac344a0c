package import HTTPClient
package import Time

/// Gets keys from their source, as a machine: it returns the files to read and the requests to send.
package struct KeyFetch: Sendable {
    package enum Action: Sendable, Equatable {
        case wait
        /// Call `fileRead` with the file's content, or with the failure.
        case readFile(String)
        case send(Request, within: Duration)
        case finish(Result<AWSKeys, KeyFailure>)
    }

    private enum State {
        case idle
        case readingToken(URL, path: String)
        case asking(URL, Request, tries: Int)
        case askingMetadata(InstanceMetadata)
    }

    private static let containerTryLimit = Duration.seconds(2)
    private static let containerTries = 3

    private let source: KeySource
    /// Kept, because its token is valid for hours.
    private var metadata: InstanceMetadata?
    private var state = State.idle

    package init(_ source: KeySource) {
        self.source = source
        if case .metadata(let endpoint) = source { metadata = InstanceMetadata(endpoint: endpoint) }
    }

    package mutating func begin(at now: Instant) -> Action {
        switch source {
        case .environment(let keys): return .finish(.success(keys))
        case .container(let url, .none): return ask(url, token: nil)
        case .container(let url, .text(let token)): return ask(url, token: token)
        case .container(let url, .file(let path)):
            state = .readingToken(url, path: path)
            return .readFile(path)
        case .metadata(let endpoint):
            var metadata = self.metadata ?? InstanceMetadata(endpoint: endpoint)
            let action = metadata.ask(.keys, at: now)
            return went(on: metadata, action)
        }
    }

    /// - Parameter result: a failure is a phrase that follows the file's path.
    package mutating func fileRead(_ result: Result<[UInt8], FileFailure>) -> Action {
        guard case .readingToken(let url, let path) = state else { return .wait }
        switch result {
        case .failure(let failure): return finish(.failure(.tokenFile(path: path, detail: failure.problem)))
        case .success(let bytes):
            let token = String(decoding: bytes, as: UTF8.self)
            guard !token.isEmpty else { return finish(.failure(.tokenFile(path: path, detail: "is empty"))) }
            guard token.isFieldValue else {
                let detail = "has a line break or another control character in it"
                return finish(.failure(.tokenFile(path: path, detail: detail)))
            }
            return ask(url, token: Secret(token))
        }
    }

    package mutating func answered(_ response: Response, at now: Instant) -> Action {
        switch state {
        case .idle, .readingToken: return .wait
        case .askingMetadata(var metadata):
            let action = metadata.answered(response, at: now)
            return went(on: metadata, action)
        case .asking(let url, let request, let tries):
            guard response.status == 200 else {
                let failure = KeyFailure.containerStatus(place: url.place, response.status)
                return response.status < 500 ? finish(.failure(failure)) : again(url, request, tries, failure)
            }
            guard let keys = JSONText.decode(KeyDocument.self, from: response.body)?.keys else {
                return finish(.failure(.containerAnswer(place: url.place)))
            }
            return finish(.success(keys))
        }
    }

    package mutating func failed(_ failure: TransferFailure, at now: Instant) -> Action {
        switch state {
        case .idle, .readingToken: return .wait
        case .askingMetadata(var metadata):
            let action = metadata.failed(failure, at: now)
            return went(on: metadata, action)
        case .asking(let url, let request, let tries):
            return again(url, request, tries, .container(place: url.place, failure))
        }
    }

    private mutating func ask(_ url: URL, token: Secret?) -> Action {
        let fields = token.map { [Field(name: "Authorization", value: $0.text)] } ?? []
        let request = Request(url, fields: fields, reading: .body)
        state = .asking(url, request, tries: 1)
        return .send(request, within: KeyFetch.containerTryLimit)
    }

    private mutating func again(_ url: URL, _ request: Request, _ tries: Int, _ failure: KeyFailure) -> Action {
        guard tries < KeyFetch.containerTries else { return finish(.failure(failure)) }
        state = .asking(url, request, tries: tries + 1)
        return .send(request, within: KeyFetch.containerTryLimit)
    }

    private mutating func went(on metadata: InstanceMetadata, _ action: InstanceMetadata.Action) -> Action {
        self.metadata = metadata
        state = .askingMetadata(metadata)
        switch action {
        case .wait: return .wait
        case .send(let request, let limit): return .send(request, within: limit)
        case .finish(.success(.keys(let keys))): return finish(.success(keys))
        case .finish(.success(.text)): return finish(.failure(.metadata(.unreadable("meta-data"))))
        case .finish(.failure(let failure)): return finish(.failure(.metadata(failure)))
        }
    }

    private mutating func finish(_ result: Result<AWSKeys, KeyFailure>) -> Action {
        state = .idle
        return .finish(result)
    }
}

/// Why a file was not read: a phrase that follows its path.
package struct FileFailure: Error, Sendable, Hashable {
    package let problem: String

    package init(problem: String) {
        self.problem = problem
    }
}
