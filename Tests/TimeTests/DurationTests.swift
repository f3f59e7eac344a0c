import Testing
import Time

@Suite("Lengths of time for people")
struct DurationTests {
    @Test(
        "Two figures are enough",
        arguments: [
            (Duration.microseconds(40), "0 ms"), (.microseconds(400), "0.4 ms"), (.microseconds(3149), "3.1 ms"),
            (.milliseconds(12), "12 ms"), (.milliseconds(999), "999 ms"), (.milliseconds(1500), "1.5 s"),
            (.seconds(2), "2 s"), (.seconds(59), "59 s"), (.seconds(60), "1 min"), (.seconds(3599), "59 min"),
            (.seconds(3600), "1 h"), (.microseconds(9960), "10 ms"), (.microseconds(999_600), "1 s"),
            (.milliseconds(59_960), "1 min"), (.milliseconds(59_900), "59.9 s"), (.seconds(172_799), "47 h"),
            (.seconds(172_800), "2 d"),
        ])
    func brief(duration: Duration, text: String) {
        #expect(duration.brief == text)
    }

    @Test("Milliseconds keep their fraction")
    func milliseconds() {
        #expect(Duration.microseconds(12_400).milliseconds == 12.4)
        #expect(Duration.seconds(2).milliseconds == 2000)
    }
}
