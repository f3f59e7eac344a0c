import HTTPClient
import TestSupport
import Testing
import Time

@testable import Discovery

@Suite("Calls to Cloud Map")
struct CloudMapCallerTests {
    private static let endpoint = URL(
        scheme: .https, host: "servicediscovery.us-west-2.amazonaws.com", target: "/")
    private static let container = URL(scheme: .http, host: "169.254.170.2", target: "/x")
    private static let call = CloudMapCall.updateHealth(service: "srv-abc", instance: "i-1", .unhealthy)
    private static let keys = AWSKeys(accessKeyID: "A", secretKey: Secret("Bsecret"), sessionToken: Secret("Ctoken"))
    private static let expired = Response(400, #"{"__type":"ExpiredTokenException","message":"old: Ctoken"}"#)
    private static let skewed = #"{"__type":"InvalidSignatureException","message":"Signature expired: A"}"#

    private var caller: CloudMapCaller

    init() {
        caller = CloudMapCaller(
            endpoint: Self.endpoint, region: "us-west-2", keys: .environment(Self.keys), random: Numbers())
    }

    private init(_ source: KeySource) {
        caller = CloudMapCaller(endpoint: Self.endpoint, region: "us-west-2", keys: source, random: Numbers())
    }

    private static func document(_ id: String, _ expiration: String = "2099-01-01T00:00:00Z") -> Response {
        Response(
            200, #"{"AccessKeyId":"\#(id)","SecretAccessKey":"B","Token":"C","Expiration":"\#(expiration)"}"#)
    }

    private mutating func begin(at now: Moment = Then.start) -> CloudMapCaller.Action {
        caller.begin(Self.call, at: now)
    }

    private mutating func answered(_ response: Response, at now: Moment = Then.start) -> CloudMapCaller.Action {
        caller.answered(response, at: now)
    }

    private mutating func failed(_ failure: TransferFailure) -> CloudMapCaller.Action {
        caller.failed(failure, at: Then.start)
    }

    /// The keys' identifier and the date of a signed request.
    private static func signature(_ action: CloudMapCaller.Action) -> (id: String, date: String)? {
        guard case .send(let request, let limit) = action, limit == .seconds(5), request.url == endpoint,
            let date = request.fields.first(where: { $0.name == "X-Amz-Date" })?.value,
            let value = request.fields.last?.value.split(separator: "=").dropFirst().first
        else { return nil }
        return (String(value.split(separator: "/")[0]), date)
    }

    private static func failure(_ action: CloudMapCaller.Action) -> CloudMapFailure? {
        guard case .finish(.failure(let failure)) = action else { return nil }
        return failure
    }

    private static func host(_ action: CloudMapCaller.Action) -> String? {
        guard case .send(let request, _) = action else { return nil }
        return request.url.host
    }

    @Test("A call with keys in hand is signed and sent, and its answer read")
    func call() {
        var test = self
        let signature = Self.signature(test.begin())
        #expect(signature?.id == "A")
        #expect(signature?.date == Signer.basicDate(Then.start.timestamp))
        #expect(test.answered(Response(200)) == .finish(.success(.healthUpdated)))
        #expect(test.answered(Response(200)) == .wait)
        #expect(test.failed(.empty) == .wait)
    }

    @Test("A transfer that failed is told as it is")
    func transfer() {
        var test = self
        _ = test.begin()
        let failure = CloudMapFailure(.empty, of: .updateHealth)
        #expect(test.failed(.empty) == .finish(.failure(failure)))
    }

    @Test("Keys are got once, before the first call")
    func fetching() {
        var test = Self(.container(Self.container, .none))
        #expect(Self.host(test.begin()) == "169.254.170.2")
        #expect(Self.signature(test.answered(Self.document("A1")))?.id == "A1")
        _ = test.answered(Response(200))
        #expect(Self.signature(test.begin())?.id == "A1")
    }

    @Test("Where there are no keys, the call fails as the keys did")
    func noKeys() {
        var test = Self(.container(Self.container, .none))
        _ = test.begin()
        let failure = KeyFailure.containerStatus(place: "169.254.170.2:80", 403)
        let end = CloudMapFailure(.denied, of: .updateHealth, detail: "\(failure)")
        #expect(test.answered(Response(403)) == .finish(.failure(end)))
    }

    @Test("A token file is read for each fetch")
    func tokenFile() {
        var test = Self(.container(Self.container, .file("/f")))
        #expect(test.begin() == .readFile("/f"))
        let action = test.caller.fileRead(.success(Array("t".utf8)), at: Then.start)
        #expect(Self.host(action) == "169.254.170.2")
    }

    @Test("Old keys serve while there are no new ones")
    func oldKeys() {
        var test = Self(.container(Self.container, .none))
        _ = test.begin()
        let end = Timestamp(milliseconds: Then.start.timestamp.milliseconds + 3_600_000).rfc3339
        _ = test.answered(Self.document("A1", end))
        _ = test.answered(Response(200))
        let late = Then.after(.seconds(2_800))
        #expect(Self.host(test.begin(at: late)) == "169.254.170.2")
        #expect(Self.signature(test.answered(Response(403), at: late))?.id == "A1")
        _ = test.answered(Response(200), at: late)
        // Not at once again.
        #expect(Self.signature(test.begin(at: late))?.id == "A1")
        _ = test.answered(Response(200), at: late)
        let later = Then.after(.seconds(2_861))
        #expect(Self.host(test.begin(at: later)) == "169.254.170.2")
        #expect(Self.signature(test.answered(Self.document("A2"), at: later))?.id == "A2")
    }

    @Test("Keys that Cloud Map calls expired are replaced, and the call made again, once")
    func expiredKeys() {
        var test = Self(.container(Self.container, .none))
        _ = test.begin()
        _ = test.answered(Self.document("A1"))
        #expect(Self.host(test.answered(Self.expired)) == "169.254.170.2")
        #expect(Self.signature(test.answered(Self.document("A2")))?.id == "A2")
        #expect(Self.failure(test.answered(Self.expired))?.problem == .expired)
    }

    @Test("A clock that Cloud Map calls wrong is corrected by its answer, and stays so")
    func clock() {
        var test = self
        _ = test.begin()
        let date = Field(name: "date", value: "Sun, 06 Nov 1994 08:49:37 GMT")
        let action = test.answered(Response(400, Self.skewed, fields: [date]))
        #expect(Self.signature(action)?.date == "19941106T084937Z")
        _ = test.answered(Response(200))
        #expect(Self.signature(test.begin(at: Then.after(.seconds(60))))?.date == "19941106T085037Z")
        _ = test.answered(Response(400, Self.skewed, fields: [date]), at: Then.after(.seconds(60)))
        #expect(Self.failure(test.answered(Response(400, Self.skewed, fields: [date])))?.problem == .clock)
    }

    @Test("Without a date in the answer the clock cannot be corrected")
    func noDate() {
        var test = self
        _ = test.begin()
        #expect(Self.failure(test.answered(Response(400, Self.skewed)))?.problem == .clock)
    }

    @Test("An error that repeats what is secret is told without it")
    func secrets() {
        var test = self
        _ = test.begin()
        _ = test.answered(Self.expired)
        let failure = Self.failure(test.answered(Self.expired))
        let text = "UpdateInstanceCustomHealthStatus: ExpiredTokenException: old: <secret>"
        #expect(failure?.description == text)
    }

    @Test("No description of an action or of the machine shows a secret")
    func descriptions() {
        var test = self
        let action = test.begin()
        for text in ["\(action)", String(reflecting: action), "\(test.caller)", String(reflecting: test.caller)] {
            #expect(!text.contains("Bsecret") && !text.contains("Ctoken"), "\(text)")
        }
    }
}
