import HTTPClient
import TestSupport
import Testing
import Time

@testable import Discovery

/// Points of time for machines, which never look at a clock themselves.
enum Then {
    static let start = Moment.now

    static func after(_ duration: Duration) -> Moment {
        let milliseconds = start.timestamp.milliseconds + Int64(duration.milliseconds)
        return Moment(instant: start.instant + duration, timestamp: Timestamp(milliseconds: milliseconds))
    }
}

extension Response {
    init(_ status: Int, _ body: String = "", fields: [Field] = []) {
        self.init(status: status, fields: fields, body: Array(body.utf8))
    }
}

@Suite("The instance metadata service")
struct InstanceMetadataTests {
    private static let endpoint = URL(scheme: .http, host: "169.254.169.254", target: "/")
    private static let now = Then.start.instant
    private static let lost = TransferFailure.timeout(limit: .seconds(1), waitingFor: .response)

    private var machine = InstanceMetadata(endpoint: endpoint)

    /// What was sent: `GET /latest/… TOKEN`.
    private static func sent(_ action: InstanceMetadata.Action) -> String? {
        guard case .send(let request, let limit) = action, limit == .seconds(1) else { return nil }
        let fields = request.fields.map { "\($0.name)=\($0.value)" }.joined()
        return "\(request.method.name) \(request.url.target) \(fields)"
    }

    private static let put = "PUT /latest/api/token X-aws-ec2-metadata-token-ttl-seconds=21600"

    private static func get(_ path: String, _ token: String = "T1") -> String {
        "GET /latest/meta-data/\(path) X-aws-ec2-metadata-token=\(token)"
    }

    @Test("A token is fetched first, and goes with every question after that")
    func questions() {
        var machine = machine
        #expect(Self.sent(machine.ask(.instanceID, at: Self.now)) == Self.put)
        #expect(Self.sent(machine.answered(Response(200, "T1"), at: Self.now)) == Self.get("instance-id"))
        #expect(machine.answered(Response(200, "i-0123\n"), at: Self.now) == .finish(.success(.text("i-0123"))))
        #expect(Self.sent(machine.ask(.address, at: Self.now)) == Self.get("local-ipv4"))
        #expect(machine.answered(Response(200, "10.0.0.7"), at: Self.now) == .finish(.success(.text("10.0.0.7"))))
        #expect(Self.sent(machine.ask(.region, at: Self.now)) == Self.get("placement/region"))
        _ = machine.answered(Response(200, "us-west-2"), at: Self.now)
        #expect(Self.sent(machine.ask(.region, at: Self.now + .seconds(21_600))) == Self.put)
    }

    @Test("Keys take the role's name first, and are those of a document that says Success")
    func keys() {
        var machine = machine
        _ = machine.ask(.keys, at: Self.now)
        let path = "iam/security-credentials/"
        #expect(Self.sent(machine.answered(Response(200, "T1"), at: Self.now)) == Self.get(path))
        #expect(Self.sent(machine.answered(Response(200, "node+a\n"), at: Self.now)) == Self.get("\(path)node+a"))
        let keys = AWSKeys(
            accessKeyID: "A", secretKey: Secret("B"), sessionToken: Secret("C"),
            expiresAt: Timestamp(milliseconds: 1_767_225_600_000))
        let document =
            #"{"Code":"Success","LastUpdated":"2026-01-01T00:00:00Z","Type":"AWS-HMAC","AccessKeyId":"A","#
            + #""SecretAccessKey":"B","Token":"C","Expiration":"2026-01-01T00:00:00Z"}"#
        #expect(machine.answered(Response(200, document), at: Self.now) == .finish(.success(.keys(keys))))
    }

