import CCurl
package import EventLoop
package import HTTPClient
import Time

/// Sends requests by libcurl's multi interface on the event loop: any number at the same time, without one blocking
/// another.
///
/// The client keeps the deadline of each request itself, and does not rely on libcurl, so its caller always gets an
/// answer in time.
package actor CurlClient: Client {
    /// Handles kept for later requests.
    private static let idleLimit = 4096
    private static let settlingRounds = 16
    private static let noTransfer = TransferFailure.internalError(detail: "libcurl cannot make the transfer")
    private static let libraryIsReady = curl_global_init(Int(CURL_GLOBAL_SSL | CURL_GLOBAL_WIN32)) == CURLE_OK

    private nonisolated let loop: EventLoop
    private let userAgent: String
    private let find: @Sendable (String, Resolver.Kind) -> Resolver.Answer
    private var multi: Multi?
    private var names: NameLookups?
    private var timer: LoopTimer?
    private var deadlines = FairDeadlines()
    private var flights: [Int: Flight] = [:]
    private var lastFlight = 0
    private var isSettling = false
    private var mustSettleAgain = false
    private var settlesSoon = false

    /// Handles that are not in use, by their keys.
    private var idle: [String: Transfer] = [:]
    private let kept: KeptConnections
    private let heads = ReadHeads()

    /// - Parameter userAgent: the User-Agent of requests that have none, such as `healthz/1.0`.
    package init(on loop: EventLoop, userAgent: String) {
        self.init(on: loop, userAgent: userAgent, keeping: .seconds(60), find: Resolver.addresses)
    }

    /// - Parameters:
    ///   - lifetime: of connections that are kept, in whole seconds.
    ///   - find: looks a name up, and may block.
    init(
        on loop: EventLoop, userAgent: String, keeping lifetime: Duration,
        find: @escaping @Sendable (String, Resolver.Kind) -> Resolver.Answer
    ) {
        self.loop = loop
        self.userAgent = userAgent
        self.find = find
        kept = KeptConnections(lifetime: lifetime)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Must be called once, before the first request.
    package func start() throws(SetupError) {
        guard CurlClient.libraryIsReady else { throw .curl }
        multi = try Multi(on: loop) { [weak self] in self?.assumeIsolated { $0.socketsAreReady() } }
        timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timeHasPassed() } }
        let resolver = Resolver(on: loop, find: find) { [weak self] lookup, answer in
            self?.assumeIsolated { $0.lookupEnded(lookup, answer) }
        }
        names = NameLookups(resolver) { [weak self] request, outcome in
            self?.assumeIsolated { $0.nameWasLookedUp(request, outcome) }
        }
    }

    /// Makes the threads for name resolution, which later may not be had. Without this, they are made for the first name.
    package func prepareLookups() {
        names?.prepare()
    }

    package nonisolated func send(
        _ request: Request, within limit: Duration,
        ended: @escaping @Sendable (Result<Response, TransferFailure>) -> Void
    ) {
        send(request, reusing: nil, within: limit, ended: ended)
    }

    /// Sends one request, as `send(_:within:ended:)` does.
    /// - Parameter key: libcurl's handle for the request is kept under this name, and used for the next request of that
    ///   name, if the two are equal. It saves the time to make a handle.
    package nonisolated func send(
        _ request: Request, reusing key: String?, within limit: Duration,
        ended: @escaping @Sendable (Result<Response, TransferFailure>) -> Void
    ) {
        assumeIsolated { $0.start(.request(request), key: key, within: limit, .response(ended)) }
    }

    /// Drops the handles that are kept for later requests.
    package func forget() {
        idle = [:]
    }

    // MARK: Events

    private func socketsAreReady() {
        multi?.drain()
        settle()
    }

    private func timeHasPassed() {
        // Handle input that has arrived before looking at deadlines.
        settle()
        names?.timeHasPassed(at: .now)
        let passed = deadlines.passed(at: .now)
        if !passed.isEmpty {
            // Wait for the sockets' turn: a response in the kernel's buffer is not late.
            loop.run { self.assumeIsolated { $0.end(passed) } }
        }
        settle()
    }

    private func end(_ passed: [Int]) {
        for id in passed {
            if let flight = flights[id] { finish(flight, outOfTime(flight)) }
        }
        settle()
    }

    private func lookupEnded(_ lookup: Resolver.Lookup, _ answer: Resolver.Answer) {
        names?.answered(lookup, answer, at: .now)
        settle()
    }

    private func nameWasLookedUp(_ request: Int, _ outcome: NameLookups.Outcome) {
        guard let flight = flights[request] else { return }
        switch outcome {
        case .success(let addresses): transfer(flight, toSomeOf: addresses)
        case .failure(let error) where error.isInternal: finish(flight, .failure(.internalError(detail: error.detail)))
        case .failure(let error): finish(flight, .failure(.dns(host: flight.url.host, detail: error.detail)))
        }
    }

    /// Runs libcurl's timers and collects ended transfers. Call it after every change to libcurl or to the requests.
    ///
    /// A caller may start its next request when one ends, and so call this function from within. Then the running
    /// call makes another round: the depth of the stack does not depend on the number of requests.
    private func settle() {
        mustSettleAgain = true
        guard !isSettling else { return }
        isSettling = true
        var rounds = 0
        while mustSettleAgain, rounds < CurlClient.settlingRounds {
            mustSettleAgain = false
            rounds += 1
            multi?.runTimer(at: .now)
            collect()
        }
        isSettling = false
        // Give other handlers a turn.
        if mustSettleAgain { settleSoon() }
        let wanted = [deadlines.earliest, multi?.due, names?.due].compactMap(\.self).min()
        if let wanted { timer?.wake(by: wanted) }
    }

    /// Runs after all requests that are started in this turn: requests that start together are sent together, which
    /// wakes servers less often.
    private func settleSoon() {
        guard !isSettling else { return mustSettleAgain = true }
        guard !settlesSoon else { return }
        settlesSoon = true
        loop.run {
            self.assumeIsolated {
                $0.settlesSoon = false
                $0.settle()
            }
        }
    }

    private func collect() {
        while let (transfer, result) = multi?.nextEnded() {
            guard let flight = flights[transfer.flight], flight.transfer === transfer else { continue }
            if let talk = flight.talk, result == CURLE_OK {
                guard let multi, multi.watchTalk(of: transfer) else { fail(flight); continue }
                advance(flight, talk)
            } else {
                finish(flight, self.result(flight, transfer, result))
            }
        }
        for id in multi?.takeReadyTalks() ?? [] {
            if let flight = flights[id], let talk = flight.talk { advance(flight, talk) }
        }
        // Transfers that libcurl has not ended, because it waits for more of the body.
        for id in heads.take() {
            guard let flight = flights[id], let transfer = flight.transfer else { continue }
            finish(flight, .success(transfer.takeResponse()))
        }
    }

    private func advance(_ flight: Flight, _ talk: Talk) {
        guard let transfer = flight.transfer, let outcome = talk.advance(on: transfer) else { return }
        finish(flight, outcome)
    }

    // MARK: One request

    func start(_ errand: Errand, key: String?, within limit: Duration, _ completion: Flight.Completion) {
        lastFlight += 1
        let flight = Flight(lastFlight, errand.url, key: key, limit: limit, completion)
        flights[flight.id] = flight
        deadlines.set(flight.id, limit, from: .now)
        begin(flight, errand)
        settleSoon()
    }

    private func begin(_ flight: Flight, _ errand: Errand) {
        let known = flight.key.flatMap { idle.removeValue(forKey: $0) }
        let reused = known.flatMap { $0.errand == errand ? $0 : nil }
        guard let transfer = reused ?? newTransfer(errand) else { return fail(flight) }
        flight.transfer = transfer
        switch transfer.addressing {
        case .known: self.transfer(flight, to: [])
        case .given(let address): self.transfer(flight, to: [address])
        case .name(let host): names?.add(flight.id, host, at: .now)
        }
    }

    private func newTransfer(_ errand: Errand) -> Transfer? {
        guard let multi else { return nil }
        let owner = Transfer.Owner(kept: kept, heads: heads, closing: multi.closing)
        return try? Transfer(errand, userAgent: userAgent, owner)
    }

    /// Uses only the addresses of the wanted IP version.
    private func transfer(_ flight: Flight, toSomeOf addresses: [String]) {
        guard let version = flight.url.ipVersion else { return transfer(flight, to: addresses) }
        let wanted = addresses.filter { $0.contains(":") == (version == .six) }
        guard !wanted.isEmpty else {
            let detail = "it has no IPv\(version.rawValue) address"
            return finish(flight, .failure(.dns(host: flight.url.host, detail: detail)))
        }
        transfer(flight, to: wanted)
    }

    private func transfer(_ flight: Flight, to addresses: [String]) {
        names?.remove(flight.id)
        guard let multi, let transfer = flight.transfer, let due = deadlines.due(flight.id),
            (try? transfer.prepare(limit: due - .now, addresses: addresses)) != nil, multi.add(transfer)
        else {
            // The transfer cannot be used again.
            flight.transfer = nil
            return fail(flight)
        }
        transfer.flight = flight.id
        if !addresses.isEmpty {
            flight.place = addresses.map { flight.url.place(at: $0) }.joined(separator: ", ")
        }
    }

    private func result(_ flight: Flight, _ transfer: Transfer, _ code: CURLcode) -> Flight.Outcome {
        guard code == CURLE_OK else {
            return transfer.suffices(despite: code)
                ? .success(transfer.takeResponse())
                : .failure(TransferFailure(code, of: transfer, to: flight.place, limit: flight.limit))
        }
        return transfer.isComplete ? .success(transfer.takeResponse()) : .failure(.incomplete)
    }

    private func outOfTime(_ flight: Flight) -> Flight.Outcome {
        if let detail = names?.detail(flight.id, within: flight.limit) {
            return .failure(.dns(host: flight.url.host, detail: detail))
        }
        guard let transfer = flight.transfer else { return .failure(CurlClient.noTransfer) }
        if transfer.suffices { return .success(transfer.takeResponse()) }
        return .failure(.outOfTime(transfer, to: flight.place, limit: flight.limit))
    }

    private func fail(_ flight: Flight) {
        finish(flight, .failure(CurlClient.noTransfer))
    }

    private func finish(_ flight: Flight, _ outcome: Flight.Outcome) {
        guard flights.removeValue(forKey: flight.id) != nil else { return }
        deadlines.remove(flight.id)
        names?.remove(flight.id)
        release(flight)
        flight.completion.end(outcome)
    }

    /// Makes the transfer available for another request.
    private func release(_ flight: Flight) {
        guard let transfer = flight.transfer else { return }
        flight.transfer = nil
        multi?.remove(transfer)
        guard let key = flight.key, idle.count < CurlClient.idleLimit else { return }
        idle[key] = transfer
    }
}
