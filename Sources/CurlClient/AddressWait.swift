import Time

/// One request's wait for the addresses of its name.
///
/// At first both families are asked for at once. Where that takes long, each is asked for by itself: name servers and what
/// is before them may answer for one family and keep silent about the other. Then the family that is there is used, after a
/// short wait for the other (RFC 8305 §3).
struct AddressWait {
    enum Action: Equatable {
        case wait
        /// For the other family, but no longer than `Resolver.patience`.
        case waitBriefly
        /// Each family is to be asked for by itself.
        case split
        /// What was found earlier is as good as can be had now.
        case useFormer
        case use([String])
        case fail(Resolver.LookupError)
    }

    let name: String
    /// By kind, the number of the first lookup whose failure is this request's.
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

    /// An address is one for all; a failure of an older lookup says nothing as long as a newer one may find an address.
    mutating func answered(_ lookup: Resolver.Lookup, _ answer: Resolver.Answer, othersAreOut: Bool) -> Action {
        if case .failure = answer, othersAreOut, lookup.number < first[lookup.kind] ?? .max { return .wait }
        switch (lookup.kind, answer) {
        case (.both, .success(let addresses)): return .use(addresses)
        // After the split, the two others know better. Before it, one family's answer may have spoilt both: it was cut short,
        // and asking by TCP failed.
        case (.both, .failure(let error)): return isSplit ? .wait : error.isTemporary ? .split : .fail(error)
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

    /// What is missing when the request's time is over. With one family's lookup that could not be made, the name servers
    /// are not to blame.
    func missing(after limit: Duration) -> Resolver.LookupError {
        let nothing = "no answer from the name servers within \(limit.brief)"
        return switch (four, six) {
        case (.failure(let error), nil):
            Resolver.LookupError(
                detail: "\(nothing) for IPv6 (IPv4: \(error.detail))", isInternal: error.isInternal)
        case (nil, .failure(let error)):
            Resolver.LookupError(
                detail: "\(nothing) for IPv4 (IPv6: \(error.detail))", isInternal: error.isInternal)
        default: Resolver.LookupError(detail: nothing)
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
            detail: "IPv4: \(detail); IPv6: \(six.detail)", isInternal: isInternal || six.isInternal,
            isTemporary: isTemporary || six.isTemporary)
    }
}
