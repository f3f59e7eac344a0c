import HTTPClient
import Testing

@testable import Discovery

@Suite("Where keys come from")
struct KeySourceTests {
    private static let id = "AWS_ACCESS_KEY_ID"
    private static let secret = "AWS_SECRET_ACCESS_KEY"
    private static let token = "AWS_SESSION_TOKEN"
    private static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    private static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    private static let containerToken = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
    private static let identity = "AWS_WEB_IDENTITY_TOKEN_FILE"

    private static func url(_ text: String) throws -> URL { try #require(URL(text: text)) }

    @Test("Variables with keys go before all else, the container's before the metadata service")
    func order() throws {
        let keys = AWSKeys(accessKeyID: "A", secretKey: Secret("B"), sessionToken: Secret("C"))
        let all = [
            Self.id: "A", Self.secret: "B", Self.token: "C", Self.relative: "/v2/x", Self.identity: "/f",
        ]
        let container = try Self.url("http://169.254.170.2/v2/x")
        let metadata = try Self.url("http://169.254.169.254")
        let rows: [([String: String], KeySource)] = [
            (all, .environment(keys)),
            (
                [Self.id: "A", Self.secret: "B", Self.token: ""],
                .environment(.init(accessKeyID: "A", secretKey: Secret("B")))
            ),
            ([Self.relative: "/v2/x"], .container(container, .none)),
            ([Self.relative: "/v2/x", Self.full: "http://localhost/y"], .container(container, .none)),
            ([Self.relative: "/v2/x", Self.containerToken: "t"], .container(container, .text(Secret("t")))),
            (
                [Self.relative: "/v2/x", Self.containerToken: "t", "\(Self.containerToken)_FILE": "/f"],
                .container(container, .file("/f"))
            ),
            ([:], .metadata(metadata)), ([Self.id: "", Self.identity: ""], .metadata(metadata)),
            ([Self.token: "C"], .metadata(metadata)),
            (["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"], .metadata(try Self.url("http://[fd00:ec2::254]"))),
            (
                ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338/"],
                .metadata(try Self.url("http://127.0.0.1:1338"))
            ),
        ]
        for (variables, source) in rows {
            #expect(try KeySource(Environment(variables)) == source, "\(variables.keys.sorted())")
        }
    }

    @Test("What is half set, unsafe or not supported is refused, and never passed over")
    func failures() {
        let rows: [([String: String], KeyFailure)] = [
            ([Self.id: "A"], .half(set: Self.id, missing: Self.secret)),
            ([Self.secret: "B"], .half(set: Self.secret, missing: Self.id)),
            ([Self.id: "A", Self.secret: ""], .half(set: Self.id, missing: Self.secret)),
            ([Self.id: "A\n", Self.secret: "B"], .unsendable(Self.id)),
            ([Self.id: "A", Self.secret: "B", Self.token: "C\r\nX: y"], .unsendable(Self.token)),
            ([Self.identity: "/f", "AWS_ROLE_ARN": "arn"], .webIdentity),
            ([Self.identity: "/f", Self.relative: "/x"], .webIdentity),
            ([Self.relative: "x"], .url(Self.relative)), ([Self.relative: "@evil.example/"], .url(Self.relative)),
            ([Self.full: "ftp://localhost/"], .url(Self.full)), ([Self.full: "localhost"], .url(Self.full)),
            ([Self.full: "http://user:secret@localhost/"], .url(Self.full)),
            ([Self.relative: "/x", Self.containerToken: "a\n"], .unsendable(Self.containerToken)),
            (["AWS_EC2_METADATA_DISABLED": "TRUE"], .metadataDisabled),
            (["AWS_EC2_METADATA_SERVICE_ENDPOINT": "nonsense"], .url("AWS_EC2_METADATA_SERVICE_ENDPOINT")),
        ]
        for (variables, failure) in rows {
            #expect(throws: failure) { try KeySource(Environment(variables)) }
            #expect(!"\(failure)".contains("secret"))
        }
    }

    @Test(
        "Without encryption the container's token goes to this host, ECS and EKS alone",
        arguments: [
            ("https://example.com/x", true), ("http://127.0.0.1:8080/x", true), ("http://127.9.8.7/", true),
            ("http://localhost/", true), ("http://[::1]:80/", true), ("http://169.254.170.2/", true),
            ("http://169.254.170.23/v1/credentials", true), ("http://[fd00:ec2::23]/v1/credentials", true),
            ("http://169.254.169.254/", false), ("http://example.com/", false), ("http://10.0.0.1/", false),
            ("http://127.0.0.1.example.com/", false), ("http://127.1/", false),
            ("http://localhost.example.com/", false),
            ("http://[fd00:ec2::24]/", false),
        ])
    func trusted(text: String, isTrusted: Bool) throws {
        let url = try Self.url(text)
        let environment = Environment([Self.full: text])
        if isTrusted {
            #expect(try KeySource(environment) == .container(url, .none))
        } else {
            #expect(throws: KeyFailure.untrusted(host: url.host)) { try KeySource(environment) }
        }
    }

    @Test("Every failure has a text of its own")
    func texts() {
        let failures: [KeyFailure] = [
            .half(set: "A", missing: "B"), .unsendable("A"), .webIdentity, .url("A"), .untrusted(host: "A"),
            .metadataDisabled, .tokenFile(path: "/f", detail: "is empty"), .container(place: "A", .empty),
            .containerStatus(place: "A", 500), .containerAnswer(place: "A"), .metadata(.forbidden), .metadata(.noRole),
            .metadata(.hopLimit(place: "A")), .metadata(.noKeys(code: "A")), .metadata(.unreadable("a")),
            .metadata(.status("a", 500)), .metadata(.transfer(.empty)),
        ]
        #expect(Set(failures.map { "\($0)" }).count == failures.count)
    }
}

@Suite("URLs of the environment")
struct URLTextTests {
    @Test("A URL is read into its parts")
    func parts() throws {
        let rows: [(String, URL.Scheme, String, Int, String)] = [
            ("http://a", .http, "a", 80, "/"), ("HTTPS://a.b:8443/c?d=e", .https, "a.b", 8443, "/c?d=e"),
            ("http://[::1]:9000", .http, "::1", 9000, "/"), ("https://a?b", .https, "a", 443, "/?b"),
        ]
        for (text, scheme, host, port, target) in rows {
            #expect(URL(text: text) == URL(scheme: scheme, host: host, port: port, target: target))
        }
    }

