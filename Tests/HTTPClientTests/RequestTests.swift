import HTTPClient
import Testing

@Suite("Requests as values")
struct RequestTests {
    private static let url = URL(
        scheme: .https, host: "db", target: "/v1/agent?x=1",
        credentials: URL.Credentials(user: "probe", password: "geheim"))

    @Test("A request is shown by its method and its URL, without a secret")
    func shown() {
        let token = Field(name: "Authorization", value: "Bearer geheim")
        #expect("\(Request(Self.url, fields: [token]))" == "GET https://db/v1/agent?x=1")
        #expect("\(Request(Self.url, method: .put, content: [1]))" == "PUT https://db/v1/agent?x=1")
    }

    @Test("A method is any token", arguments: [("PURGE", true), ("M-SEARCH", true), ("", false), ("GET ", false)])
    func methods(name: String, isMethod: Bool) {
        #expect((Request.Method(name) != nil) == isMethod)
    }

    @Test(
        "A field that would begin another line cannot be sent",
        arguments: [
            ("X-A", "b c\t\"d\" é", true), ("X-A", "", true), ("X-A", "b\r\nX-B: c", false), ("X-A", "b\n", false),
            ("X-A", "\0", false), ("X A", "b", false), ("X-A:", "b", false), ("", "b", false),
        ])
    func fields(name: String, value: String, isValid: Bool) {
        #expect(Field(name: name, value: value).isValid == isValid)
    }

    @Test("A response's field is found whatever its case, and the first counts")
    func responseFields() {
        let fields = [Field(name: "ETag", value: "a"), Field(name: "etag", value: "b")]
        let response = Response(status: 200, fields: fields)
        #expect(response.value(of: "etag") == "a")
        #expect(response.value(of: "Server") == nil)
    }

    @Test(
        "A body is coded where a Content-Encoding names anything but identity",
        arguments: [([], nil), (["identity"], nil), ([""], nil), (["GZIP"], "GZIP"), (["identity", "br"], "br")])
    func coding(values: [String], expected: String?) {
        let fields = values.map { Field(name: "Content-ENCODING", value: $0) }
        #expect(Response(status: 200, fields: fields).contentCoding == expected)
    }

    @Test("By default, the head is read, up to 64 KiB, and only the status is kept")
    func reading() {
        let reading = Request(Self.url).reading
        #expect(reading.limit == 65536 && !reading.keepsFields && reading.body(of: 200) == .none)
    }
}
