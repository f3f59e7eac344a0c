import Time

/// The running lookups of one kind, and the names that wait for a lookup. The number of lookups is limited, because
/// each occupies a thread until the name servers answer.
struct LookupLane {
    /// How many lookups of one name may run. The second one notices when a silent name server works again.
    static let limitForOneName = 2

    private let size: Int
    /// By name and number, the start of each running lookup.
    private var out: [String: [Int: Instant]] = [:]
    private var total = 0
    /// Each name once, in order of arrival.
    private var waiting: [String] = []
    private var isWaiting: Set<String> = []
    private var lastEnd: Instant?

    init(size: Int) {
        self.size = size
    }

    enum Turn: Equatable {
        case now
        /// No further lookup of this name is needed.
        case joins
        case later
    }

    /// - Parameter isSuspect: whether the name servers have been silent about this name. Suspect names leave a place
    ///   for others.
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

    /// - Returns: the duration of the lookup.
    mutating func ended(_ name: String, _ number: Int, at now: Instant) -> Duration {
        guard let start = out[name]?.removeValue(forKey: number) else { return .zero }
        if out[name]?.isEmpty == true { out[name] = nil }
        total -= 1
        lastEnd = now
        return now - start
    }

    /// Takes the next name whose lookup may begin; nil if there is no free place.
    mutating func next(isSuspect: (String) -> Bool) -> String? {
        guard let index = waiting.firstIndex(where: { hasPlace(isSuspect($0)) }) else { return nil }
        isWaiting.remove(waiting[index])
        return waiting.remove(at: index)
    }

    var isAnyoneWaiting: Bool { !waiting.isEmpty }

    /// Whether the name is waiting for a place, and places become free.
    func isNear(_ name: String, within time: Duration, at now: Instant) -> Bool {
        isWaiting.contains(name) && lastEnd.map { now - $0 < time } ?? false
    }

    /// Whether a lookup of the name is running or waiting.
    func isOut(_ name: String) -> Bool { out[name] != nil || isWaiting.contains(name) }

    /// Whether a lookup of the name has been running for at least that time.
    func isOut(_ name: String, for time: Duration, at now: Instant) -> Bool {
        out[name]?.values.contains { now - $0 >= time } ?? false
    }

    private func hasPlace(_ isSuspect: Bool) -> Bool { total < (isSuspect ? size - 1 : size) }
}
