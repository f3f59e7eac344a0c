/// Requests that have received all they need, the head or the beginning of the body, while more of the body is
/// coming.
///
/// libcurl would read to the end of the body. It must not be stopped from within its own callback: if the rest of the
/// body is already there, the connection can be kept for the next request.
final class ReadHeads {
    private var flights: [Int] = []

    func note(_ flight: Int) {
        flights.append(flight)
    }

    func take() -> [Int] {
        guard !flights.isEmpty else { return [] }
        defer { flights.removeAll(keepingCapacity: true) }
        return flights
    }
}
