import Discovery
import HTTPClient
import Time

/// Registries, the metadata service and the container's endpoint answer with the input, whatever was asked: each answer is read
/// or refused, in one line of a bounded length, without the secrets that may be repeated in it.
@_cdecl("LLVMFuzzerTestOneInput")
package func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var input = Array(UnsafeBufferPointer(start: start, count: count))[...]
    guard let selector = input.popFirst() else { return 0 }
    let status = [200, 400, 403, 404, 429, 500][Int(selector % 6)]
    let fields = [Field(name: "Date", value: String(decoding: input.prefix(40), as: UTF8.self))]
    let response = Response(status: status, fields: fields, body: Array(input))
    for call in cloudMapCalls {
        if case .failure(let failure) = Result(catching: { try CloudMapAnswer(response, to: call) }) {
            check("\(failure)")
        }
    }
    for call in consulCalls {
        let answer = Result { try ConsulAnswer(response, to: call, hiding: Secret(secret)) }
        if case .failure(let failure) = answer {
            check("\(failure)")
            precondition(!"\(failure)".contains(secret))
        }
    }
    askMetadata(response)
    callCloudMap(response)
    let text = String(decoding: input, as: UTF8.self)
    if let url = URL(text: text) { precondition(url.target.hasPrefix("/") && url.credentials == nil) }
    if let token = ConsulAgent.token(inFile: Array(input)) { precondition(!token.text.contains("\n")) }
    return 0
}

private let secret = "a-secret-of-this-fuzzer"

private let cloudMapCalls: [CloudMapCall] = [
    .listInstances(service: "srv-1", page: nil), .deregisterInstance(service: "srv-1", instance: "i-1"),
    .getInstance(service: "srv-1", instance: "i-1"), .updateHealth(service: "srv-1", instance: "i-1", .healthy),
    .getOperation("op-1"),
]

private let consulCalls: [ConsulCall] = [
    .look(service: "a"), .update(check: "service:a", .passing, output: ""), .deregister(service: "a"),
]

private func check(_ message: String) {
    precondition(message.unicodeScalars.count < 1000 && !message.contains(where: \.isNewline))
}

private let start = Moment(instant: .now, timestamp: Timestamp(milliseconds: 1_767_225_600_000))

/// Every question ends, after a bounded number of requests.
private func askMetadata(_ response: Response) {
    for question in InstanceMetadata.Question.allCases {
        var metadata = InstanceMetadata(endpoint: URL(scheme: .http, host: "a", target: "/"))
        var action = metadata.ask(question, at: start.instant)
        var count = 0
        while case .send(let request, _) = action {
            count += 1
            precondition(count < 20 && request.fields.allSatisfy(\.isValid))
            action = metadata.answered(response, at: start.instant)
        }
        guard case .finish(let result) = action else { preconditionFailure() }
        if case .failure(let failure) = result { check("\(failure)") }
    }
}

private func callCloudMap(_ response: Response) {
    let keys = AWSKeys(accessKeyID: "AKID", secretKey: Secret(secret), sessionToken: Secret("token-\(secret)"))
    var caller = CloudMapCaller(
        endpoint: URL(scheme: .https, host: "a", target: "/"), region: "eu-central-1", keys: .environment(keys))
    var action = caller.begin(.getOperation("op-1"), at: start)
    var count = 0
    while case .send(let request, _) = action {
        count += 1
        precondition(count < 20 && request.fields.allSatisfy(\.isValid))
        action = caller.answered(response, at: start)
    }
    guard case .finish(let result) = action else { preconditionFailure() }
    if case .failure(let failure) = result {
        check("\(failure)")
        precondition(!"\(failure)".contains(secret))
    }
}
