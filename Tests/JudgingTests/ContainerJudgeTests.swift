import HTTPClient
import Health
import Judging
import Testing
import Time

@Suite("Containers, judged")
struct ContainerJudgeTests {
    /// 2026-11-29T12:00:00Z.
    private static let now = Timestamp(milliseconds: 1_795_953_600_000)

    private static func word(_ body: String, status: Int = 200, needsDocker: Bool = false) throws -> String {
        let expectation = Health.Expectation(StatusSet(StatusSet.valid)).with(
            ContainerExpectation(needsDocker: needsDocker))
        #expect(expectation.judgesBody(of: status))
        let response = Response(status: status, body: Array(body.utf8))
        return switch try ResponseJudge(expectation).verdict(on: response, at: now) {
        case .up: "up"
        case .degraded(let reason): "degraded \(reason.code): \(reason)"
        case .down(let reason): "down \(reason.code): \(reason)"
        }
    }

    private static func inspect(_ state: String, restarts: Int = 0, startedAt: String = "2026-11-20T08:00:00.1234Z")
        -> String
    {
        #"{"Id": "x", "RestartCount": \#(restarts), "State": {"StartedAt": "\#(startedAt)", \#(state)}}"#
    }

    static let states: [(String, String)] = [
        (#""Status": "running", "ExitCode": 0"#, "up"),
        (#""Status": "running", "Health": {"Status": "healthy", "Log": [{"Output": "ok"}]}"#, "up"),
        (
            #""Status": "running", "Health": {"Status": "unhealthy", "Log": [{"Output": "a"}, {"Output": "b\nno db\n"}]}"#,
            #"down container: the container is unhealthy: "no db""#
        ),
        (
            #""Status": "running", "Health": {"Status": "starting"}"#,
            "down container: the container is starting: its HEALTHCHECK has not succeeded yet"
        ),
        (#""Status": "paused""#, "down container: the container is paused"),
        (#""Status": "created""#, "down container: the container has not been started"),
        (#""Status": "exited", "ExitCode": 1"#, "down container: the container has exited (exit code 1)"),
        (
            #""Status": "exited", "ExitCode": 137, "OOMKilled": true"#,
            "down container: the container has exited (exit code 137, out of memory)"
        ),
        (
            #""Status": "restarting", "ExitCode": 2"#,
            "down container: the container is restarting, after 0 restarts (exit code 2)"
        ),
        (
            #""Status": "dead", "ExitCode": 0, "Error": "device busy""#,
            #"down container: the container is dead (exit code 0): "device busy""#
        ),
    ]

    @Test("The state is what Docker says", arguments: states)
    func word(state: String, word: String) throws {
        #expect(try Self.word(Self.inspect(state)) == word)
    }

    @Test("A crash loop is seen while the container runs, and forgotten after five minutes")
    func crashLoop() throws {
        func word(_ restarts: Int, _ startedAt: String) throws -> String {
            try Self.word(Self.inspect(#""Status": "running""#, restarts: restarts, startedAt: startedAt))
        }
        #expect(try word(0, "2026-11-29T11:59:55Z") == "up")
        #expect(
            try word(1, "2026-11-29T11:59:55Z")
                == "degraded container: the container has been restarted once, last at 2026-11-29T11:59:55.000Z")
        #expect(
            try word(40, "2026-11-29T11:55:01.5Z")
                == "down container: the container has been restarted 40 times, last at 2026-11-29T11:55:01.000Z")
        #expect(try word(40, "2026-11-29T11:55:00Z") == "up")
    }

    @Test("Docker's own word for a container that it does not have; what is no word about it is unknown")
    func docker() throws {
        #expect(
            try Self.word(#"{"message":"No such container: nope"}"#, status: 404)
                == "down container: the container does not exist: No such container: nope")
        #expect(
            try Self.word(#"{"message":"oops"}"#, status: 500).hasPrefix(
                "degraded unknown: Docker does not tell the container's state: it answered 500"))
        #expect(try Self.word("<html>").hasPrefix("degraded unknown"))
        #expect(try Self.word("<html>", needsDocker: true).hasPrefix("down unknown"))
    }

    @Test("Without an answer of Docker, nothing is known of the container")
    func silence() {
        let failure = Reason.transfer(.refused(place: "unix:/var/run/docker.sock"))
        let expectation = Health.Expectation(.only(200))
        #expect(expectation.verdict(on: failure) == .down(failure))
        let unknown = Reason.unknownContainer(detail: "connection refused by unix:/var/run/docker.sock")
        #expect(expectation.with(ContainerExpectation()).verdict(on: failure) == .degraded(unknown))
        #expect(expectation.with(ContainerExpectation(needsDocker: true)).verdict(on: failure) == .down(unknown))
    }
}