    @Test(
        "What is no such URL is not read",
        arguments: [
            "", "a", "http://", "http:///a", "ftp://a", "tcp://a:1", "http://a:0", "http://a:65536", "http://a:+80",
            "http://a:", "http://[::1", "http://[a]", "http://::1", "http://a b", "http://ä", "http://u:p@a",
            "http://a#b",
            "http://a/#b", "http://a\n", "://a", "http://[::1]a",
        ])
    func wrong(text: String) {
        #expect(URL(text: text) == nil)
    }
}

@Suite("Where Cloud Map is")
struct CloudMapPlaceTests {
    @Test("The endpoint is the setting, else a variable, else the region's")
    func endpoints() throws {
        let (service, general) = ("AWS_ENDPOINT_URL_SERVICEDISCOVERY", "AWS_ENDPOINT_URL")
        let both = [service: "http://a:1", general: "http://b:2"]
        let rows: [(String, String?, [String: String], String)] = [
            ("us-west-2", nil, [:], "https://servicediscovery.us-west-2.amazonaws.com/"),
            ("cn-north-1", nil, [:], "https://servicediscovery.cn-north-1.amazonaws.com.cn/"),
            (
                "us-gov-west-1", nil, ["AWS_USE_FIPS_ENDPOINT": "true"],
                "https://servicediscovery-fips.us-gov-west-1.amazonaws.com/"
            ),
            ("eu-west-1", nil, ["AWS_USE_DUALSTACK_ENDPOINT": "true"], "https://servicediscovery.eu-west-1.api.aws/"),
            (
                "cn-north-1", nil, ["AWS_USE_DUALSTACK_ENDPOINT": "true"],
                "https://servicediscovery.cn-north-1.api.amazonwebservices.com.cn/"
            ),
            ("us-west-2", "http://c:3", both, "http://c:3/"), ("us-west-2", nil, both, "http://a:1/"),
            ("us-west-2", nil, [general: "http://b:2"], "http://b:2/"),
            (
                "us-west-2", nil, both.merging(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"]) { $1 },
                "https://servicediscovery.us-west-2.amazonaws.com/"
            ),
        ]
        for (region, setting, variables, url) in rows {
            let place = try CloudMapPlace(region: region, setting: setting, Environment(variables))
            #expect("\(place.endpoint)" == url && place.region == region)
        }
    }

    @Test("A region that would name another host is refused")
    func regions() {
        for region in ["", "us west", "evil.example/", "a@b", "-a", "US-WEST-2"] {
            #expect(throws: CloudMapPlace.Failure.region(region)) {
                try CloudMapPlace(region: region, Environment([:]))
            }
        }
        #expect(throws: CloudMapPlace.Failure.endpoint(name: "AWS_ENDPOINT_URL")) {
            try CloudMapPlace(region: "us-west-2", Environment(["AWS_ENDPOINT_URL": "nonsense"]))
        }
        #expect(CloudMapPlace.region(in: Environment(["AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"])) == "a")
        #expect(CloudMapPlace.region(in: Environment(["AWS_DEFAULT_REGION": "b"])) == "b")
        #expect(CloudMapPlace.region(in: Environment([:])) == nil)
    }
}
