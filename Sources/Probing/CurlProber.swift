import CCurl
package import EventLoop
package import Health

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
    /// A probe that is out.
    private struct Flight {
        let url: ProbeURL
        let limit: Duration
        let dueAt: ContinuousClock.Instant
        let continuation: CheckedContinuation<Outcome, Never>
        /// Where the connection goes: with addresses once they are known.
        var place: String
        /// The lookup whose failure would be this probe's.
        var lookup: Int?
        /// nil while the name is looked up.
        var transfer: Transfer?
    }

    /// Handles kept for later probes of the same URL.
    private static let idleLimit = 4096

    private static let libraryIsReady = curl_global_init(Int(CURL_GLOBAL_SSL | CURL_GLOBAL_WIN32)) == CURLE_OK

    private nonisolated let loop: EventLoop
    private let userAgent: String
    private var multi: Multi?
    private var resolver: Resolver?
    private var timer: LoopTimer?
    private var deadlines = Deadlines<Int>()
    private var flights: [Int: Flight] = [:]
    private var flightOfHandle: [UnsafeMutableRawPointer: Int] = [:]
    private var idle: [ProbeURL: Transfer] = [:]
    private var lastFlight = 0

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

    package func probe(_ url: ProbeURL, within limit: Duration) async -> Outcome {
        await withCheckedContinuation { continuation in
            lastFlight += 1
            let dueAt = ContinuousClock.now + limit
            flights[lastFlight] = Flight(
                url: url, limit: limit, dueAt: dueAt, continuation: continuation, place: url.place)
            deadlines.set(lastFlight, to: dueAt)
            begin(lastFlight, url)
            settle()
        }
    }

    // MARK: Events

    private func socketsAreReady() {
        multi?.drain()
        settle()
    }

    private func expire() {
        timer?.fired()
        let now = ContinuousClock.now
        multi?.runTimer(at: now)
        collect()
        while let id = deadlines.popPassed(at: now) { outOfTime(id) }
        settle()
    }

    private func lookupEnded(_ name: String, _ number: Int, _ answer: Resolver.Answer) {
        let othersAreOut = resolver?.ended(name) ?? false
        for (id, flight) in flights where flight.transfer == nil && flight.url.host == name {
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

    /// Brings libcurl's state and ours together; to be called after anything that may have changed either.
    private func settle() {
        let now = ContinuousClock.now
        multi?.runTimer(at: now)
        collect()
        let wanted = [deadlines.earliest, multi?.due].compactMap(\.self).min()
        if let wanted { timer?.wake(by: wanted, now: now) }
    }

    private func collect() {
        while let (easy, result) = multi?.nextEnded() {
            guard let id = flightOfHandle[easy], let flight = flights[id], let transfer = flight.transfer else {
                continue
            }
            finish(id, outcome(result, transfer, flight))
        }
    }

    // MARK: One probe

    private func begin(_ id: Int, _ url: ProbeURL) {
        if url.socketPath != nil || Resolver.isAddress(url.host) { return transfer(id, to: []) }
        guard let lookup = resolver?.lookUp(url.host) else {
            let detail = "\(Resolver.limit) name lookups wait for an answer already"
            return finish(id, .failure(.dns(host: url.host, detail: detail)))
        }
        flights[id]?.lookup = lookup
    }

    private func transfer(_ id: Int, to addresses: [String]) {
        guard let flight = flights[id] else { return }
        let url = flight.url
        let kept = idle.removeValue(forKey: url)
        guard let multi, let transfer = kept ?? Transfer(url, userAgent: userAgent),
            transfer.prepare(limit: flight.dueAt - .now, addresses: addresses), multi.add(transfer)
        else { return finish(id, .failure(.internalError(detail: "libcurl is out of memory"))) }
        flights[id]?.transfer = transfer
        flightOfHandle[transfer.easy] = id
        if !addresses.isEmpty {
            flights[id]?.place = addresses.map { url.place(at: $0) }.joined(separator: ", ")
        }
    }

    private func outcome(_ result: CURLcode, _ transfer: Transfer, _ flight: Flight) -> Outcome {
        guard result == CURLE_OK else {
            return .failure(ProbeFailure(result, of: transfer, to: flight.place, limit: flight.limit))
        }
        return transfer.headIsComplete ? .success(ProbeResponse(status: transfer.status)) : .failure(.incomplete)
    }

    private func outOfTime(_ id: Int) {
        guard let flight = flights[id] else { return }
        if let transfer = flight.transfer {
            finish(id, .failure(.outOfTime(transfer, to: flight.place, limit: flight.limit)))
        } else {
            let detail = "no answer from the name servers within \(flight.limit.brief)"
            finish(id, .failure(.dns(host: flight.url.host, detail: detail)))
        }
    }

    private func finish(_ id: Int, _ outcome: Outcome) {
        guard let flight = flights.removeValue(forKey: id) else { return }
        deadlines.remove(id)
        if let transfer = flight.transfer {
            multi?.remove(transfer)
            flightOfHandle[transfer.easy] = nil
            if idle.count < CurlProber.idleLimit { idle[flight.url] = transfer }
        }
        flight.continuation.resume(returning: outcome)
    }
}

extension ProbeURL {
    /// One of the addresses that the host has, with the port.
    fileprivate func place(at address: String) -> String {
        address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
