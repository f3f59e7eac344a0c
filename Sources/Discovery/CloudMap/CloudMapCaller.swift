package import HTTPClient
package import Time

/// Makes calls to Cloud Map, as a machine: gets keys if there are none or they are too old, signs the call, and
/// retries once if Cloud Map reports expired keys or a wrong clock.
package struct CloudMapCaller: Sendable {
    package enum Action: Sendable, Equatable {
        case wait
        case readFile(String)
        case send(Request, within: Duration)
        case finish(Result<CloudMapAnswer, CloudMapFailure>)
    }

    private enum State {
        case idle
        case fetchingKeys(CloudMapCall, Attempt)
        case calling(CloudMapCall, Attempt, AWSKeys)
    }

    /// The steps that are taken at most once for each call.
    private struct Attempt {
        var hasNewKeys = false
        var hasNewClock = false
    }

    package static let limit = Duration.seconds(5)

    private let endpoint: URL
    private let signer: Signer
    private var fetch: KeyFetch
    private var ring = KeyRing()
    /// The difference between Cloud Map's clock and this machine's in milliseconds, after Cloud Map has reported it.
    private var clockOffset: Int64 = 0
    private var random: any RandomNumberGenerator & Sendable
    private var state = State.idle

    package init(
        endpoint: URL, region: String, keys: KeySource,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.random = random
        self.endpoint = endpoint
        signer = Signer(region: region, service: "servicediscovery")
        fetch = KeyFetch(keys)
    }

    /// Starts a call. There is one call at a time.
    package mutating func begin(
        _ call: CloudMapCall, at now: Moment
    ) -> Action {
        guard !ring.wantsNew(at: corrected(now)) else {
            return fetchKeys(for: call, Attempt(), at: now)
        }
        return send(call, Attempt(), at: now)
    }

    package mutating func fileRead(
        _ result: Result<[UInt8], FileFailure>, at now: Moment
    ) -> Action {
        guard case .fetchingKeys(let call, let attempt) = state else { return .wait }
        return fetched(fetch.fileRead(result), for: call, attempt, at: now)
    }

    package mutating func answered(
        _ response: Response, at now: Moment
    ) -> Action {
        switch state {
        case .idle: return .wait
        case .fetchingKeys(let call, let attempt):
            return fetched(fetch.answered(response, at: now.instant), for: call, attempt, at: now)
        case .calling(let call, var attempt, let keys):
            do {
                return finish(.success(try CloudMapAnswer(response.hiding(keys), to: call)))
            } catch {
                if error.problem == .expired, !attempt.hasNewKeys {
                    attempt.hasNewKeys = true
                    ring.drop()
                    return fetchKeys(for: call, attempt, at: now)
                }
                if error.problem == .clock, !attempt.hasNewClock, correctClock(by: response, at: now) {
                    attempt.hasNewClock = true
                    return send(call, attempt, at: now)
                }
                return finish(.failure(error))
            }
        }
    }

    package mutating func failed(
        _ failure: TransferFailure, at now: Moment
    ) -> Action {
        switch state {
        case .idle: return .wait
        case .fetchingKeys(let call, let attempt):
            return fetched(fetch.failed(failure, at: now.instant), for: call, attempt, at: now)
        case .calling(let call, _, _): return finish(.failure(CloudMapFailure(failure, of: call.operation)))
        }
    }

    private mutating func fetchKeys(
        for call: CloudMapCall, _ attempt: Attempt, at now: Moment
    ) -> Action {
        fetched(fetch.begin(at: now.instant), for: call, attempt, at: now)
    }

    private mutating func fetched(
        _ action: KeyFetch.Action, for call: CloudMapCall, _ attempt: Attempt, at now: Moment
    ) -> Action {
        state = .fetchingKeys(call, attempt)
        switch action {
        case .wait: return .wait
        case .readFile(let path): return .readFile(path)
        case .send(let request, let limit): return .send(request, within: limit)
        case .finish(.success(let keys)):
            ring.accept(keys, at: corrected(now), using: &random)
            return send(call, attempt, at: now)
        case .finish(.failure(let failure)):
            ring.failedToRenew(at: corrected(now))
            guard ring.keys == nil else { return send(call, attempt, at: now) }
            return finish(.failure(CloudMapFailure(failure.problem, of: call.operation, detail: "\(failure)")))
        }
    }

    private mutating func send(_ call: CloudMapCall, _ attempt: Attempt, at now: Moment) -> Action {
        guard let keys = ring.keys else {
            return finish(.failure(.init(.denied, of: call.operation, detail: "no keys")))
        }
        do {
            let request = try signer.sign(call.request(to: endpoint), with: keys, at: corrected(now).timestamp)
            state = .calling(call, attempt, keys)
            return .send(request, within: CloudMapCaller.limit)
        } catch {
            return finish(.failure(CloudMapFailure(.invalid, of: call.operation, detail: "\(error)")))
        }
    }

    private mutating func finish(_ result: Result<CloudMapAnswer, CloudMapFailure>) -> Action {
        state = .idle
        return .finish(result)
    }

    private func corrected(_ now: Moment) -> Moment {
        let time = now.timestamp.milliseconds + clockOffset
        return Moment(instant: now.instant, timestamp: Timestamp(milliseconds: time))
    }

    /// - Returns: whether the answer has a time.
    private mutating func correctClock(by response: Response, at now: Moment) -> Bool {
        guard let date = response.value(of: "Date").flatMap(Timestamp.init(httpDate:)) else { return false }
        clockOffset = date.milliseconds - now.timestamp.milliseconds
        return true
    }
}

extension Response {
    /// Removes the secrets of these keys, in case an error repeats them.
    fileprivate func hiding(_ keys: AWSKeys) -> Response {
        guard status != 200 else { return self }
        var text = String(decoding: body, as: UTF8.self)
        for secret in [keys.secretKey, keys.sessionToken] {
            if let secret, !secret.text.isEmpty { text = text.replacing(secret.text, with: "\(secret)") }
        }
        return Response(status: status, fields: fields, body: Array(text.utf8))
    }
}
