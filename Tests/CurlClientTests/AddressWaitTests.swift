import Testing

@testable import CurlClient

@Suite("A request that waits for addresses")
struct AddressWaitTests {
    private typealias Action = AddressWait.Action

    private static let four = Resolver.Answer.success(["127.0.0.1"])
    private static let six = Resolver.Answer.success(["::1"])
    private static let none = Resolver.Answer.failure(Resolver.LookupError(detail: "no address"))
    private static let silence = Resolver.Answer.failure(Resolver.LookupError(detail: "no answer"))

    private func lookup(_ kind: Resolver.Kind, _ number: Int) -> Resolver.Lookup {
        Resolver.Lookup(name: "loki", kind: kind, number: number)
    }

    private func split() -> AddressWait {
        var wait = AddressWait("loki", both: 5)
        #expect(wait.timeHasPassed() == .split)
        wait.hasSplit(four: 6, six: 7)
        return wait
    }

    @Test("The result for both families is used at once, whichever lookup found it")
    func both() {
        for number in [1, 5, 9] {
            var wait = AddressWait("loki", both: 5)
            #expect(wait.answered(lookup(.both, number), Self.four, othersAreOut: true) == .use(["127.0.0.1"]))
        }
    }

    @Test("A failure counts for a younger request only when no other lookup of the name is out")
    func failures() {
        for (number, othersAreOut, counts) in [(4, true, false), (4, false, true), (5, true, true), (6, true, true)] {
            var wait = AddressWait("loki", both: 5)
            let action = wait.answered(lookup(.both, number), Self.none, othersAreOut: othersAreOut)
            #expect(action == (counts ? .fail(Resolver.LookupError(detail: "no address")) : .wait))
        }
    }

    @Test("If one family has addresses, they are used after a short wait for the other")
    func half() {
        for (kind, answer, addresses) in [
            (Resolver.Kind.four, Self.four, ["127.0.0.1"]), (.six, Self.six, ["::1"]),
        ] {
            var wait = split()
            #expect(wait.answered(lookup(kind, 6), answer, othersAreOut: false) == .waitBriefly)
            #expect(wait.timeHasPassed() == .use(addresses))
        }
        // What another request was told before this one asks is good enough as well.
        var wait = AddressWait("loki", both: 5)
        #expect(wait.answered(lookup(.four, 2), Self.four, othersAreOut: false) == .wait)
        #expect(wait.timeHasPassed() == .use(["127.0.0.1"]))
    }

    @Test("After answers for both families, there is no wait")
    func settled() {
        for (other, expected) in [(Self.six, ["::1", "127.0.0.1"]), (Self.none, ["127.0.0.1"])] {
            var wait = split()
            _ = wait.answered(lookup(.four, 6), Self.four, othersAreOut: false)
            #expect(wait.answered(lookup(.six, 7), other, othersAreOut: false) == .use(expected))
        }
        var wait = split()
        #expect(wait.answered(lookup(.six, 7), Self.none, othersAreOut: false) == .wait)
        #expect(wait.answered(lookup(.four, 6), Self.four, othersAreOut: false) == .use(["127.0.0.1"]))
    }

    @Test("Without any address, both failures are reported, except a late one")
    func neither() {
        var wait = split()
        // The lookup of both families fails where one of them is not answered for.
        #expect(wait.answered(lookup(.both, 5), Self.silence, othersAreOut: false) == .wait)
        #expect(wait.answered(lookup(.four, 3), Self.silence, othersAreOut: true) == .wait)
        #expect(wait.answered(lookup(.four, 6), Self.none, othersAreOut: true) == .wait)
        #expect(
            wait.answered(lookup(.six, 7), Self.silence, othersAreOut: true)
                == .fail(Resolver.LookupError(detail: "IPv4: no address; IPv6: no answer")))
        var alike = split()
        _ = alike.answered(lookup(.four, 6), Self.none, othersAreOut: false)
        #expect(
            alike.answered(lookup(.six, 7), Self.none, othersAreOut: false)
                == .fail(Resolver.LookupError(detail: "no address")))
    }

    @Test("Without an answer, an earlier result is used; without one, the missing family is named")
    func silence() {
        var wait = split()
        #expect(wait.timeHasPassed() == .useFormer)
        #expect(wait.detail(within: .seconds(2)) == "no answer from the name servers within 2 s")
        _ = wait.answered(lookup(.six, 7), Self.none, othersAreOut: false)
        #expect(
            wait.detail(within: .seconds(2)) == "no answer from the name servers within 2 s for IPv4 (IPv6: no address)"
        )
    }
}
