import EventLoop
import Time

/// Gets the addresses for the names of requests, and keeps the deadlines of the lookups.
///
/// Not Sendable: the client owns it, calls it on the loop, and passes it the time and the answers.
final class NameLookups {
    typealias Outcome = Result<[String], Resolver.LookupError>

    /// An answer that took this long comes too late for its request. It is kept for later requests, in case the name
    /// servers have no newer answer. Other answers are not kept: the next request finds a service that has moved.
    private static let late = Duration.seconds(1)
    private static let lifetime = Duration.seconds(30)

    private struct Former {
        let addresses: [String]
        let until: Instant
    }

    private let resolver: Resolver
    private let decided: (_ request: Int, Outcome) -> Void
    private var waits: [Int: AddressWait] = [:]
    private var waiting: [String: Set<Int>] = [:]
    private var patience = Deadlines()
    private var former: [String: Former] = [:]

    /// - Parameters:
    ///   - resolver: its answers are passed to `answered`.
    ///   - decided: called once with the result for a request, unless the request is removed first.
    init(_ resolver: Resolver, decided: @escaping (_ request: Int, Outcome) -> Void) {
        self.resolver = resolver
        self.decided = decided
    }

    func prepare() {
        resolver.prepare()
    }

    /// When `timeHasPassed` must be called, or earlier.
    var due: Instant? { patience.earliest }

    func add(_ request: Int, _ name: String, at now: Instant) {
        let isSilent = resolver.isSilent(name, at: now)
        waits[request] = AddressWait(name, both: resolver.lookUp(name, .both, at: now))
        waiting[name, default: []].insert(request)
        if isSilent { split(request, at: now) } else { patience.set(request, to: now + Resolver.patience) }
    }

    func remove(_ request: Int) {
        guard let wait = waits.removeValue(forKey: request) else { return }
        patience.remove(request)
        waiting[wait.name]?.remove(request)
        if waiting[wait.name]?.isEmpty == true { waiting[wait.name] = nil }
    }

    func answered(_ lookup: Resolver.Lookup, _ answer: Resolver.Answer, at now: Instant) {
        let (time, othersAreOut) = resolver.ended(lookup, at: now)
        keep(answer, of: lookup, after: time, at: now)
        for request in waiting[lookup.name, default: []].sorted() {
            guard let action = waits[request]?.answered(lookup, answer, othersAreOut: othersAreOut) else { continue }
            act(action, request, at: now)
        }
    }

    func timeHasPassed(at now: Instant) {
        while let request = patience.popPassed(at: now) {
            guard let action = waits[request]?.timeHasPassed() else { continue }
            act(action, request, at: now)
        }
    }

    /// Describes the missing answer, for a request that has timed out.
    func detail(_ request: Int, within limit: Duration) -> String? { waits[request]?.detail(within: limit) }

    private func act(_ action: AddressWait.Action, _ request: Int, at now: Instant) {
        switch action {
        case .wait: break
        case .waitBriefly: patience.set(request, to: now + Resolver.patience)
        case .split: split(request, at: now)
        case .useFormer: useFormer(request, at: now)
        case .use(let addresses): end(request, .success(addresses))
        case .fail(let error): end(request, .failure(error))
        }
    }

    private func split(_ request: Int, at now: Instant) {
        guard let name = waits[request]?.name else { return }
        patience.set(request, to: now + Resolver.patience)
        guard !resolver.isNear(name, at: now) else { return }
        let (four, six) = (resolver.lookUp(name, .four, at: now), resolver.lookUp(name, .six, at: now))
        waits[request]?.hasSplit(four: four, six: six)
    }

    private func useFormer(_ request: Int, at now: Instant) {
        guard let name = waits[request]?.name, let known = former[name] else { return }
        guard known.until > now else { return former[name] = nil }
        end(request, .success(known.addresses))
    }

    private func keep(_ answer: Resolver.Answer, of lookup: Resolver.Lookup, after time: Duration, at now: Instant) {
        guard case .success(let addresses) = answer else { return }
        former[lookup.name] =
            time < NameLookups.late ? nil : Former(addresses: addresses, until: now + NameLookups.lifetime)
    }

    private func end(_ request: Int, _ outcome: Outcome) {
        remove(request)
        decided(request, outcome)
    }
}
