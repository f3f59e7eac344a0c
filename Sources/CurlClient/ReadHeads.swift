/// The requests that have got all that they want of their response since they were last taken, with more of its body to come:
/// the head alone, or the beginning of the body.
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
