import Foundation
import HTTPClient
import TestSupport
import Testing
import Time

@testable import Discovery

@Suite("Signatures")
struct SignerTests {
    private static let host = "servicediscovery.us-west-2.amazonaws.com"
    private static let signer = Signer(region: "us-west-2", service: "servicediscovery")
    /// 2026-01-01T00:00:00Z.
    private static let time = Timestamp(milliseconds: 1_767_225_600_000)
    private static let secret = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

    private static func keys(token: String? = nil) -> AWSKeys {
        AWSKeys(accessKeyID: "AKIDEXAMPLE", secretKey: secret, sessionToken: token.map(Secret.init))
    }

    private static func request(_ operation: String, _ content: String) -> Request {
        let fields = [
            Field(name: "Content-Type", value: "application/x-amz-json-1.1"),
            Field(name: "X-Amz-Target", value: "Route53AutoNaming_v20170314.\(operation)"),
        ]
        let url = URL(scheme: .https, host: host, target: "/")
        return Request(url, method: .post, fields: fields, content: Array(content.utf8))
    }

    @Test("A request without a token is signed as botocore signs it")
    func permanentKeys() throws {
        let request = Self.request("ListInstances", #"{"ServiceId":"srv-abc","MaxResults":100}"#)
        let fields = try Self.signer.sign(request, with: Self.keys(), at: Self.time).fields.dropFirst(2)
        #expect(fields.map(\.name) == ["X-Amz-Date", "Authorization"])
        #expect(fields.first?.value == "20260101T000000Z")
        let signature = "111320e90fed0caeb46c73c670ab972fc54d05eb3bd3e9b671876212597fbfd1"
        let authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-west-2/servicediscovery/aws4_request, "
            + "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=\(signature)"
        #expect(fields.last?.value == authorization)
    }

    @Test("A session token is sent and signed")
    func temporaryKeys() throws {
        let content = #"{"ServiceId":"srv-abc","InstanceId":"i-1","Status":"UNHEALTHY"}"#
        let request = Self.request("UpdateInstanceCustomHealthStatus", content)
        let signed = try Self.signer.sign(request, with: Self.keys(token: "IQoJ+/=token"), at: Self.time)
        let fields = Array(signed.fields.dropFirst(2))
        #expect(fields.map(\.name) == ["X-Amz-Date", "X-Amz-Security-Token", "Authorization"])
        #expect(fields[1].value == "IQoJ+/=token")
        let end =
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
            + "Signature=23cffec13186c6354874060fd1320f5e42b0300fcdfea96757fba7e7fd0f4e12"
        #expect(fields[2].value.hasSuffix(end))
    }

    @Test("The canonical request and the signing key are those of the vectors")
    func parts() throws {
        let request = Self.request("ListInstances", #"{"ServiceId":"srv-abc","MaxResults":100}"#)
        let dated = Request(
            request.url, method: .post, fields: request.fields + [Field(name: "X-Amz-Date", value: "20260101T000000Z")],
            content: request.content)
        let digest = try SHA256.digest(Array(CanonicalRequest(dated).text.utf8))
        #expect(SHA256.hex(digest) == "01c72bdbd05dd9d3afabb31c30ecb71e769dc2aaa39f874348a377507ff744b4")
        let key = try Self.signer.signingKey(for: Self.secret, date: "20260101T000000Z")
        #expect(SHA256.hex(key) == "b431504d3539ddb2acaf5ac5c1d0b92d937ab8ac785602a31d05cf3e64dcbe9f")
    }

    @Test(
        "SHA-256 and HMAC are those of the standards",
        arguments: [
            // FIPS 180-4's examples, and RFC 4231's test case 2.
            ("", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "what do ya want for nothing?", "Jefe",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
        ])
    func hashes(text: String, key: String, expected: String) throws {
        let bytes = Array(text.utf8)
        let output =
            key.isEmpty
            ? try SHA256.digest(bytes) : try SHA256.authentication(of: bytes, key: Array(key.utf8))
        #expect(SHA256.hex(output) == expected)
    }

    @Test("No description shows a secret, nor does a dump")
    func secrets() {
        let keys = Self.keys(token: "IQoJ+/=token")
        var dumped = ""
        dump(keys, to: &dumped)
        for text in ["\(keys)", String(reflecting: keys), dumped, "\(Self.secret)", String(reflecting: Self.secret)] {
            #expect(!text.contains("wJalr") && !text.contains("IQoJ"), "\(text)")
        }
        #expect(dumped.contains("AKIDEXAMPLE"))
    }
}

/// Against the signer that AWS itself publishes.
@Suite("Signatures beside botocore's")
struct BotocoreTests {
    /// Reads one request a line, and prints the Authorization field that botocore makes for it.
    private static let program = """
        import base64, json, sys
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        for line in open(sys.argv[1], encoding="utf-8"):
            r = json.loads(line)
            request = AWSRequest(method=r["method"], url=r["url"], data=base64.b64decode(r["content"]))
            for name, value in r["fields"]:
                request.headers.add_header(name, value)
            request.context["timestamp"] = r["date"]
            auth = SigV4Auth(Credentials(r["id"], r["secret"], r["token"] or None), r["service"], r["region"])
            auth._modify_request_before_signing(request)
            text = auth.string_to_sign(request, auth.canonical_request(request))
            auth._inject_signature_to_request(request, auth.signature(text, request))
            print(request.headers["Authorization"])
        """

    /// nil where no Python at hand can import it. Debian's python3-botocore is for Debian's own Python.
    private static let python: String? = ["/usr/bin/python3", "/usr/bin/env"].first { path in
        let arguments = (path.hasSuffix("env") ? ["python3"] : []) + ["-c", "import botocore.auth"]
        return (try? Program(path, arguments).wait())?.code == 0
    }

    private struct Case: Encodable {
        var method, url, date, id, secret, token, service, region: String
        var content: Data
        var fields: [[String]]
    }

    private var numbers = Numbers(seed: 14)

    private mutating func text(_ characters: String, _ counts: ClosedRange<Int>) -> String {
        let count = Int.random(in: counts, using: &numbers)
        return String((0..<count).compactMap { _ in characters.randomElement(using: &numbers) })
    }

    private mutating func fields() -> [Field] {
        var fields = [Field(name: "Content-Type", value: "application/x-amz-json-1.1")]
        for _ in 0..<Int.random(in: 0...4, using: &numbers) {
            let name = "X-Amz-" + text("abcXYZ-019", 1...6)
            fields.append(Field(name: name, value: text("abc  ,;=+/\\\"#~'", 0...12)))
        }
        return fields
    }

    private mutating func content() -> [UInt8] {
        switch Int.random(in: 0..<4, using: &numbers) {
        case 0: []
        case 1: (0..<Int.random(in: 1...4000, using: &numbers)).map { _ in .random(in: 0...255, using: &numbers) }
        default: Array(text("{}[]\":,abc grün\u{0}\u{1F600}", 1...200).utf8)
        }
    }

    @Test(
        "300 random requests have the same signature",
        .enabled(if: python != nil, "botocore cannot be imported by the Python at hand"))
    func random() throws {
        var copy = self
        var lines = ""
        var expected: [String] = []
        let encoder = JSONEncoder()
        for _ in 0..<300 {
            let (line, authorization) = try copy.one(encoder)
            lines += line + "\n"
            expected.append(authorization)
        }
        let folder = try Folder()
        let path = try folder.write(lines, to: "requests")
        let script = try folder.write(Self.program, to: "sign.py")
        let python = Self.python ?? ""
        let arguments = (python.hasSuffix("env") ? ["python3"] : []) + [script, path]
        let ended = try Program(python, arguments).wait()
        let found = ended.output.split(separator: "\n").map(String.init)
        #expect(ended.code == 0 && found.count == 300, "\(ended.errors)")
        for (mine, theirs) in zip(expected, found) { #expect(mine == theirs) }
    }

    private mutating func request() -> Request {
        let port = Bool.random(using: &numbers) ? 443 : Int.random(in: 1024...65535, using: &numbers)
        let query = text("abAB=&=&-_%20", 0...20)
        let target = "/" + text("abc-_~:%4;@", 0...12) + (query.isEmpty ? "" : "?\(query)")
        let url = URL(scheme: .https, host: text("abc-.xyz", 1...10) + "q", port: port, target: target)
        let method = [Request.Method.get, .post, .put].randomElement(using: &numbers) ?? .post
        return Request(url, method: method, fields: fields(), content: content())
    }

    private mutating func one(_ encoder: JSONEncoder) throws -> (line: String, authorization: String) {
        let (id, secret) = (text("ABCDEFGH23", 16...20), text("abcXYZ019+/=% ~é", 1...80))
        let token = Bool.random(using: &numbers) ? text("abcXYZ+/=", 1...900) : ""
        let (region, service) = (text("abc-19", 1...12), text("abcdefg", 1...16))
        let request = request()
        let time = Timestamp(milliseconds: .random(in: 0...4_102_444_800_000, using: &numbers))
        let keys = AWSKeys(
            accessKeyID: id, secretKey: Secret(secret), sessionToken: token.isEmpty ? nil : Secret(token))
        let signed = try Signer(region: region, service: service).sign(request, with: keys, at: time)
        let example = Case(
            method: request.method.name, url: "\(request.url)", date: signed.value(of: "X-Amz-Date"), id: id,
            secret: secret, token: token, service: service, region: region, content: Data(request.content ?? []),
            fields: request.fields.map { [$0.name, $0.value] })
        return (String(decoding: try encoder.encode(example), as: UTF8.self), signed.value(of: "Authorization"))
    }
}

extension Request {
    /// Empty where there is no such field.
    fileprivate func value(of name: String) -> String {
        fields.last { $0.name == name }?.value ?? ""
    }
}
