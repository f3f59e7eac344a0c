import Foundation
import TestSupport

/// moto's server (PyPI: `moto[server]`) as a Cloud Map that nobody here wrote. It compares signatures, but is lenient with all
/// else, such as attributes and a second registration.
final class Moto: Sendable {
    /// What it answered, where that was not to be expected.
    private struct Unexpected: Error {
        let answer: String
    }

    /// The first on the path; nil where it is not installed.
    static let path: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/moto_server" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    let url: String
    let service: String
    let keyID: String
    let secret: String
    private let program: Program
    private let port: UInt16

    /// Starts it with a service and a user who may use it, and has it compare signatures from then on.
    init(_ path: String) throws {
        let home = ProcessInfo.processInfo.environment["HOME"] ?? "/"
        program = try Program(path, ["-H", "127.0.0.1", "-p", "0"], environment: ["HOME": home])
        let printed = program
        let port = try eventually("moto's port in: \(printed.errorText)") {
            printed.errorText.firstMatch(of: /Running on http:\/\/127\.0\.0\.1:(\d+)\s/).flatMap { UInt16($0.1) }
        }
        (self.port, url) = (port, "http://127.0.0.1:\(port)")
        _ = try Moto.identity(port, "CreateUser")
        let key = try Moto.identity(port, "CreateAccessKey")
        guard let id = key.firstMatch(of: /<AccessKeyId>(.*?)</),
            let secret = key.firstMatch(of: /<SecretAccessKey>(.*?)</)
        else { throw Unexpected(answer: key) }
        (keyID, self.secret) = (String(id.1), String(secret.1))
        let policy =
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"servicediscovery:*","Resource":"*"}]}"#
        let encoded = policy.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        _ = try Moto.identity(port, "PutUserPolicy", "&PolicyName=p&PolicyDocument=\(encoded)")
        _ = try Moto.call(port, "CreateHttpNamespace", #"{"Name":"nodes"}"#)
        guard let namespace = try Moto.call(port, "ListNamespaces", "{}").firstMatch(of: /"Id": "(ns-\w+)"/),
            let service = try Moto.call(port, "CreateService", #"{"Name":"s","NamespaceId":"\#(namespace.1)"}"#)
                .firstMatch(of: /"Id": "(srv-\w+)"/)
        else { throw Unexpected(answer: "no service") }
        self.service = String(service.1)
    }

    /// Before `checkSignatures`: a node of another stack is registered.
    func register(_ id: String, stack: String) throws {
        let attributes = #"{"AWS_INSTANCE_IPV4":"10.0.0.9","STACK":"\#(stack)"}"#
        let body = #"{"ServiceId":"\#(service)","InstanceId":"\#(id)","Attributes":\#(attributes)}"#
        _ = try Moto.call(port, "RegisterInstance", body)
    }

    /// From now on a request that is not signed, or wrongly, is refused.
    func checkSignatures() throws {
        _ = try Moto.post(port, "/moto-api/reset-auth", ["Content-Type: text/plain"], "0")
    }

    /// How many requests for an operation were answered with this status.
    func count(_ status: Int) -> Int {
        program.errorText.components(separatedBy: "\"POST / HTTP/1.1\" \(status)").count - 1
    }

    /// What the program needs to use it.
    var environment: [String: String] {
        [
            "AWS_ENDPOINT_URL_SERVICEDISCOVERY": url, "AWS_ACCESS_KEY_ID": keyID, "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
    }

    // MARK: Requests that nobody has to sign yet

    private static func identity(_ port: UInt16, _ action: String, _ more: String = "") throws -> String {
        try post(
            port, "/", [authorization("iam"), "Content-Type: application/x-www-form-urlencoded"],
            "Action=\(action)&Version=2010-05-08&UserName=node\(more)")
    }

    private static func call(_ port: UInt16, _ operation: String, _ body: String) throws -> String {
        try post(
            port, "/",
            [
                authorization("servicediscovery"), "Content-Type: application/x-amz-json-1.1",
                "X-Amz-Target: Route53AutoNaming_v20170314.\(operation)",
            ], body)
    }

    /// moto finds out by it which service is meant.
    private static func authorization(_ service: String) -> String {
        "Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/eu-central-1/\(service)/aws4_request, "
            + "SignedHeaders=host, Signature=0"
    }

    private static func post(_ port: UInt16, _ path: String, _ fields: [String], _ body: String) throws -> String {
        let client = try RawClient(port: port)
        let head = ["POST \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Content-Length: \(body.utf8.count)"] + fields
        try client.send(head.joined(separator: "\r\n") + "\r\nConnection: close\r\n\r\n" + body)
        let response = try client.readResponse()
        guard response.status == 200 else { throw Unexpected(answer: "\(response.status) \(response.body)") }
        return response.body
    }
}
