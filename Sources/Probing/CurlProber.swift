import CCurl
package import EventLoop
package import Health
import Judging

/// libcurl or the system did not give what probing needs.
package enum ProberError: Error, CustomStringConvertible {
    case curl
    case system(SystemError)

    package var description: String {
        switch self {
        case .curl: "libcurl could not be initialised"
        case .system(let error): "probing could not be set up: \(error)"
        }
    }
}

/// Probes by libcurl's multi interface on the event loop: any number at once, none of which can hold up another.
///
/// Every probe has its deadline here and not only in libcurl, so that whatever hangs, its caller does not.
package actor CurlProber: Prober {
    private enum Stage {
        case lookingUp
        case transferring(Transfer)
        /// The response is here, and its body is looked at.
        case judging(status: Int)
    }

    /// A probe that is out.
    private struct Flight {
        let target: Target
        let limit: Duration
        var dueAt: ContinuousClock.Instant
        /// The loop stood still while it was out, and it was given its time again.
        var wasExtended = false
        let ended: @Sendable (Outcome) -> Void
        let generation: Int
        /// Where the connection goes: with addresses once they are known.
        var place: String
        /// The lookup whose failure would be this probe's.
        var lookup: Int?
        var stage = Stage.lookingUp

        var url: ProbeURL { target.url }

        var transfer: Transfer? {
            if case .transferring(let transfer) = stage { transfer } else { nil }
        }

        var isLookingUp: Bool {
            if case .lookingUp = stage { true } else { false }
        }
    }

    /// Handles kept for later probes of the same target.
    private static let idleLimit = 4096
    /// A deadline found this late is not the target's fault: the process was stopped, or had no processor.
    private static let standstill: Duration = .milliseconds(100)

    private static let settlingRounds = 16

    private static let libraryIsReady = curl_global_init(Int(CURL_GLOBAL_SSL | CURL_GLOBAL_WIN32)) == CURLE_OK

    private nonisolated let loop: EventLoop
    private let userAgent: String
    private var multi: Multi?
    private var resolver: Resolver?
    private var timer: LoopTimer?
    private var deadlines = Deadlines()
    private var flights: [Int: Flight] = [:]
    private var flightOfHandle: [UnsafeMutableRawPointer: Int] = [:]
    /// Those that wait for an address, by the name that is looked up.
    private var lookingUp: [String: Set<Int>] = [:]
    private var lastFlight = 0
    private var isSettling = false
    private var mustSettleAgain = false
    private var settlesSoon = false

    /// What is kept between probes, by the targets' ids, until `forget`.
    private var idle: [String: Transfer] = [:]
    private let kept = KeptConnections()
    private var readers: [String: BodyReader] = [:]
    /// The targets whose readers are at work: one that is stuck gets nothing more to do.
    private var reading: Set<String> = []
    private var generation = 0

    /// - Parameter userAgent: what probes say they are, such as `healthz/1.0`.
    package init(on loop: EventLoop, userAgent: String) {
        self.loop = loop
        self.userAgent = userAgent
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Must be called once, before the first probe.
    package func start() throws(ProberError) {
        guard CurlProber.libraryIsReady else { throw .curl }
        multi = try Multi(on: loop) { [weak self] in self?.assumeIsolated { $0.socketsAreReady() } }
        timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.expire() } }
        resolver = Resolver(on: loop) { [weak self] name, number, answer in
            self?.assumeIsolated { $0.lookupEnded(name, number, answer) }
        }
    }

    package nonisolated func probe(
        _ target: Target, within limit: Duration, ended: @escaping @Sendable (Outcome) -> Void
    ) {
        assumeIsolated { $0.fly(target, limit, ended) }
    }

    /// Probes once, for those who have nothing else to do.
    package func outcome(of target: Target, within limit: Duration) async -> Outcome {
        await withCheckedContinuation { continuation in
            fly(target, limit) { continuation.resume(returning: $0) }
        }
    }

    /// Lets go of all that is kept for later probes: targets may have changed, and with them what their ids stand for.
    package func forget() {
        generation += 1
        idle = [:]
        readers = [:]
        reading = []
    }

    // MARK: Events

    private func socketsAreReady() {
        multi?.drain()
        settle()
    }

    private func expire() {
        timer?.fired()
        // What has come by now is not late.
        settle()
        let now = ContinuousClock.now
        var passed: [Int] = []
        while let id = deadlines.popPassed(at: now) {
            if !extend(id, at: now) { passed.append(id) }
        }
        if !passed.isEmpty {
            // Behind the sockets' turn: an answer that has come is not late for having waited there.
            loop.run { [passed] in self.assumeIsolated { $0.end(passed) } }
        }
        settle()
    }

    private func extend(_ id: Int, at now: ContinuousClock.Instant) -> Bool {
        guard let flight = flights[id], !flight.wasExtended, now - flight.dueAt > CurlProber.standstill else {
            return false
        }
        flights[id]?.wasExtended = true
        flights[id]?.dueAt = now + flight.limit
        deadlines.set(id, to: now + flight.limit)
        return true
    }

    private func end(_ passed: [Int]) {
        for id in passed { outOfTime(id) }
        settle()
    }

    private func lookupEnded(_ name: String, _ number: Int, _ answer: Resolver.Answer) {
        let othersAreOut = resolver?.ended(name) ?? false
        for id in lookingUp[name] ?? [] {
            guard let flight = flights[id], flight.isLookingUp else { continue }
            switch answer {
            case .success(let addresses):
                transfer(id, to: addresses)
            case .failure(let error):
                // An older lookup that failed says nothing as long as a newer one may find an address.
                guard number >= flight.lookup ?? 0 || !othersAreOut else { continue }
                finish(id, .failure(.dns(host: name, detail: error.detail)))
            }
        }
        settle()
    }

    private func bodyWasRead(_ id: Int, of target: String, _ generation: Int, _ mismatch: BodyMismatch?) {
        if generation == self.generation { reading.remove(target) }
        guard case .judging(let status) = flights[id]?.stage else { return }
        finish(id, .success(ProbeResponse(status: status, mismatch: mismatch)))
        settle()
    }

    /// Brings libcurl's state and ours together; to be called after anything that may have changed either.
    ///
    /// Whoever waits for a probe that ends here may begin the next at once, and so call this again: that is the next round
    /// of the call that is under way, and not a call within it, as any number of probes may follow each other so.
    private func settle() {
        mustSettleAgain = true
        guard !isSettling else { return }
        isSettling = true
        var rounds = 0
        while mustSettleAgain, rounds < CurlProber.settlingRounds {
            mustSettleAgain = false
            rounds += 1
            multi?.runTimer(at: .now)
            collect()
        }
        isSettling = false
        // Others get their turn.
        if mustSettleAgain { settleSoon() }
        let wanted = [deadlines.earliest, multi?.due].compactMap(\.self).min()
        if let wanted { timer?.wake(by: wanted) }
    }

    /// Behind whatever else is begun in this turn: probes that begin together send their requests together, which wakes
    /// upstreams less often.
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
        while let (easy, result) = multi?.nextEnded() {
            guard let id = flightOfHandle[easy], let flight = flights[id], let transfer = flight.transfer else {
                continue
            }
            transferEnded(id, flight, transfer, result)
        }
    }

    // MARK: One probe

    private func fly(_ target: Target, _ limit: Duration, _ ended: @escaping @Sendable (Outcome) -> Void) {
        lastFlight += 1
        let dueAt = ContinuousClock.now + limit
        flights[lastFlight] = Flight(
            target: target, limit: limit, dueAt: dueAt, ended: ended, generation: generation, place: target.url.place)
        deadlines.set(lastFlight, to: dueAt)
        begin(lastFlight, target)
        settleSoon()
    }

    private func begin(_ id: Int, _ target: Target) {
        let host = target.url.host
        if target.url.socketPath != nil { return transfer(id, to: []) }
        if Resolver.isAddress(host) {
            // libcurl knows the address under the name in the certificate.
            return transfer(id, to: target.request.tls.serverName == nil ? [] : [host])
        }
        lookingUp[host, default: []].insert(id)
        flights[id]?.lookup = resolver?.lookUp(host)
    }

    private func transfer(_ id: Int, to addresses: [String]) {
        guard let flight = flights[id] else { return }
        let target = flight.target
        guard let multi, let transfer = idle.removeValue(forKey: target.id) ?? make(target),
            transfer.prepare(limit: flight.dueAt - .now, addresses: addresses), multi.add(transfer)
        else { return finish(id, .failure(.internalError(detail: "libcurl cannot make the transfer"))) }
        flights[id]?.stage = .transferring(transfer)
        stopWaiting(id, for: target.url.host)
        flightOfHandle[transfer.easy] = id
        if !addresses.isEmpty {
            flights[id]?.place = addresses.map { target.url.place(at: $0) }.joined(separator: ", ")
        }
    }

    private func make(_ target: Target) -> Transfer? {
        var keepsBody = false
        if case .response(_, .some) = target.expectation { keepsBody = true }
        return Transfer(target.request, keepsBody: keepsBody, userAgent: userAgent, kept: kept)
    }

    private func transferEnded(_ id: Int, _ flight: Flight, _ transfer: Transfer, _ result: CURLcode) {
        guard result == CURLE_OK else {
            return finish(
                id, .failure(ProbeFailure(result, of: transfer, to: flight.place, limit: flight.limit)))
        }
        if flight.url.scheme == .tcp { return finish(id, .success(ProbeResponse(status: nil))) }
        guard transfer.head.isComplete else { return finish(id, .failure(.incomplete)) }
        let status = transfer.status
        guard let expectation = flight.target.expectation.body(of: status) else {
            return finish(id, .success(ProbeResponse(status: status)))
        }
        let body = transfer.body
        release(transfer, of: flight)
        flights[id]?.stage = .judging(status: status)
        judge(id, body, flight.target.id, by: expectation)
    }

    private func judge(_ id: Int, _ body: [UInt8], _ target: String, by expectation: BodyExpectation) {
        guard let reader = readers[target] ?? BodyReader(expectation), reading.insert(target).inserted else {
            let detail = "a pattern is still being matched against an earlier response"
            return finish(id, .failure(.internalError(detail: detail)))
        }
        readers[target] = reader
        reader.read(body) { [self, generation] mismatch in
            loop.run { self.assumeIsolated { $0.bodyWasRead(id, of: target, generation, mismatch) } }
        }
    }

    private func outOfTime(_ id: Int) {
        guard let flight = flights[id] else { return }
        switch flight.stage {
        case .lookingUp:
            let detail = "no answer from the name servers within \(flight.limit.brief)"
            finish(id, .failure(.dns(host: flight.url.host, detail: detail)))
        case .transferring(let transfer):
            finish(id, .failure(.outOfTime(transfer, to: flight.place, limit: flight.limit)))
        case .judging:
            finish(id, .failure(.timeout(limit: flight.limit, waitingFor: .judgement)))
        }
    }

    private func finish(_ id: Int, _ outcome: Outcome) {
        guard let flight = flights.removeValue(forKey: id) else { return }
        deadlines.remove(id)
        if flight.isLookingUp { stopWaiting(id, for: flight.url.host) }
        if let transfer = flight.transfer { release(transfer, of: flight) }
        flight.ended(outcome)
    }

    private func stopWaiting(_ id: Int, for name: String) {
        lookingUp[name]?.remove(id)
        if lookingUp[name]?.isEmpty == true { lookingUp[name] = nil }
    }

    private func release(_ transfer: Transfer, of flight: Flight) {
        multi?.remove(transfer)
        flightOfHandle[transfer.easy] = nil
        guard flight.generation == generation, idle.count < CurlProber.idleLimit else { return }
        idle[flight.target.id] = transfer
    }
}

extension ProbeURL {
    /// One of the addresses that the host has, with the port.
    fileprivate func place(at address: String) -> String {
        address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
