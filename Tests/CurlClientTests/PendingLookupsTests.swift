import Testing

@testable import CurlClient

@Suite("Requests that wait for addresses")
struct PendingLookupsTests {
    private static let found = Resolver.Answer.success(["192.0.2.1"])
    private static let failed = Resolver.Answer.failure(Resolver.LookupError(detail: "no answer"))

    @Test("An address is one for all that wait for the name, whichever lookup found it")
    func addresses() {
        var lookups = PendingLookups()
        lookups.add(1, "loki", number: 1)
        lookups.add(2, "loki", number: 2)
        lookups.add(3, "tempo", number: 3)
        #expect(lookups.concerned(by: Self.found, "loki", 1, othersAreOut: true) == [1, 2])
        lookups.remove(1, "loki")
        #expect(lookups.concerned(by: Self.found, "loki", 1, othersAreOut: true) == [2])
        #expect(lookups.concerned(by: Self.found, "grafana", 4, othersAreOut: false).isEmpty)
    }

    @Test("A failure counts for a younger request only when no other lookup of the name is out")
    func failures() {
        var lookups = PendingLookups()
        lookups.add(1, "loki", number: 1)
        lookups.add(2, "loki", number: 2)
        #expect(lookups.concerned(by: Self.failed, "loki", 1, othersAreOut: true) == [1])
        #expect(lookups.concerned(by: Self.failed, "loki", 1, othersAreOut: false) == [1, 2])
        #expect(lookups.concerned(by: Self.failed, "loki", 2, othersAreOut: true) == [1, 2])
    }
}
