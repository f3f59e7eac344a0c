import HTTPClient
import Testing

@testable import Discovery

@Suite("Requests to Cloud Map")
struct CloudMapCallTests {
    private static let endpoint = URL(
        scheme: .https, host: "servicediscovery.us-west-2.amazonaws.com", target: "/")

    private static func registration(_ change: (inout CloudMapRegistration.Parts) -> Void = { _ in }) throws
        -> CloudMapRegistration
    {
        var parts = CloudMapRegistration.Parts()
        (parts.serviceID, parts.instanceID, parts.stackID, parts.address) = ("srv-abc", "i-1", "green", "10.0.0.7")
        change(&parts)
        return try CloudMapRegistration(parts)
    }

    @Test("Each call has its operation's name and its members, and no others")
    func contents() throws {
        let registration = try Self.registration { parts in
            parts.port = 3000
            parts.attributes = ["zone": "a"]
        }
        let attributes =
            #"{"AWS_INIT_HEALTH_STATUS":"UNHEALTHY","AWS_INSTANCE_IPV4":"10.0.0.7","#
            + #""AWS_INSTANCE_PORT":"3000","STACK":"green","zone":"a"}"#
        let instance = #"{"InstanceId":"i-1","ServiceId":"srv-abc"}"#
        let rows: [(CloudMapCall, String, String)] = [
            (
                .listInstances(service: "srv-abc", page: nil), "ListInstances",
                #"{"MaxResults":100,"ServiceId":"srv-abc"}"#
            ),
            (
                .listInstances(service: "srv-abc", page: "a/b"), "ListInstances",
                #"{"MaxResults":100,"NextToken":"a/b","ServiceId":"srv-abc"}"#
            ),
            (
                .registerInstance(registration, initially: .unhealthy, request: "r1"), "RegisterInstance",
                #"{"Attributes":\#(attributes),"CreatorRequestId":"r1","InstanceId":"i-1","ServiceId":"srv-abc"}"#
            ),
            (.deregisterInstance(service: "srv-abc", instance: "i-1"), "DeregisterInstance", instance),
            (.getInstance(service: "srv-abc", instance: "i-1"), "GetInstance", instance),
            (
                .updateHealth(service: "srv-abc", instance: "i-1", .healthy), "UpdateInstanceCustomHealthStatus",
                #"{"InstanceId":"i-1","ServiceId":"srv-abc","Status":"HEALTHY"}"#
            ),
            (.getOperation("op-1"), "GetOperation", #"{"OperationId":"op-1"}"#),
        ]
        for (call, name, content) in rows {
            let request = call.request(to: Self.endpoint)
            #expect(String(decoding: request.content ?? [], as: UTF8.self) == content)
            #expect(request.fields.last?.value == "Route53AutoNaming_v20170314.\(name)")
            #expect(request.method == .post && request.url == Self.endpoint && request.reading.keepsFields)
        }
    }

    @Test("Without custom health, nothing is said of health")
    func noHealth() throws {
        let registration = try Self.registration()
        #expect(registration.attributes(initially: nil) == ["AWS_INSTANCE_IPV4": "10.0.0.7", "STACK": "green"])
        #expect(registration.attributes(initially: .healthy)["AWS_INIT_HEALTH_STATUS"] == "HEALTHY")
    }

    @Test("An IPv6 address has its own attribute, and an empty stack is none")
    func addresses() throws {
        let registration = try Self.registration { ($0.address, $0.stackID) = ("fd00::7", "") }
        #expect(registration.attributes == ["AWS_INSTANCE_IPV6": "fd00::7"])
        #expect(registration.stackID == nil)
    }

    @Test("What Cloud Map would refuse is refused before it is sent")
    func mistakes() {
        typealias Parts = CloudMapRegistration.Parts
        let long = String(repeating: "a", count: 65)
        let rows: [(CloudMapMistake, (inout Parts) -> Void)] = [
            (.serviceID(""), { $0.serviceID = "" }),
            (.serviceID("srv abc"), { $0.serviceID = "srv abc" }),
            (.instanceID(""), { $0.instanceID = "" }),
            (.instanceID("i 1"), { $0.instanceID = "i 1" }),
            (.instanceID(long), { $0.instanceID = long }),
            (.address("loki"), { $0.address = "loki" }),
            (.address("10.0.0.256"), { $0.address = "10.0.0.256" }),
            (.port(0), { $0.port = 0 }),
            (.port(65_536), { $0.port = 65_536 }),
            (.attributeKey("a b"), { $0.attributes = ["a b": "c"] }),
            (.attributeKey(""), { $0.attributes = ["": "c"] }),
            (.attributeValue(key: "colour"), { $0.attributes = ["colour": "grün"] }),
            (.attributeValue(key: "STACK"), { $0.stackID = "green " }),
            (.attributeValue(key: "a"), { $0.attributes = ["a": String(repeating: "b", count: 1_025)] }),
            (.reserved("AWS_INIT_HEALTH_STATUS"), { $0.attributes = ["AWS_INIT_HEALTH_STATUS": "HEALTHY"] }),
            (.tooMany(31), { for index in 0..<30 { $0.attributes["a\(index)"] = "b" } }),
            (
                .tooLong(5_155),
                { for index in 0..<5 { $0.attributes["a\(index)"] = String(repeating: "b", count: 1_022) } }
            ),
        ]
        for (mistake, change) in rows {
            #expect(throws: mistake) { try Self.registration(change) }
        }
    }

    @Test("A registration matches an entry that says the same, and more")
    func matches() throws {
        let registration = try Self.registration()
        var attributes = ["AWS_INSTANCE_IPV4": "10.0.0.7", "STACK": "green", "AWS_INIT_HEALTH_STATUS": "UNHEALTHY"]
        #expect(registration.matches(CloudMapEntry(id: "i-1", attributes: attributes)))
        attributes["STACK"] = "blue"
        #expect(!registration.matches(CloudMapEntry(id: "i-1", attributes: attributes)))
    }
}

@Suite("Answers of Cloud Map")
struct CloudMapAnswerTests {
    private static let list = CloudMapCall.listInstances(service: "srv-abc", page: nil)
    private static let tell = CloudMapCall.updateHealth(service: "srv-abc", instance: "i-1", .healthy)

