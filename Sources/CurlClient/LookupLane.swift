import Time

/// The lookups of one kind that are out, and the names that wait for theirs. So many may be out at a time, as each has a
/// thread for as long as the name servers keep silent.
struct LookupLane {
    /// Lookups of one name that may be out at a time. The second notices that a silent name server is back.
    static let limitForOneName = 2

    private let size: Int
    /// By name and number, since when each has been out.
    private var out: [String: [Int: Instant]] = [:]
    private var total = 0
    /// Each name once, in the order in which they came.
    private var waiting: [String] = []
    private var isWaiting: Set<String> = []
    private var lastEnd: Instant?

    init(size: Int) {
        self.size = size
    }

    enum Turn: Equatable {
        case now
        /// There are enough lookups of this name.
        case joins
        case later
    }

    /// - Parameter isSuspect: whether the name servers keep silent about this name. Such names leave a place for others.
    mutating func ask(_ name: String, isSuspect: Bool) -> Turn {
        guard out[name, default: [:]].count < LookupLane.limitForOneName else { return .joins }
        if hasPlace(isSuspect) { return .now }
        if isWaiting.insert(name).inserted { waiting.append(name) }
        return .later
    }

    mutating func began(_ name: String, _ number: Int, at now: Instant) {
        out[name, default: [:]][number] = now
        total += 1
    }

    /// - Returns: how long it took.
    mutating func ended(_ name: String, _ number: Int, at now: Instant) -> Duration {
        guard let start = out[name]?.removeValue(forKey: number) else { return .zero }
        if out[name]?.isEmpty == true { out[name] = nil }
        total -= 1
        lastEnd = now
        return now - start
    }

    /// The name whose lookup is to begin, now that there is a place; nil where there is none.
    mutating func next(isSuspect: (String) -> Bool) -> String? {
        guard let index = waiting.firstIndex(where: { hasPlace(isSuspect($0)) }) else { return nil }
        isWaiting.remove(waiting[index])
        return waiting.remove(at: index)
    }

    var isAnyoneWaiting: Bool { !waiting.isEmpty }

    /// Whether that name waits for its turn, and turns come.
    func isNear(_ name: String, within time: Duration, at now: Instant) -> Bool {
        isWaiting.contains(name) && lastEnd.map { now - $0 < time } ?? false
    }

    /// Whether a lookup of that name is out or waits.
    func isOut(_ name: String) -> Bool { out[name] != nil || isWaiting.contains(name) }

    /// Whether a lookup of that name has been out for so long.
    func isOut(_ name: String, for time: Duration, at now: Instant) -> Bool {
        out[name]?.values.contains { now - $0 >= time } ?? false
    }

    private func hasPlace(_ isSuspect: Bool) -> Bool { total < (isSuspect ? size - 1 : size) }
}
