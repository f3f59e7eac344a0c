import Foundation
import HTTPTypes
import HTTPWire
import Health
import TestSupport
import Testing

/// docs/openapi.yaml against the program that it describes.
@Suite("docs/openapi.yaml", .serialized, .timeLimit(.minutes(5)))
struct OpenAPITests {
    private static let file = Repository.path("docs/openapi.yaml")

    /// An answer as the validator reads it.
    private struct Answer: Encodable {
        let path: String
        let method: String
        let status: String
        let fields: [String: String]
        let content: String

        /// - Parameter path: as the file has it, such as `/healthz/{name}`.
        init(_ path: String, _ response: RawResponse, method: String = "get") {
            self.path = path
            self.method = method
            status = "\(response.status)"
            content = response.body
            let lines = response.head.components(separatedBy: "\r\n").dropFirst()
            fields = Dictionary(
                lines.map { line in
                    let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
                    return (parts[0], parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
                }, uniquingKeysWith: { "\($0), \($1)" })
        }
    }

    /// Reads answers as JSON, and prints what in them is not as the file has it, by Debian's jsonschema. First it proves
    /// that each schema can refuse something.
    private static let validator = """
        import json, sys, yaml, jsonschema
        document = yaml.safe_load(open(sys.argv[1]))
        def resolve(part):
            while "$ref" in part and len(part) == 1:
                target = document
                for step in part["$ref"][2:].split("/"): target = target[step.replace("~1", "/")]
                part = target
            return part
        def errors(schema, value):
            whole = {"components": document["components"], "allOf": [schema]}
            checker = jsonschema.FormatChecker()
            return [" ".join(e.message.split())[:400] for e in jsonschema.Draft202012Validator(whole, format_checker=checker).iter_errors(value)]
        for schema in document["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)
            if not errors(schema, {"status": "fine", "x": 1}) or not errors(schema, None): print("accepts anything:", schema)
        answers = json.load(open(sys.argv[2]))
        for answer in answers:
            name = f"{answer['method']} {answer['path']} {answer['status']}: "
            operation = document["paths"][answer["path"]][answer["method"]]
            if answer["status"] not in operation["responses"]:
                print(name + "is not in the file"); continue
            response = resolve(operation["responses"][answer["status"]])
            fields = dict(answer["fields"])
            media = fields.pop("Content-Type", "").split(";")[0]
            described = {key: resolve(value) for key, value in response["headers"].items()}
            for key, header in described.items():
                if key not in fields:
                    if header.get("required"): print(name + f"has no {key}")
                else:
                    for error in errors(header["schema"], fields[key]): print(name + f"{key}: {error}")
            for key in fields.keys() - described.keys() - {"Connection"}: print(name + f"{key} is not in the file")
            if media and media not in response["content"]: print(name + f"{media} is not in the file"); continue
            if not media and "content" in response: print(name + "has no content type"); continue
            if answer["method"] == "head" or not media:
                if answer["content"]: print(name + "has content")
                continue
            value = json.loads(answer["content"]) if media.endswith("json") else answer["content"]
            for error in errors(response["content"][media]["schema"], value): print(name + error)
        print(len(answers), "answers")
        """

    private static func python(_ script: String, _ arguments: [String]) throws -> [String] {
        let ended = try Program("/usr/bin/python3", ["-c", script, file] + arguments).wait()
        try #require(ended.code == 0, "\(ended.errors)")
        return ended.output.split(separator: "\n").map(String.init)
    }

    private func expectValid(_ answers: [Answer]) throws {
        let folder = try Folder()
        let path = try folder.write(String(decoding: try JSONEncoder().encode(answers), as: UTF8.self), to: "answers")
        #expect(try Self.python(Self.validator, [path]) == ["\(answers.count) answers"])
    }

    @Test("It names every cause that the program has, and no other, and explains each")
    func causes() throws {
        let printed = try Self.python(
            """
            import sys, yaml
            schemas = yaml.safe_load(open(sys.argv[1]))["components"]["schemas"]
            for schema in (schemas["Reason"], schemas["Report"]["properties"]["reason"]):
                print(*(cause for cause in schema["enum"] if f"- `{cause}`: " in schema["description"]))
            print(*schemas["Report"]["properties"]["status"]["enum"])
            """, [])
        #expect(
            printed == [
                FailureCause.allCases.map(\.rawValue).joined(separator: " "),
                Report.Cause.allCases.map(\.rawValue).joined(separator: " "),
                HealthStatus.allCases.map(\.rawValue).joined(separator: " "),
            ])
    }

