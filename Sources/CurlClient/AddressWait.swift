import Time

/// One request's wait for the addresses of its name.
///
/// At first, both families are looked up together. If this takes long, each family is looked up by itself, because
/// name servers and proxies before them may answer for one family only. Then the family that has an answer is used
/// after a short wait for the other (RFC 8305 §3).
struct AddressWait {
    enum Action: Equatable {
        case wait
        /// Waits for the other family, but no longer than `Resolver.patience`.
        case waitBriefly
        /// Look up each family by itself.
        case split
        /// An earlier answer is the best that is available now.
        case useFormer
        case use([String])
        case fail(Resolver.LookupError)
    }

    let name: String
    /// For each kind, the number of the first lookup whose failure counts for this request.
    private var first: [Resolver.Kind: Int]
    private var four: Resolver.Answer?
    private var six: Resolver.Answer?

    init(_ name: String, both number: Int) {
        self.name = name
        first = [.both: number]
    }

    private var isSplit: Bool { first[.four] != nil }

    mutating func hasSplit(four: Int, six: Int) {
        first[.four] = four
        first[.six] = six
    }

    /// An address counts for every request. The failure of an older lookup does not count as long as a newer one may
    /// find an address.
    mutating func answered(_ lookup: Resolver.Lookup, _ answer: Resolver.Answer, othersAreOut: Bool) -> Action {
        if case .failure = answer, othersAreOut, lookup.number < first[lookup.kind] ?? .max { return .wait }
        switch (lookup.kind, answer) {
        case (.both, .success(let addresses)): return .use(addresses)
        // After the split, the two separate lookups decide.
        case (.both, .failure(let error)): return isSplit ? .wait : .fail(error)
        case (.four, _): four = AddressWait.better(four, answer)
        case (.six, _): six = AddressWait.better(six, answer)
        }
        return isSplit ? splitAction : .wait
    }

    /// After `Resolver.patience`, counted from the start, the split, or the first family's address.
    mutating func timeHasPassed() -> Action {
        if let found = AddressWait.addresses(four, six) { return .use(found) }
        return isSplit ? .useFormer : .split
    }

    /// The missing answer, for the message if the request times out.
    func detail(within limit: Duration) -> String {
        let nothing = "no answer from the name servers within \(limit.brief)"
        return switch (four, six) {
        case (.failure(let error), nil): "\(nothing) for IPv6 (IPv4: \(error.detail))"
        case (nil, .failure(let error)): "\(nothing) for IPv4 (IPv6: \(error.detail))"
        default: nothing
        }
    }

    private var splitAction: Action {
        switch (four, six) {
        case (.failure(let error), .failure(let other)):
            return .fail(error == other ? error : error.joined(with: other))
        case (.some, .some): return AddressWait.addresses(four, six).map { .use($0) } ?? .wait
        case (.success, nil), (nil, .success): return .waitBriefly
        case (.failure, nil), (nil, .failure), (nil, nil): return .wait
        }
    }

    private static func better(_ former: Resolver.Answer?, _ answer: Resolver.Answer) -> Resolver.Answer {
        if case .success? = former, case .failure = answer { return former ?? answer }
        return answer
    }

    /// nil where none is known.
    private static func addresses(_ four: Resolver.Answer?, _ six: Resolver.Answer?) -> [String]? {
        let (four, six) = ((try? four?.get()) ?? [], (try? six?.get()) ?? [])
        guard !four.isEmpty || !six.isEmpty else { return nil }
        return Reachability.sixComesFirst(six, beside: four) ? six + four : four + six
    }
}

extension Resolver.LookupError {
    fileprivate func joined(with six: Resolver.LookupError) -> Resolver.LookupError {
        Resolver.LookupError(
            detail: "IPv4: \(detail); IPv6: \(six.detail)", isInternal: isInternal || six.isInternal)
    }
}
