/// How many responses have had each status code. A server has few of them, so counting one is a short search.
package struct StatusTally: Sendable {
    /// In the order in which they came first.
    package private(set) var counts: [(code: Int, count: Int)] = []

    package init() {}

    package mutating func record(_ code: Int) {
        if let index = counts.firstIndex(where: { $0.code == code }) {
            counts[index].count += 1
        } else {
            counts.append((code, 1))
        }
    }
}