    @Test("It has every status with which a request can be refused, for every operation")
    func refusals() throws {
        let operations = try Self.python(
            """
            import sys, yaml
            for path, item in yaml.safe_load(open(sys.argv[1]))["paths"].items():
                for method in item.keys() & {"get", "head", "post", "put", "delete", "options", "patch", "trace"}:
                    print(method, path, *item[method]["responses"])
            """, [])
        #expect(operations.count >= 10)
        let refusals = Set(RequestError.allCases.map { "\($0.status.code)" } + ["405"])
        for operation in operations {
            let missing = refusals.subtracting(operation.split(separator: " ").map(String.init))
            #expect(missing.isEmpty, "\(operation)")
        }
    }

    @Test("Answers of a healthy node are as documented")
    func healthy() throws {
        let stack = try Stack()
        let sidecar = try RunningSidecar(stack.environment)
        let text = ["Accept: text/plain"]
        var answers = [
            Answer("/healthz", try sidecar.get("/healthz")),
            Answer("/healthz", try sidecar.get("/healthz", fields: text)),
            Answer("/", try sidecar.get("/")),
            Answer("/", try sidecar.get("/?refresh=off", fields: ["Accept: text/html"])),
            Answer("/healthz", try sidecar.get("/healthz?exclude=tempo&exclude=x%22")),
            Answer("/healthz", try sidecar.get("/healthz?exclude=tempo&exclude=loki&exclude=grafana")),
            Answer("/healthz", try sidecar.get("/healthz?exclude=tempo&exclude=loki&exclude=grafana", fields: text)),
            Answer("/healthz/{name}", try sidecar.get("/healthz/loki")),
            Answer("/healthz/{name}", try sidecar.get("/healthz/loki", fields: text)),
            Answer("/healthz/{name}", try sidecar.get("/healthz/mimir")),
            Answer("/metrics", try sidecar.get("/metrics")),
            Answer(
                "/metrics", try sidecar.get("/metrics", fields: ["Accept: application/openmetrics-text;version=1.0.0"])),
            Answer("/livez", try sidecar.get("/livez")), Answer("/readyz", try sidecar.get("/readyz")),
        ]
        for type in ["text/html", "application/health+json", "application/json"] {
            let fields = ["Accept: \(type)", "Upgrade-Insecure-Requests: 1"]
            for target in [
                "/healthz", "/", "/healthz?exclude=x", "/healthz?exclude=tempo&exclude=loki&exclude=grafana",
            ] {
                let path = target == "/" ? "/" : "/healthz"
                answers.append(Answer(path, try sidecar.get(target, fields: fields)))
            }
            answers.append(Answer("/healthz/{name}", try sidecar.get("/healthz/loki", fields: fields)))
        }
        let types = Set(answers.compactMap { $0.fields["Content-Type"]?.split(separator: ";").first.map(String.init) })
        #expect(
            types == [
                "application/json", "text/plain", "text/html", "application/health+json",
                "application/openmetrics-text",
            ])
        for (path, target) in [
            ("/", "/"), ("/healthz", "/healthz"), ("/healthz/{name}", "/healthz/loki"), ("/livez", "/livez"),
            ("/readyz", "/readyz"),
            ("/metrics", "/metrics"),
        ] {
            answers.append(Answer(path, try get(target, port: sidecar.port, method: "HEAD"), method: "head"))
            answers.append(Answer(path, try get(target, port: sidecar.port, method: "POST")))
            answers.append(Answer(path, try sidecar.get(target, fields: ["If-Match: \"a\""])))
            let known = ["If-None-Match: *", "Accept: text/html", "Upgrade-Insecure-Requests: 1"]
            answers.append(Answer(path, try sidecar.get(target, fields: known)))
            for lines in [
                "GET https://b\(target) HTTP/1.1", "GET \(target) HTTP/2.0", "GET \(target) HTTP/1.1\r\nHost: a b",
                "CONNECT \(target) HTTP/1.1",
            ] {
                let client = try RawClient(port: sidecar.port)
                try client.send("\(lines)\r\n\r\n")
                answers.append(Answer(path, try client.readResponse()))
            }
        }
        #expect(Set(answers.map(\.status)) == ["200", "304", "500", "404", "405", "400", "412", "421", "505", "501"])
        try expectValid(answers)
    }

    @Test(
        "Answers of an unhealthy node are as documented, with groups, services that are not critical, and changing targets"
    )
    func sick() throws {
        let closed = try ClosedPort()
        let turning = try FaultyUpstream([.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")])
        defer { turning.stop() }
        let folder = try Folder()
        let path = try folder.write(
            """
            interval: 100ms
            fall: 100
            rise: 100
            drain: 30s
            unhealthy_status: 503
            services:
              turning: {url: "\(turning.url)"}
              exporter: {url: "\(closed.url)", critical: false}
              some: {instances: ["\(closed.url)", "\(turning.url)"], require: any}
              none: {instances: ["\(closed.url)"]}
              port: {url: "tcp://127.0.0.1:\(turning.port)"}
              loki: {url: "\(closed.url)", bearer_token: not-a-real-token}
            """, to: "healthz.yaml")
        let sidecar = try RunningSidecar([:], ["--config", path])
        _ = try sidecar.get("/healthz")
        turning.change(to: [.readHead, .send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")])
        let failing = try eventually("one that is failing") {
            let answer = try sidecar.get("/healthz")
            return answer.body.contains("\"failing\"") ? answer : nil
        }
        var answers = [
            Answer("/healthz", failing),
            Answer("/healthz", try sidecar.get("/healthz", fields: ["Accept: text/plain"])),
            Answer("/healthz", try sidecar.get("/healthz?exclude=loki&exclude=none")),
            Answer(
                "/healthz", try sidecar.get("/healthz?exclude=loki&exclude=none", fields: ["Accept: text/plain"])),
        ]
        for type in ["application/json", "application/health+json", "text/html"] {
            let fields = ["Accept: \(type)", "Upgrade-Insecure-Requests: 1"]
            answers.append(Answer("/healthz", try sidecar.get("/healthz", fields: fields)))
            answers.append(Answer("/", try sidecar.get("/?exclude=loki&exclude=none", fields: fields)))
            for name in ["turning", "exporter", "some", "none", "port", "loki"] {
                answers.append(Answer("/healthz/{name}", try sidecar.get("/healthz/\(name)", fields: fields)))
            }
        }
        sidecar.program.signal(SIGTERM)
        try sidecar.program.waitForErrors("draining") { $0.contains("SIGTERM") }
        answers.append(Answer("/healthz", try sidecar.get("/healthz")))
        answers.append(Answer("/healthz", try sidecar.get("/healthz", fields: ["Accept: application/health+json"])))
        answers.append(Answer("/", try sidecar.get("/", fields: ["Accept: text/html"])))
        answers.append(Answer("/healthz", try get("/healthz", port: sidecar.port, method: "HEAD"), method: "head"))
        answers.append(Answer("/readyz", try sidecar.get("/readyz")))
        #expect(answers.suffix(5).allSatisfy { $0.status == "503" })
        sidecar.program.signal(SIGTERM)
        try expectValid(answers)
    }

    @Test("Answers of a recovering node, and answers without details, are as documented")
    func recovering() throws {
        let upstream = try FaultyUpstream([.readHead, .send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")])
        defer { upstream.stop() }
        let sidecar = try RunningSidecar([
            "GRAFANA_ENDPOINT": upstream.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": "", "HEALTHZ_INTERVAL": "100ms",
            "HEALTHZ_RISE": "100",
        ])
        _ = try sidecar.get("/healthz")
        upstream.change(to: [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")])
        let recovering = try eventually("one that is recovering") {
            let answer = try sidecar.get("/healthz")
            return answer.body.contains("\"recovering\"") ? answer : nil
        }
        let folder = try Folder()
        let token = try folder.write("a-token-of-the-tests-alone\n", to: "token")
        let closed = try ClosedPort()
        let discreet = try RunningSidecar([
            "GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": "", "HEALTHZ_DETAIL": "summary",
            "HEALTHZ_DETAIL_TOKEN_FILE": token,
        ])
        let summary = try discreet.get("/healthz")
        #expect(!summary.body.contains("reason"))
        try expectValid([
            Answer("/healthz", recovering), Answer("/healthz", summary),
            Answer("/healthz", try discreet.get("/healthz", fields: ["Accept: application/health+json"])),
            Answer("/", try discreet.get("/", fields: ["Accept: text/html"])),
            Answer("/healthz", try sidecar.get("/healthz", fields: ["Accept: application/health+json"])),
            Answer("/healthz", try discreet.get("/healthz", fields: ["Authorization: Bearer wrong"])),
            Answer(
                "/healthz", try discreet.get("/healthz", fields: ["Authorization: Bearer a-token-of-the-tests-alone"])),
        ])
    }
}
