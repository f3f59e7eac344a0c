import Foundation
import TestSupport
import Testing

@Suite("Identity and keys from the machine", .serialized, .timeLimit(.minutes(5)))
struct MachineIdentityTests {
    private let cloudMap: CloudMapStandIn
    private let metadata: MetadataStandIn

    init() throws {
        cloudMap = try CloudMapStandIn()
        metadata = try MetadataStandIn()
    }

    private var endpoint: [String: String] { ["AWS_ENDPOINT_URL_SERVICEDISCOVERY": cloudMap.url] }

    @Test("The identity and keys of an EC2 instance are fetched with a token, and never through a proxy")
    func metadataService() throws {
        cloudMap.change { $0.token = "IQoJ+/=token" }
        let closed = try ClosedPort()
        let proxies = ["http_proxy": closed.url, "HTTP_PROXY": closed.url, "all_proxy": closed.url]
        let environment = endpoint.merging(metadata.environment) { $1 }.merging(proxies) { $1 }
        let ended = try Program.run(
            ["register", "--cloud-map-service-id", "srv-abc", "--stack-id", "green"], environment: environment)
        #expect(ended.code == 0 && cloudMap.faults.isEmpty, "\(ended.errors)")
        #expect(cloudMap.state.withLock { $0.instances["i-0abc"]?["AWS_INSTANCE_IPV4"] } == "10.1.2.3")
        let requests = metadata.requests
        #expect(requests.first == "PUT /latest/api/token")
        // One token for identity, one for keys: two parts of the program that do not know each other.
        #expect(requests.count { $0.hasPrefix("PUT") } <= 2 && requests.count == 7, "\(requests)")
        #expect(!(ended.output + ended.errors).contains("IQoJ"))
    }

    @Test("Where the answer to PUT is lost, the error names the hop limit, and nothing else is asked")
    func hopLimit() throws {
        metadata.state.withLock { $0.losesTokens = true }
        let start = ContinuousClock.now
        let ended = try Program.run(
            ["register", "--cloud-map-service-id", "srv-abc"],
            environment: endpoint.merging(metadata.environment) { $1 })
        #expect(ended.code == 69 && ended.errors.contains("HttpPutResponseHopLimit"), "\(ended.errors)")
        #expect(.now - start < .seconds(15))
        #expect(Set(metadata.requests) == ["PUT /latest/api/token"])
        #expect(cloudMap.calls.isEmpty)
    }

    @Test("A container's keys come from its endpoint, authorized by the file's content")
    func container() throws {
        cloudMap.change { $0.token = "IQoJ+/=token" }
        let seen = Guarded<[String]>([])
        let server = try LoopbackServer { request in
            seen.withLock { $0.append("\(request.method) \(request.target) \(request.value("Authorization") ?? "-")") }
            return .response(200, MetadataStandIn.keys("IQoJ+/=token"))
        }
        defer { server.stop() }
        let folder = try Folder()
        let variables = [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.url)/v2/credentials/1", "AWS_REGION": "eu-central-1",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": try folder.write("the-container-token", to: "token"),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "not this one", "SERVICE_ID": "srv-abc", "SYSTEM_IP_ADDR": "10.0.0.7",
            "SYSTEM_INSTANCE_ID": "i-1",
        ]
        let ended = try Program.run(["register"], environment: endpoint.merging(variables) { $1 })
        #expect(ended.code == 0 && cloudMap.faults.isEmpty, "\(ended.errors)")
        #expect(seen.withLock { $0 } == ["GET /v2/credentials/1 the-container-token"])
        #expect(!(ended.output + ended.errors).contains("the-container-token"))

        let open = variables.merging(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.org/"]) { $1 }
        let refused = try Program.run(["register"], environment: endpoint.merging(open) { $1 })
        #expect(refused.code == 77 && refused.errors.contains("example.org is neither https nor"))
        let missing = variables.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/no/such/file"]) { $1 }
        let unread = try Program.run(["register"], environment: endpoint.merging(missing) { $1 })
        #expect(unread.code == 77 && unread.errors.contains("/no/such/file cannot be read"), "\(unread.errors)")
    }

    @Test("Web identity is refused by name")
    func webIdentity() throws {
        let variables = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "SERVICE_ID": "srv-abc", "SYSTEM_IP_ADDR": "10.0.0.7",
            "SYSTEM_INSTANCE_ID": "i-1", "REGION": "eu-central-1",
        ]
        let ended = try Program.run(["register"], environment: endpoint.merging(variables) { $1 })
        #expect(ended.code == 77 && ended.errors.contains("does not support web identity"))
    }
}
