import Testing

@testable import Discovery

@Suite("What a sweep takes")
struct SweepPlanTests {
    private static func entries(_ text: String) -> [CloudMapEntry] {
        text.split(separator: " ").map { item in
            let parts = item.split(separator: "=")
            return CloudMapTrial.entry(String(parts[0]), stack: parts.count > 1 ? String(parts[1]) : nil)
        }
    }

    @Test("Only marked instances of other stacks go, and only where enough of the own are there")
    func plans() throws {
        var off = SweepPolicy()
        off.isOn = false
        var keeping = SweepPolicy()
        keeping.keep = ["blue"]
        var three = SweepPolicy()
        three.minimum = .count(3)
        var all = SweepPolicy()
        all.minimum = .percent(100)
        var none = SweepPolicy()
        none.minimum = .count(0)
        let rows: [(String, String, SweepPolicy, SweepPlan)] = [
            ("i-1=green b=blue a=blue", "green", SweepPolicy(), .sweep(["a", "b"])),
            // The own instance is registered, though the list does not say so yet.
            ("a=blue b=blue", "green", SweepPolicy(), .sweep(["a", "b"])),
            ("i-1=blue a=blue", "green", SweepPolicy(), .sweep(["a"])),
            ("i-1=green x y=", "green", SweepPolicy(), .nothing), ("", "green", SweepPolicy(), .nothing),
            ("i-1=green i-2=green", "green", SweepPolicy(), .nothing),
            ("i-1 a=blue b=blue", "", SweepPolicy(), .noStack), ("i-1=green a=blue", "green", off, .off),
            ("i-1=green a=blue b=red", "green", keeping, .sweep(["b"])),
            ("i-1=green a=blue", "green", keeping, .nothing),
            ("i-1=green a=blue b=blue c=blue", "green", SweepPolicy(), .tooFew(own: 1, needed: 2, others: 3)),
            ("i-1=green i-2=green a=blue b=blue c=blue", "green", SweepPolicy(), .sweep(["a", "b", "c"])),
            ("i-1=green i-2=green a=blue", "green", three, .tooFew(own: 2, needed: 3, others: 1)),
            ("i-1=green i-2=green i-3=green a=blue", "green", three, .sweep(["a"])),
            ("i-1=green a=blue b=blue", "green", all, .tooFew(own: 1, needed: 2, others: 2)),
            ("i-1=green a=blue b=blue c=blue", "green", none, .sweep(["a", "b", "c"])),
            // An instance that is listed twice counts once.
            (
                "i-2=green i-2=green a=blue b=blue c=blue d=blue e=blue", "green", SweepPolicy(),
                .tooFew(own: 2, needed: 3, others: 5)
            ),
        ]
        for (list, stack, policy, plan) in rows {
            let registration = try CloudMapTrial.registration(stack: stack)
            #expect(SweepPlan(Self.entries(list), own: registration, policy) == plan, "\(list)")
        }
    }

    @Test("A minimum is a number, or a share")
    func minimum() {
        #expect(SweepPolicy.Minimum("3") == .count(3))
        #expect(SweepPolicy.Minimum("50%") == .percent(50))
        for text in ["", "%", "-1", "1.5", "a", "50 %", "+3", "999999999999999999999"] {
            #expect(SweepPolicy.Minimum(text) == nil)
        }
    }
}
