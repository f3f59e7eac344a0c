import CCurl
package import EventLoop
package import Health
import Judging
import Time

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
        case transferring
        /// The response is here, and its body is looked at.
        case judging(status: Int)
    }

    /// A probe that is out.
    private final class Flight {
        let id: Int
        let target: Target
        let limit: Duration
        var dueAt: Instant
        /// The loop stood still while it was out, and it was given its time again.
        var wasExtended = false
        let ended: @Sendable (Outcome) -> Void
        let generation: Int
        /// Where the connection goes: with addresses once they are known.
        var place: String
        /// The lookup whose failure would be this probe's.
        var lookup: Int?
        /// Until the response is here.
        var transfer: Transfer?
        var stage = Stage.lookingUp

        init(
            _ id: Int, _ target: Target, limit: Duration, dueAt: Instant, generation: Int,
            ended: @escaping @Sendable (Outcome) -> Void
        ) {
            self.id = id
            self.target = target
            self.limit = limit
            self.dueAt = dueAt
            self.generation = generation
            self.ended = ended
            place = target.url.place
        }

        var url: ProbeURL { target.url }

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
        // What has come by now is not late.
        settle()
        let now = Instant.now
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

    private func extend(_ id: Int, at now: Instant) -> Bool {
        guard let flight = flights[id], !flight.wasExtended, now - flight.dueAt > CurlProber.standstill else {
            return false
        }
        flight.wasExtended = true
        flight.dueAt = now + flight.limit
        deadlines.set(id, to: flight.dueAt)
        return true
    }

    private func end(_ passed: [Int]) {
        for id in passed {
            if let flight = flights[id] { outOfTime(flight) }
        }
        settle()
    }

    private func lookupEnded(_ name: String, _ number: Int, _ answer: Resolver.Answer) {
        let othersAreOut = resolver?.ended(name) ?? false
        for id in lookingUp[name] ?? [] {
            guard let flight = flights[id], flight.isLookingUp else { continue }
            switch answer {
            case .success(let addresses):
                transfer(flight, to: addresses)
            case .failure(let error):
                // An older lookup that failed says nothing as long as a newer one may find an address.
                guard number >= flight.lookup ?? 0 || !othersAreOut else { continue }
                finish(flight, .failure(.dns(host: name, detail: error.detail)))
            }
        }
        settle()
    }

    private func bodyWasRead(_ id: Int, of target: String, _ generation: Int, _ mismatch: BodyMismatch?) {
        if generation == self.generation { reading.remove(target) }
        guard let flight = flights[id], case .judging(let status) = flight.stage else { return }
        finish(flight, .success(ProbeResponse(status: status, mismatch: mismatch)))
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
        while let (transfer, result) = multi?.nextEnded() {
            guard let flight = flights[transfer.flight], flight.transfer === transfer else { continue }
            transferEnded(flight, transfer, result)
        }
    }

    // MARK: One probe

    private func fly(_ target: Target, _ limit: Duration, _ ended: @escaping @Sendable (Outcome) -> Void) {
        lastFlight += 1
        let flight = Flight(
            lastFlight, target, limit: limit, dueAt: .now + limit, generation: generation, ended: ended)
        flights[flight.id] = flight
        deadlines.set(flight.id, to: flight.dueAt)
        begin(flight)
        settleSoon()
    }

    private func begin(_ flight: Flight) {
        let target = flight.target
        guard let transfer = idle.removeValue(forKey: target.id) ?? make(target) else { return fail(flight) }
        flight.transfer = transfer
        switch transfer.addressing {
        case .known: self.transfer(flight, to: [])
        case .given(let address): self.transfer(flight, to: [address])
        case .name(let host):
            lookingUp[host, default: []].insert(flight.id)
            flight.lookup = resolver?.lookUp(host)
        }
    }

    private func transfer(_ flight: Flight, to addresses: [String]) {
        if flight.lookup != nil { stopWaiting(flight) }
        flight.stage = .transferring
        guard let multi, let transfer = flight.transfer,
            transfer.prepare(limit: flight.dueAt - .now, addresses: addresses), multi.add(transfer)
        else {
            // Nobody needs this one again.
            flight.transfer = nil
            return fail(flight)
        }
        transfer.flight = flight.id
        if !addresses.isEmpty {
            flight.place = addresses.map { flight.url.place(at: $0) }.joined(separator: ", ")
        }
    }

    private func fail(_ flight: Flight) {
        finish(flight, .failure(.internalError(detail: "libcurl cannot make the transfer")))
    }

    private func make(_ target: Target) -> Transfer? {
        var keepsBody = false
        if case .response(_, .some) = target.expectation { keepsBody = true }
        return Transfer(target.request, keepsBody: keepsBody, userAgent: userAgent, kept: kept)
    }

    private func transferEnded(_ flight: Flight, _ transfer: Transfer, _ result: CURLcode) {
        guard result == CURLE_OK else {
            return finish(
                flight, .failure(ProbeFailure(result, of: transfer, to: flight.place, limit: flight.limit)))
        }
        if flight.url.scheme == .tcp { return finish(flight, .success(ProbeResponse(status: nil))) }
        guard transfer.head.isComplete else { return finish(flight, .failure(.incomplete)) }
        let status = transfer.status
        guard let expectation = flight.target.expectation.body(of: status) else {
            return finish(flight, .success(ProbeResponse(status: status)))
        }
        let body = transfer.body
        release(flight)
        flight.stage = .judging(status: status)
        judge(flight, body, by: expectation)
    }

    private func judge(_ flight: Flight, _ body: [UInt8], by expectation: BodyExpectation) {
        let (id, target) = (flight.id, flight.target.id)
        // Since `forget`, the target's id may stand for something else: what is out from before has a reader to itself.
        let isCurrent = flight.generation == generation
        let known = isCurrent ? readers[target] : nil
        guard let reader = known ?? BodyReader(expectation), !isCurrent || reading.insert(target).inserted else {
            let detail = "a pattern is still being matched against an earlier response"
            return finish(flight, .failure(.internalError(detail: detail)))
        }
        if isCurrent { readers[target] = reader }
        reader.read(body) { [self, generation = flight.generation] mismatch in
            loop.run { self.assumeIsolated { $0.bodyWasRead(id, of: target, generation, mismatch) } }
        }
    }

    private func outOfTime(_ flight: Flight) {
        switch flight.stage {
        case .lookingUp:
            let detail = "no answer from the name servers within \(flight.limit.brief)"
            finish(flight, .failure(.dns(host: flight.url.host, detail: detail)))
        case .transferring:
            guard let transfer = flight.transfer else { return fail(flight) }
            finish(flight, .failure(.outOfTime(transfer, to: flight.place, limit: flight.limit)))
        case .judging:
            finish(flight, .failure(.timeout(limit: flight.limit, waitingFor: .judgement)))
        }
    }

    private func finish(_ flight: Flight, _ outcome: Outcome) {
        guard flights.removeValue(forKey: flight.id) != nil else { return }
        deadlines.remove(flight.id)
        if flight.isLookingUp { stopWaiting(flight) }
        release(flight)
        flight.ended(outcome)
    }

    private func stopWaiting(_ flight: Flight) {
        let name = flight.url.host
        lookingUp[name]?.remove(flight.id)
        if lookingUp[name]?.isEmpty == true { lookingUp[name] = nil }
    }

    /// Its transfer may be another probe's from here on.
    private func release(_ flight: Flight) {
        guard let transfer = flight.transfer else { return }
        flight.transfer = nil
        multi?.remove(transfer)
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
