import Glibc
import HTTPClient
import Health
import Time

/// Judges a container by what Docker's API says of it (GET /containers/NAME/json); Podman's is the same.
enum ContainerJudge {
    /// A restart is recent for so long.
    private static let settling = Duration.seconds(300)
    /// So many restarts, the last one recent, are a crash loop.
    private static let loopCount = 3

    static func verdict(on response: Response, at now: Timestamp, _ expectation: ContainerExpectation) -> Verdict {
        let values = (try? JSONDocument.values(at: [JSONPointer("")].compactMap(\.self), in: response.body))?.first
        guard let document = values else {
            return unknown("its answer is not JSON", expectation)
        }
        switch response.status {
        case 200: return verdict(on: Container(document), at: now)
        case 404: return .down(.container(detail: "does not exist: \(document.text("/message") ?? "404")"))
        default:
            let words = ResponseWords.excerpt(of: response.body).map { ": \($0)" } ?? ""
            return unknown("it answered \(response.status)\(words)", expectation)
        }
    }

    private static func unknown(_ detail: String, _ expectation: ContainerExpectation) -> Verdict {
        let reason = Reason.unknownContainer(detail: detail)
        return expectation.needsDocker ? .down(reason) : .degraded(reason)
    }

    private static func verdict(on container: Container, at now: Timestamp) -> Verdict {
        guard container.status == "running" else { return .down(.container(detail: container.standing)) }
        switch container.health {
        case "unhealthy": return .down(.container(detail: "is unhealthy\(container.lastWords)"))
        case "starting": return .down(.container(detail: "is starting: its HEALTHCHECK has not succeeded yet"))
        default: break
        }
        guard container.restarts > 0, let startedAt = container.startedAt else { return .up }
        let age = Duration.milliseconds(now.milliseconds - startedAt.milliseconds)
        guard age < settling else { return .up }
        let times = container.restarts == 1 ? "once" : "\(container.restarts) times"
        let reason = Reason.container(
            detail: "has been restarted \(times), last at \(startedAt.rfc3339)\(container.lastWords)")
        return container.restarts >= loopCount ? .down(reason) : .degraded(reason)
    }
}

/// What is looked at in the answer.
private struct Container {
    let status: String
    /// nil where it has no HEALTHCHECK.
    let health: String?
    let restarts: Int
    let startedAt: Timestamp?
    private let exitCode: Int
    private let wasKilled: Bool
    private let error: String
    private let lastOutput: String

    init(_ document: JSONDocument.Value) {
        status = document.text("/State/Status") ?? "unknown"
        health = document.text("/State/Health/Status")
        restarts = document.number("/RestartCount")
        startedAt = document.text("/State/StartedAt").flatMap(Timestamp.init(rfc3339:))
        exitCode = document.number("/State/ExitCode")
        wasKilled = document.value("/State/OOMKilled") == .scalar(.bool(true))
        error = document.text("/State/Error") ?? ""
        var output = ""
        if case .array(let log) = document.value("/State/Health/Log") { output = log.last?.text("/Output") ?? "" }
        lastOutput = output
    }

    /// What the HEALTHCHECK has printed last.
    var lastWords: String {
        let line = lastOutput.split(whereSeparator: \.isNewline).last ?? ""
        return line.isEmpty ? "" : ": \(Excerpt(quoting: line))"
    }

    /// Why it does not run.
    var standing: String {
        let exit = "exit code \(exitCode)" + (wasKilled ? ", out of memory" : "")
        let words = error.isEmpty ? "" : ": \(Excerpt(quoting: error))"
        return switch status {
        case "created": "has not been started\(words)"
        case "exited": "has exited (\(exit))\(words)"
        case "dead": "is dead (\(exit))\(words)"
        case "restarting": "is restarting, after \(restarts) restarts (\(exit))\(words)"
        default: "is \(Excerpt(status))\(words)"
        }
    }
}

extension JSONDocument.Value {
    fileprivate func value(_ pointer: String) -> JSONDocument.Value {
        JSONPointer(pointer).map { value(at: $0) } ?? .absent
    }

    fileprivate func text(_ pointer: String) -> String? {
        if case .scalar(.string(let text)) = value(pointer) { text } else { nil }
    }

    /// 0 where there is none.
    fileprivate func number(_ pointer: String) -> Int {
        if case .scalar(.number(let number)) = value(pointer) { Int(exactly: number) ?? 0 } else { 0 }
    }
}

extension Timestamp {
    /// In UTC, to the second: `2026-11-29T08:45:00.123456789Z`.
    fileprivate init?(rfc3339 text: String) {
        let numbers = text.prefix(19).split { "-T:".contains($0) }.compactMap { Int32($0) }
        guard text.hasSuffix("Z"), numbers.count == 6 else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
        self.init(milliseconds: Int64(timegm(&parts)) * 1000)
    }
}