    @Test("A 200 with another code is an error, and so is a document that cannot be read")
    func noKeys() {
        let rows: [(String, MetadataFailure)] = [
            (#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"…"}"#, .noKeys(code: "AssumeRoleUnauthorizedAccess")),
            (#"{"AccessKeyId":"A"}"#, .noKeys(code: "no code")),
            (#"{"Code":"Success"}"#, .unreadable("meta-data/iam/security-credentials/node")),
            ("<html>", .unreadable("meta-data/iam/security-credentials/node")),
        ]
        for (document, failure) in rows {
            var machine = machine
            _ = machine.ask(.keys, at: Self.now)
            _ = machine.answered(Response(200, "T1"), at: Self.now)
            _ = machine.answered(Response(200, "node"), at: Self.now)
            #expect(machine.answered(Response(200, document), at: Self.now) == .finish(.failure(failure)))
        }
    }

    @Test("An answer to PUT that never comes names the hop limit, and nothing is asked without a token")
    func hopLimit() {
        var machine = machine
        #expect(Self.sent(machine.ask(.keys, at: Self.now)) == Self.put)
        for _ in 1...2 { #expect(Self.sent(machine.failed(Self.lost, at: Self.now)) == Self.put) }
        let failure = MetadataFailure.hopLimit(place: "169.254.169.254:80")
        #expect(machine.failed(Self.lost, at: Self.now) == .finish(.failure(failure)))
        #expect("\(failure)".contains("HttpPutResponseHopLimit"))
    }

    @Test("A service that is not there is unreachable after three tries")
    func unreachable() {
        var machine = machine
        _ = machine.ask(.address, at: Self.now)
        let failure = TransferFailure.connectTimeout(place: "169.254.169.254:80", limit: .seconds(1))
        for _ in 1...2 { #expect(Self.sent(machine.failed(failure, at: Self.now)) == Self.put) }
        #expect(machine.failed(failure, at: Self.now) == .finish(.failure(.transfer(failure))))
    }

    @Test("A token that is refused is fetched anew, once")
    func refusedToken() {
        var machine = machine
        _ = machine.ask(.address, at: Self.now)
        _ = machine.answered(Response(200, "T1"), at: Self.now)
        #expect(Self.sent(machine.answered(Response(401), at: Self.now)) == Self.put)
        #expect(Self.sent(machine.answered(Response(200, "T2"), at: Self.now)) == Self.get("local-ipv4", "T2"))
        let end = InstanceMetadata.Action.finish(.failure(.status("meta-data/local-ipv4", 401)))
        #expect(machine.answered(Response(401), at: Self.now) == end)
    }

    @Test("What is refused is not tried again, what failed is")
    func statuses() {
        let roles = "meta-data/iam/security-credentials/"
        let rows: [(Int, MetadataFailure?)] = [
            (403, .forbidden), (404, .noRole), (400, .status(roles, 400)), (500, nil), (503, nil),
        ]
        for (status, failure) in rows {
            var machine = machine
            _ = machine.ask(.keys, at: Self.now)
            _ = machine.answered(Response(200, "T1"), at: Self.now)
            let action = machine.answered(Response(status), at: Self.now)
            if let failure {
                #expect(action == .finish(.failure(failure)))
            } else {
                #expect(Self.sent(action) == Self.get("iam/security-credentials/"))
                _ = machine.answered(Response(status), at: Self.now)
                let end = InstanceMetadata.Action.finish(.failure(.status(roles, status)))
                #expect(machine.answered(Response(status), at: Self.now) == end)
            }
        }
        var machine = machine
        _ = machine.ask(.keys, at: Self.now)
        #expect(machine.answered(Response(403), at: Self.now) == .finish(.failure(.forbidden)))
    }

    @Test("A role's name that is no name, and a token that cannot be sent, are refused")
    func nonsense() {
        for body in ["", "a b", "a\nb", "../x", "ä", "<html>"] {
            var machine = machine
            _ = machine.ask(.keys, at: Self.now)
            _ = machine.answered(Response(200, "T1"), at: Self.now)
            let end = InstanceMetadata.Action.finish(.failure(.unreadable("meta-data/iam/security-credentials/")))
            #expect(machine.answered(Response(200, body), at: Self.now) == end)
        }
        var machine = machine
        _ = machine.ask(.keys, at: Self.now)
        let end = InstanceMetadata.Action.finish(.failure(.unreadable("api/token")))
        #expect(machine.answered(Response(200, "a\r\nb"), at: Self.now) == end)
    }

    @Test("An answer that nobody waits for changes nothing")
    func idle() {
        var machine = machine
        #expect(machine.answered(Response(200, "T1"), at: Self.now) == .wait)
        #expect(machine.failed(.empty, at: Self.now) == .wait)
    }
}

@Suite("Getting keys")
struct KeyFetchTests {
    private static let url = URL(scheme: .http, host: "169.254.170.2", target: "/v2/x")
    private static let document =
        #"{"AccessKeyId":"A","SecretAccessKey":"B","Token":"C","Expiration":"2026-01-01T00:00:00Z","RoleArn":"r"}"#
    private static let keys = AWSKeys(
        accessKeyID: "A", secretKey: Secret("B"), sessionToken: Secret("C"),
        expiresAt: Timestamp(milliseconds: 1_767_225_600_000))
    private static let now = Then.start.instant

    private static func authorization(_ action: KeyFetch.Action) -> [String]? {
        guard case .send(let request, let limit) = action, limit == .seconds(2), request.url == url else { return nil }
        return request.fields.map { "\($0.name): \($0.value)" }
    }

    private static func method(_ action: KeyFetch.Action) -> Request.Method? {
        guard case .send(let request, _) = action else { return nil }
        return request.method
    }

    @Test("Keys of the environment are there at once")
    func environment() {
        var fetch = KeyFetch(.environment(Self.keys))
        #expect(fetch.begin(at: Self.now) == .finish(.success(Self.keys)))
    }

    @Test("The container's endpoint is asked with its token, from a variable or a file, or without")
    func container() {
        for token in [KeySource.ContainerToken.none, .text(Secret("t")), .file("/f")] {
            var fetch = KeyFetch(.container(Self.url, token))
            var action = fetch.begin(at: Self.now)
            if token == .file("/f") {
                #expect(action == .readFile("/f"))
                action = fetch.fileRead(.success(Array("t".utf8)))
            }
            #expect(Self.authorization(action) == (token == .none ? [] : ["Authorization: t"]))
            #expect(fetch.answered(Response(200, Self.document), at: Self.now) == .finish(.success(Self.keys)))
        }
    }

    @Test(
        "A token file that is missing, empty or has a line break is an error, and its content is not told",
        arguments: [
            (Result.failure(FileFailure(problem: "cannot be read: no such file")), "cannot be read: no such file"),
            (.success([]), "is empty"),
            (.success(Array("secret\n".utf8)), "has a line break or another control character in it"),
        ])
    func tokenFile(content: Result<[UInt8], FileFailure>, detail: String) {
        var fetch = KeyFetch(.container(Self.url, .file("/f")))
        _ = fetch.begin(at: Self.now)
        #expect(fetch.fileRead(content) == .finish(.failure(.tokenFile(path: "/f", detail: detail))))
    }

    @Test("What failed is tried three times, what is refused once")
    func tries() {
        let rows: [(Int?, Int, KeyFailure)] = [
            (nil, 3, .container(place: "169.254.170.2:80", .empty)),
            (500, 3, .containerStatus(place: "169.254.170.2:80", 500)),
            (403, 1, .containerStatus(place: "169.254.170.2:80", 403)),
            (404, 1, .containerStatus(place: "169.254.170.2:80", 404)),
            (200, 1, .containerAnswer(place: "169.254.170.2:80")),
        ]
        for (status, tries, failure) in rows {
            var fetch = KeyFetch(.container(Self.url, .none))
            _ = fetch.begin(at: Self.now)
            for index in 1...tries {
                let action =
                    status.map { fetch.answered(Response($0), at: Self.now) } ?? fetch.failed(.empty, at: Self.now)
                if index == tries {
                    #expect(action == .finish(.failure(failure)))
                } else {
                    #expect(Self.authorization(action) == [])
                }
            }
        }
    }

    @Test("The metadata service's failures are those of the keys, and its token is kept")
    func metadata() {
        var fetch = KeyFetch(.metadata(URL(scheme: .http, host: "169.254.169.254", target: "/")))
        #expect(Self.method(fetch.begin(at: Self.now)) == .put)
        _ = fetch.answered(Response(200, "T1"), at: Self.now)
        #expect(fetch.answered(Response(404), at: Self.now) == .finish(.failure(.metadata(.noRole))))
        #expect(Self.method(fetch.begin(at: Self.now)) == .get)
        #expect(fetch.answered(Response(403), at: Self.now) == .finish(.failure(.metadata(.forbidden))))
        #expect(fetch.answered(Response(200), at: Self.now) == .wait)
        #expect(fetch.failed(.empty, at: Self.now) == .wait)
        #expect(fetch.fileRead(.success([])) == .wait)
    }
}

@Suite("Keys in hand")
struct KeyRingTests {
    private static func keys(for duration: Duration, from moment: Moment = Then.start) -> AWSKeys {
        let end = moment.timestamp.milliseconds + Int64(duration.milliseconds)
        return AWSKeys(
            accessKeyID: "A", secretKey: Secret("B"), expiresAt: Timestamp(milliseconds: end))
    }

    private static func ring(_ keys: AWSKeys) -> KeyRing {
        var numbers = Numbers()
        var ring = KeyRing()
        ring.accept(keys, at: Then.start, using: &numbers)
        return ring
    }

    @Test("New keys are wanted a quarter of an hour before the end, or after half of a short life")
    func renewal() {
        #expect(KeyRing().wantsNew(at: Then.start))
        let rows: [(Duration, Duration)] = [
            (.seconds(21_600), .seconds(20_700)), (.seconds(1_000), .seconds(100)), (.seconds(600), .seconds(300)),
            (.seconds(60), .seconds(30)),
        ]
        for (life, renewal) in rows {
            let ring = Self.ring(Self.keys(for: life))
            #expect(!ring.wantsNew(at: Then.after(renewal - .milliseconds(1))), "\(life)")
            #expect(ring.wantsNew(at: Then.after(renewal)), "\(life)")
        }
    }

    @Test("Keys that do not expire are never renewed")
    func permanent() {
        let ring = Self.ring(AWSKeys(accessKeyID: "A", secretKey: Secret("B")))
        #expect(!ring.wantsNew(at: Then.after(.seconds(1_000_000_000))))
    }

    @Test("A renewal that failed is tried each minute, and by each request when ten minutes are left")
    func failure() {
        var ring = Self.ring(Self.keys(for: .seconds(3_600)))
        #expect(ring.wantsNew(at: Then.after(.seconds(2_701))))
        ring.failedToRenew(at: Then.after(.seconds(2_701)))
        #expect(!ring.wantsNew(at: Then.after(.seconds(2_760))))
        #expect(ring.wantsNew(at: Then.after(.seconds(2_761))))
        ring.failedToRenew(at: Then.after(.seconds(3_001)))
        #expect(ring.wantsNew(at: Then.after(.seconds(3_001))))
        #expect(ring.keys != nil)
    }

    @Test("Keys that have expired already are used, and asked for again in two to ten minutes")
    func expired() {
        for seed in 0..<20 {
            var numbers = Numbers(seed: UInt64(seed))
            var ring = KeyRing()
            ring.accept(Self.keys(for: .seconds(-5)), at: Then.start, using: &numbers)
            #expect(!ring.wantsNew(at: Then.after(.seconds(119))))
            #expect(ring.wantsNew(at: Then.after(.seconds(601))))
        }
    }

    @Test("What is dropped is gone")
    func drop() {
        var ring = Self.ring(Self.keys(for: .seconds(21_600)))
        ring.drop()
        #expect(ring.keys == nil && ring.wantsNew(at: Then.start))
    }
}
