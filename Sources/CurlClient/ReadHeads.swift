/// The requests whose response has got its head since they were last taken, where the head is all that is wanted.
///
/// libcurl would read on to the end of the body, and must not be told to stop from within its own callback: a body that is
/// there already leaves the connection for the next request.
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
