import Health
import Testing

@Suite("Status sets")
struct StatusSetTests {
    @Test(
        "What is written is understood",
        arguments: [
            ("200", [200], [199, 201, 404]),
            ("200-299", [200, 250, 299], [199, 300]),
            ("2xx", [200, 299], [199, 300]),
            ("200-299,404", [200, 404], [403, 405]),
            (" 200 , 404 ", [200, 404], [201]),
            ("100", [100], [101]),
            ("599", [599], [598]),
            ("5xx,1xx", [500, 599, 100, 199], [200, 499]),
        ])
    func accepted(text: String, inside: [Int], outside: [Int]) throws {
        let set = try #require(StatusSet(text))
        for status in inside { #expect(set.contains(status), "\(status) in \(text)") }
        for status in outside { #expect(!set.contains(status), "\(status) not in \(text)") }
    }

    @Test(
        "What is not a status, a range or a class is refused",
        arguments: [
            "", " ", ",", "200,", ",200", "20", "2000", "4O4", "+404", "-1", "099", "600", "000", "299-200", "200-",
            "-200", "200-299-300", "6xx", "0xx", "xxx", "2XX", "2x", "2xxx", "200 299", "٢٠٠", "200;404", "2xx-3xx",
        ])
    func refused(text: String) {
        #expect(StatusSet(text) == nil)
    }

    @Test("A set is shown as it is written")
    func shown() {
        #expect(StatusSet("2xx, 404")?.description == "200-299,404")
        #expect(StatusSet.only(200).union(.only(404)).description == "200,404")
    }
}
