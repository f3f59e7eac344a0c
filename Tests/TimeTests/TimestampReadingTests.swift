import Testing

@testable import Time

@Suite("Reading points of time")
struct TimestampReadingTests {
    @Test(
        "RFC 3339 is read, with fractions and offsets",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-01-01T00:00:00Z", 1_767_225_600_000),
            ("2026-11-21T06:40:00.123Z", 1_795_243_200_123), ("2026-11-21T06:40:00.1239Z", 1_795_243_200_123),
            ("2026-11-21T06:40:00.5Z", 1_795_243_200_500), ("2026-11-21T07:40:00+01:00", 1_795_243_200_000),
            ("2026-11-21T01:10:00-05:30", 1_795_243_200_000), ("2024-02-29T00:00:00Z", 1_709_164_800_000),
            ("1969-12-31T23:59:59Z", -1000), ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ])
    func rfc3339(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(
        "What is not RFC 3339, or no day, is not read",
        arguments: [
            "", "2026-11-21", "2026-11-21T06:40:00", "2026-11-21 06:40:00Z", "2026-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+1:00", "+026-01-01T00:00:00Z", "２026-01-01T00:00:00Z",
        ])
    func notRFC3339(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("A written timestamp is read back, for every third day of five centuries")
    func roundTrip() {
        for day in stride(from: Int64(-80_000), to: 110_000, by: 3) {
            let time = Timestamp(milliseconds: day * 86_400_000 + (day & 0xFFFFF) * 17 + 1)
            #expect(Timestamp(rfc3339: time.rfc3339) == time)
        }
    }

    @Test("A Date field is read")
    func httpDate() {
        #expect(Timestamp(httpDate: "Sun, 06 Nov 1994 08:49:37 GMT")?.milliseconds == 784_111_777_000)
        #expect(Timestamp(httpDate: "Thu, 01 Jan 1970 00:00:00 GMT")?.milliseconds == 0)
        for text in [
            "", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
        ] {
            #expect(Timestamp(httpDate: text) == nil)
        }
    }
}
