package import HTTPClient
package import Time

/// A client of the EC2 instance metadata service, version 2, as a machine: for each question it returns the request
/// to send. First it gets a token by PUT, which is sent with each question. It never uses version 1.
package struct InstanceMetadata: Sendable {
    package enum Question: Sendable, Hashable, CaseIterable {
        case instanceID, address, region, keys
    }

    package enum Answer: Sendable, Hashable {
        case text(String)
        case keys(AWSKeys)
    }

    package enum Action: Sendable, Equatable {
        case wait
        case send(Request, within: Duration)
        case finish(Result<Answer, MetadataFailure>)
    }

    private enum State {
        case idle
        case fetchingToken(Step, Attempt)
        case asking(Step, Attempt)
    }

    /// The next request. Keys take two: the name of the role, then its keys.
    private enum Step {
        case text(Question)
        case roleName
        case role(String)

        var path: String {
            switch self {
            case .text(.instanceID): "meta-data/instance-id"
            case .text(.address): "meta-data/local-ipv4"
            case .text(.region): "meta-data/placement/region"
            case .text(.keys), .roleName: "meta-data/iam/security-credentials/"
            case .role(let name): "meta-data/iam/security-credentials/\(name)"
            }
        }
    }

    private struct Attempt {
        var tries = 1
        var hasNewToken = false
    }

    /// The limit of one try.
    package static let tryLimit = Duration.seconds(1)
    private static let tries = 3
    /// Six hours, the longest allowed time.
    private static let tokenLife = Duration.seconds(21_600)

    private let endpoint: URL
    private var token: (text: Secret, renewAt: Instant)?
    private var state = State.idle

    /// - Parameter endpoint: with "/" or a path before it.
    package init(endpoint: URL) {
        self.endpoint = endpoint
    }

    /// Starts a question. There is one question at a time.
    package mutating func ask(_ question: Question, at now: Instant) -> Action {
        let step: Step = question == .keys ? .roleName : .text(question)
        return go(to: step, Attempt(), at: now)
    }

    package mutating func answered(_ response: Response, at now: Instant) -> Action {
        switch state {
        case .idle: return .wait
        case .fetchingToken(let step, let attempt):
            if response.status >= 500 { return again(.status("api/token", response.status), at: now) }
            guard response.status == 200 else { return fail(refusal(response.status, "api/token")) }
            guard let text = InstanceMetadata.line(response.body) else { return fail(.unreadable("api/token")) }
            token = (Secret(text), now + InstanceMetadata.tokenLife - .seconds(300))
            return go(to: step, Attempt(hasNewToken: attempt.hasNewToken), at: now)
        case .asking(let step, let attempt):
            if response.status >= 500 { return again(.status(step.path, response.status), at: now) }
            if response.status == 401, !attempt.hasNewToken {
                token = nil
                return go(to: step, Attempt(hasNewToken: true), at: now)
            }
            guard response.status == 200 else { return fail(refusal(response.status, step.path)) }
            return receive(response.body, step, at: now)
        }
    }

    package mutating func failed(_ failure: TransferFailure, at now: Instant) -> Action {
        switch state {
        case .idle: return .wait
        case .fetchingToken:
            if case .timeout = failure { return again(.hopLimit(place: endpoint.place), at: now) }
            return again(.transfer(failure), at: now)
        case .asking: return again(.transfer(failure), at: now)
        }
    }

    private mutating func go(to step: Step, _ attempt: Attempt, at now: Instant) -> Action {
        if let token, now < token.renewAt {
            state = .asking(step, attempt)
            let field = Field(name: "X-aws-ec2-metadata-token", value: token.text.text)
            return .send(request(.get, step.path, field), within: InstanceMetadata.tryLimit)
        }
        state = .fetchingToken(step, attempt)
        let life = "\(Int(InstanceMetadata.tokenLife.seconds))"
        let field = Field(name: "X-aws-ec2-metadata-token-ttl-seconds", value: life)
        return .send(request(.put, "api/token", field), within: InstanceMetadata.tryLimit)
    }

    private func request(_ method: Request.Method, _ path: String, _ field: Field) -> Request {
        Request(
            endpoint.appending(path: "/latest/\(path)"), method: method, fields: [field],
            content: method == .put ? [] : nil, reading: .body)
    }

    private mutating func again(_ failure: MetadataFailure, at now: Instant) -> Action {
        switch state {
        case .fetchingToken(let step, var attempt), .asking(let step, var attempt):
            guard attempt.tries < InstanceMetadata.tries else { return fail(failure) }
            attempt.tries += 1
            return go(to: step, attempt, at: now)
        case .idle: return .wait
        }
    }

    private mutating func receive(_ body: [UInt8], _ step: Step, at now: Instant) -> Action {
        switch step {
        case .text:
            guard let text = InstanceMetadata.line(body) else { return fail(.unreadable(step.path)) }
            return finish(.success(.text(text)))
        case .roleName:
            guard let name = InstanceMetadata.line(body), name.isRoleName else { return fail(.unreadable(step.path)) }
            return go(to: .role(name), Attempt(), at: now)
        case .role:
            guard let document = JSONText.decode(KeyDocument.self, from: body) else {
                return fail(.unreadable(step.path))
            }
            guard document.code == "Success" else { return fail(.noKeys(code: document.code ?? "no code")) }
            guard let keys = document.keys else { return fail(.unreadable(step.path)) }
            return finish(.success(.keys(keys)))
        }
    }

    private func refusal(_ status: Int, _ path: String) -> MetadataFailure {
        switch status {
        case 403: .forbidden
        case 404 where path.contains("security-credentials"): .noRole
        default: .status(path, status)
        }
    }

    private mutating func fail(_ failure: MetadataFailure) -> Action { finish(.failure(failure)) }

    private mutating func finish(_ result: Result<Answer, MetadataFailure>) -> Action {
        state = .idle
        return .finish(result)
    }

    /// One line of visible ASCII, without a line break at its end.
    private static func line(_ body: [UInt8]) -> String? {
        var bytes = body[...]
        while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
        guard (1...1_024).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    /// The characters that IAM allows; all of them are allowed in a path.
    fileprivate var isRoleName: Bool {
        utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "+=,.@_-".utf8.contains(byte)
            }
        }
    }
}