    private static func answer(_ body: String, to call: CloudMapCall) throws -> CloudMapAnswer {
        try CloudMapAnswer(Response(status: 200, body: Array(body.utf8)), to: call)
    }

    private static func failure(_ status: Int, _ body: String, fields: [Field] = []) -> CloudMapFailure {
        CloudMapFailure(Response(status: status, fields: fields, body: Array(body.utf8)), to: .registerInstance)
    }

    @Test("Answers are read, and members that are not known are passed over")
    func answers() throws {
        let first =
            #"{"Instances":[{"Id":"i-1","Attributes":{"STACK":"green"},"CreatedByAccount":"1"},{"Id":"i-2"}],"#
            + #""NextToken":"n"}"#
        let entries = [
            CloudMapEntry(id: "i-1", attributes: ["STACK": "green"]), CloudMapEntry(id: "i-2", attributes: [:]),
        ]
        #expect(try Self.answer(first, to: Self.list) == .instances(entries, next: "n"))
        #expect(try Self.answer(#"{"Instances":[]}"#, to: Self.list) == .instances([], next: nil))
        #expect(try Self.answer(#"{"Instances":[],"NextToken":""}"#, to: Self.list) == .instances([], next: nil))
        let deregister = CloudMapCall.deregisterInstance(service: "srv-abc", instance: "i-1")
        #expect(try Self.answer(#"{"OperationId":"op"}"#, to: deregister) == .begun(operation: "op"))
        let get = CloudMapCall.getInstance(service: "srv-abc", instance: "i-2")
        #expect(try Self.answer(#"{"Instance":{"Id":"i-2"},"ResourceOwner":"1"}"#, to: get) == .instance(entries[1]))
        for body in ["", "{}"] { #expect(try Self.answer(body, to: Self.tell) == .healthUpdated) }
    }

    @Test(
        "An operation is underway until it has succeeded or failed",
        arguments: [
            (#"{"Status":"SUBMITTED"}"#, CloudMapProgress.underway), (#"{"Status":"PENDING"}"#, .underway),
            (#"{"Id":"op","Status":"SUCCESS","CreateDate":1.5,"Targets":{"INSTANCE":"i-1"}}"#, .succeeded),
            (
                #"{"Status":"FAIL","ErrorCode":"ACCESS_DENIED","ErrorMessage":"No."}"#,
                .failed(code: "ACCESS_DENIED", message: "No.")
            ),
            (#"{"Status":"FAIL"}"#, .failed(code: "", message: "")),
        ])
    func operations(body: String, progress: CloudMapProgress) throws {
        #expect(try Self.answer("{\"Operation\":\(body)}", to: .getOperation("op")) == .operation(progress))
    }

    @Test(
        "A 200 that is not Cloud Map's is a failure of the server",
        arguments: ["", "<html>", "[]", "{}", #"{"Instances":{}}"#, #"{"Instances":[{"Attributes":{}}]}"#])
    func strangers(body: String) {
        #expect { try Self.answer(body, to: Self.list) } throws: { error in
            (error as? CloudMapFailure)?.problem == .server
        }
    }

    @Test("A text of nothing but brackets is refused, not recursed into")
    func nested() {
        let body = String(repeating: "[", count: 1_000_000)
        #expect(throws: CloudMapFailure.self) { try Self.answer(#"{"Instances":"# + body, to: Self.list) }
    }

    @Test("Errors are told apart by their code, whatever stands before and behind it")
    func codes() {
        typealias Problem = CloudMapFailure.Problem
        let rows: [(String, String, Problem, RegistryCause)] = [
            ("ThrottlingException", "Rate exceeded", .throttled, .throttled),
            ("RequestLimitExceeded", "", .throttled, .throttled),
            ("ResourceInUse", "", .throttled, .throttled),
            ("AccessDeniedException", "User x is not authorized", .denied, .denied),
            ("UnrecognizedClientException", "", .denied, .denied),
            ("InvalidSignatureException", "The request signature we calculated does not match", .denied, .denied),
            ("ExpiredTokenException", "", .expired, .expired),
            ("InvalidSignatureException", "Signature expired: A is now earlier than B (C - 5 min.)", .clock, .clock),
            ("InvalidSignatureException", "Signature not yet current: A is still later than B", .clock, .clock),
            ("InstanceNotFound", "", .instanceNotFound, .notFound),
            ("ServiceNotFound", "", .serviceNotFound, .notFound),
            ("OperationNotFound", "", .operationNotFound, .notFound),
            ("CustomHealthNotFound", "", .customHealthNotFound, .notFound),
            ("InvalidInput", "", .invalid, .invalid), ("ResourceLimitExceeded", "", .invalid, .invalid),
            ("SomethingNew", "", .invalid, .invalid),
        ]
        for (code, message, problem, cause) in rows {
            for type in [code, "com.amazonaws.x#\(code)", "\(code):http://a/", "com.amazonaws.x#\(code):http://a/#b"] {
                for name in ["message", "Message"] {
                    let failure = Self.failure(400, #"{"__type":"\#(type)","\#(name)":"\#(message)"}"#)
                    #expect(failure.problem == problem && failure.cause == cause, "\(type)")
                    #expect(failure.detail == (message.isEmpty ? code : "\(code): \(message)"))
                }
            }
        }
    }

    @Test("A duplicate names the operation to wait for")
    func duplicate() {
        let body =
            #"{"__type":"DuplicateRequest","Message":"Another operation of type DeregisterInstance and id op-7 "#
            + #"is in progress","DuplicateOperationId":"op-7"}"#
        #expect(Self.failure(400, body).problem == .duplicate(operation: "op-7"))
        #expect(Self.failure(400, #"{"__type":"DuplicateRequest"}"#).problem == .duplicate(operation: nil))
    }

    @Test(
        "Where the body is not JSON, the status is the cause",
        arguments: [
            (400, RegistryCause.invalid), (401, .denied), (403, .denied), (404, .invalid), (302, .invalid),
            (408, .timeout), (429, .throttled), (500, .server), (502, .server), (503, .server), (504, .server),
        ])
    func statuses(status: Int, cause: RegistryCause) {
        for body in ["", "<ErrorResponse><Code>AccessDenied</Code></ErrorResponse>", "{}", "[1]", "\u{0}"] {
            let failure = Self.failure(status, body)
            #expect(failure.cause == cause && failure.detail == "status \(status)")
        }
    }

    @Test("An unknown code with a 500 is the server's failure, and an unknown one with 503 too")
    func unknown() {
        #expect(Self.failure(500, #"{"__type":"InternalFailure"}"#).cause == .server)
        #expect(Self.failure(503, #"{"__type":"ServiceUnavailable"}"#).cause == .server)
    }

    @Test("The words of an answer to a wrong signature end before the request that it repeats")
    func repeatedRequest() {
        let body =
            #"{"__type":"InvalidSignatureException","message":"The request signature we calculated does not "#
            + #"match.\n\nThe Canonical String for this request should have been\n'POST\nx-amz-security-token:IQoJ'"}"#
        let failure = Self.failure(400, body, fields: [Field(name: "x-amzn-RequestId", value: "1-2")])
        let text =
            "RegisterInstance: InvalidSignatureException: The request signature we calculated does not match. "
            + "(request 1-2)"
        #expect("\(failure)" == text)
    }

    @Test("A transfer that failed is unreachable, too slow, or no answer of a server")
    func transfers() {
        let rows: [(TransferFailure, RegistryCause)] = [
            (.dns(host: "a", detail: "b"), .unreachable), (.refused(place: "a"), .unreachable),
            (.connectTimeout(place: "a", limit: .seconds(1)), .unreachable), (.tls(detail: "a"), .unreachable),
            (.timeout(limit: .seconds(5), waitingFor: .response), .timeout), (.empty, .unreachable),
            (.protocolError(detail: "a"), .server), (.tooLarge(limit: 1), .server),
        ]
        for (transfer, cause) in rows {
            #expect(CloudMapFailure(transfer, of: .listInstances).cause == cause)
        }
    }
}
