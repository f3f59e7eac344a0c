/// Which requests wait for the addresses of which name.
struct PendingLookups {
    /// By name and request: the number of the first lookup whose failure is the request's.
    private var waiting: [String: [Int: Int]] = [:]

    mutating func add(_ request: Int, _ name: String, number: Int) {
        waiting[name, default: [:]][request] = number
    }

    mutating func remove(_ request: Int, _ name: String) {
        waiting[name]?[request] = nil
        if waiting[name]?.isEmpty == true { waiting[name] = nil }
    }

    /// The requests that this answer decides. An address is one for all; a failure of an older lookup says nothing as long
    /// as a newer one may find an address.
    func concerned(by answer: Resolver.Answer, _ name: String, _ number: Int, othersAreOut: Bool) -> [Int] {
        guard let found = waiting[name] else { return [] }
        let decides: (Int) -> Bool
        switch answer {
        case .success: decides = { _ in true }
        case .failure: decides = { number >= $0 || !othersAreOut }
        }
        return found.filter { decides($0.value) }.map(\.key).sorted()
    }
}
