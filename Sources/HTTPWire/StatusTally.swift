/// Counts responses by status code. A server uses few codes, so a short list is enough.
package struct StatusTally: Sendable {
    /// In order of their first use.
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
