import Configuration
import Foundation
import TestSupport
import Testing

@Suite("The commands", .serialized, .timeLimit(.minutes(5)))
struct CommandTests {
    private let patient = ["HEALTHZ_TIMEOUT": "20s", "HEALTHZ_DEADLINE": "20s"]

    @Test("check prints a table, JSON or a line, and exits by the verdict")
    func check() throws {
        let stack = try Stack()
        let environment = patient.merging(stack.environment) { $1 }
        let healthy = try Program.run(["check"], environment: environment)
        #expect(healthy.code == 0)
        let lines = healthy.output.split(separator: "\n")
        #expect(lines.first == "Healthy!")
        #expect(lines.dropFirst().first?.hasPrefix("   STATUS   SERVICE  HTTP  TIME") == true)
        #expect(lines.dropFirst(2).prefix(3).allSatisfy { $0.hasPrefix("+  healthy  ") })
        #expect(lines.last?.hasPrefix("checked ") == true)
        #expect(lines.count == 6)
        #expect(healthy.errors.isEmpty)

        stack.tempo.stop()
        let broken = try Program.run(["check"], environment: environment)
        #expect(broken.code == 1)
        #expect(broken.output.contains("x  UNHEALTHY  tempo"))
        #expect(broken.output.contains("refused: connection refused by 127.0.0.1:\(stack.tempo.port)"))
        let json = try Program.run(["check", "--format", "json"], environment: environment)
        #expect(json.code == 1)
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(object?["status"] as? String == "unhealthy")
        let text = try Program.run(["check", "--format", "text"], environment: environment)
        #expect(text.output == "Unhealthy: tempo (refused)\n")
        #expect(try Program.run(["check", "grafana", "loki"], environment: environment).code == 0)
        #expect(try Program.run(["check", "tempo"], environment: environment).code == 1)
        let unknown = try Program.run(["check", "mimir"], environment: environment)
        #expect(unknown.code == 64)
        #expect(unknown.errors == "healthz: no service is named \"mimir\"; there are: grafana, loki, tempo\n")
    }

    @Test("The readiness preset asks for /ready")
    func readiness() throws {
        let stack = try Stack()
        let environment = patient.merging(stack.environment) { $1 }
        let ready = try Program.run(["check", "--preset", "readiness"], environment: environment)
        #expect(ready.code == 0)
        #expect(ready.output.contains("\(stack.loki.url)/ready"))
        let starting = try Nginx(.init("location / { return 503 'Ingester not ready'; }"))
        let waiting = try Program.run(
            ["check", "--preset", "readiness", "--tempo-endpoint", starting.url], environment: environment)
        #expect(waiting.code == 1)
        #expect(waiting.output.contains("status: answered 503, expected 200"))
    }

    @Test("probe takes authorities, any certificate, and fields to send")
    func probeTLS() throws {
        let certificates = try Certificates()
        let server = try Nginx(
            .init(
                """
                ssl_certificate \(certificates.certificate(.good)); ssl_certificate_key \(certificates.key(.good));
                location / { if ($http_x_scope_orgid != "ops") { return 401 "no org id"; } return 200; }
                """, listen: "ssl"))
        func probe(_ arguments: String...) throws -> Program.Ended {
            try Program.run(["probe", "https://127.0.0.1:\(server.port)/", "--timeout", "20s"] + arguments)
        }
        let field = ["--header", "X-Scope-OrgID: ops"]
        #expect(try probe(field[0], field[1]).output.contains("tls: TLS failed"))
        #expect(try probe("--ca-file", certificates.authority).output.contains("answered 401"))
        #expect(try probe("--ca-file", certificates.authority, field[0], field[1]).code == 0)
        #expect(try probe("--insecure-skip-verify", field[0], field[1]).code == 0)
        #expect(try probe("--header", "no field").code == 64)
        #expect(try probe("--ca-file", "/nonexistent").code == 64)
        #expect(try Program.run(["probe", "http://127.0.0.1:1/", "--insecure-skip-verify"]).code == 64)
    }

    @Test("probe prints the result for a URL in one line, and exits by it")
    func probe() throws {
        let loki = try Nginx(.lokiOrTempo)
        let ready = try Program.run(["probe", "\(loki.url)/ready", "--timeout", "20s"])
        #expect(ready.code == 0)
        #expect(ready.output.hasPrefix("healthy: \(loki.url)/ready answered 200 in "))
        let root = try Program.run(["probe", loki.url, "--timeout", "20s"])
        #expect(root.code == 1)
        #expect(root.output.hasPrefix("unhealthy: \(loki.url)/: status: answered 404, expected 200-299: \"404 page"))
        #expect(try Program.run(["probe", loki.url, "--accept", "2xx,404", "--timeout", "20s"]).code == 0)
        loki.freeze()
        let frozen = try Program.run(["probe", loki.url, "--timeout", "200ms"])
        #expect(frozen.code == 1)
        #expect(frozen.output.contains(": timeout: connected, but waited for the response until the 200 ms timeout ("))
        loki.thaw()
        loki.stop()
        let dead = try Program.run(["probe", loki.url])
        #expect(dead.code == 1)
        #expect(dead.output.contains(": refused: connection refused by 127.0.0.1:\(loki.port) ("))
        #expect(dead.output.split(separator: "\n").count == 1)
    }

    @Test(
        "What probe cannot understand is a usage error in one line",
        arguments: [
            (
                ["probe", "loki:3100"],
                "URL: \"loki:3100\" does not begin with http://, https:// or tcp://: write http://loki:3100"
            ),
            (["probe", "http://u:geheim@a b"], "URL: \"http://***@a b\" is not a valid URL"),
            (
                ["probe", "http://a", "--accept", "4O4"],
                "--accept: \"4O4\" is not a status, a range or a class (200, 200-299, 2xx), or a list of them"
            ),
            (["probe", "http://a", "--timeout", "2"], "--timeout: \"2\" is not a duration (250ms, 2s, 1m)"),
        ])
    func probeUsage(arguments: [String], line: String) throws {
        let ended = try Program.run(arguments)
        #expect(ended.code == 64)
        #expect(ended.errors == "healthz: \(line)\n")
    }

    @Test("probe reports all mistakes at once")
    func probeMistakes() throws {
        let ended = try Program.run(["probe", "loki", "--accept", "ok", "--timeout", "2"])
        #expect(ended.code == 64)
        #expect(
            ended.errors.split(separator: "\n").map { $0.prefix { $0 != "\"" } } == [
                "healthz: URL: ", "healthz: --accept: ", "healthz: --timeout: ",
            ])
    }

    @Test("probe without a URL asks the healthz of this container")
    func probeSelf() throws {
        let closed = try ClosedPort()
        let sidecar = try RunningSidecar(["GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""])
        for host in ["0.0.0.0", "127.0.0.1"] {
            let ended = try Program.run(["probe"], environment: ["HEALTHZ_LISTEN": "\(host):\(sidecar.port)"])
            #expect(ended.code == 0)
            #expect(ended.output.hasPrefix("healthy: http://127.0.0.1:\(sidecar.port)/livez answered 200 in "))
        }
        // The kernel has chosen the port, and tells it as long as the server runs.
        let environment = ["HEALTHZ_LISTEN": "127.0.0.1:0"]
        #expect(try Program.run(["probe"], environment: environment).code == 0)
        sidecar.program.signal(SIGINT)
        _ = try sidecar.program.wait()
        let unknown = try Program.run(["probe"], environment: environment)
        #expect(unknown.code == 64)
        #expect(unknown.errors.contains("the kernel chooses the port that healthz listens on: give the URL to probe"))
    }

    @Test("config shows every value with its origin")
    func config() throws {
        let ended = try Program.run(
            ["config", "--timeout", "1s"],
            environment: ["LOKI_ENDPOINT": "http://u:geheim@loki/x/", "TEMPO_ENDPOINT": "", "HEALTHZ_DRAIN": "2s"])
        #expect(ended.code == 0)
        #expect(
            ended.output == """
                SETTING                      VALUE                ORIGIN
                config                       (off)                default
                listen                       0.0.0.0:8080         default
                grafana-endpoint             http://grafana:3000  default
                loki-endpoint                http://***@loki/x/   environment LOKI_ENDPOINT
                tempo-endpoint               (off)                environment TEMPO_ENDPOINT
                preset                       liveness             default
                timeout                      1s                   flag --timeout
                deadline                     1800ms               default
                cache                        0                    default
                interval                     (off)                default
                stale-after                  (off)                default
                rise                         1                    default
                fall                         1                    default
                reuse-connections            off                  default
                unhealthy-status             500                  default
                degraded-status              200                  default
                maintenance-file             (off)                default
                detail                       full                 default
                detail-token-file            (off)                default
                runbook                      (off)                default
                proxy-protocol               off                  default
                max-connections              4096                 default
                max-connections-per-client   1024                 default
                max-requests-per-connection  10000                default
                max-pipelined-requests       16                   default
                max-head-bytes               8192                 default
                max-fields                   64                   default
                head-timeout                 5s                   default
                idle-timeout                 75s                  default
                write-timeout                10s                  default
                drain                        2s                   environment HEALTHZ_DRAIN
                log-level                    info                 default
                log-format                   text                 default
                access-log                   off                  default

                SERVICE  PROBE                               HEALTHY  TIMEOUT  RISE/FALL  COUNTS
                grafana  GET http://grafana:3000/api/health  200      1s       1/1        critical
                loki     GET http://loki/x/                  200,404  1s       1/1        critical

                WORST TIME TO DETECT             FROM
                healthz                  1.0 s   the timeout
                a Network Load Balancer  66.0 s  interval 30s × threshold 2 + timeout 6s, its defaults
                together                 67.0 s  the failure to the last new connection

                """)
    }

    @Test("Every setting has a flag")
    func flags() throws {
        let flags = Setting.allCases.filter { $0 != .config }.flatMap { [$0.flag, $0.row.defaultValue] }
        let ended = try Program.run(["config"] + flags)
        #expect(ended.code == 0, "\(ended.errors)")
        let lines = ended.output.split(separator: "\n")
        for setting in Setting.allCases where setting != .config {
            let line = lines.first { $0.hasPrefix("\(setting.rawValue) ") } ?? ""
            #expect(line.hasSuffix(" flag \(setting.flag)"), "\(setting)")
        }
    }

    @Test("A malformed variable is 78, a malformed flag 64, each with one clear line")
    func malformed() throws {
        for command in [["serve"], [], ["check"], ["config"]] {
            let variable = try Program.run(command, environment: ["HEALTHZ_TIMEOUT": "soon"])
            #expect(variable.code == 78)
            #expect(variable.errors == "healthz: HEALTHZ_TIMEOUT: \"soon\" is not a duration (250ms, 2s, 1m)\n")
            let flag = try Program.run(command + ["--timeout", "soon"])
            #expect(flag.code == 64)
            #expect(flag.errors == "healthz: --timeout: \"soon\" is not a duration (250ms, 2s, 1m)\n")
        }
        #expect(try Program.run(["serve", "--tiemout", "1s"]).code == 64)
    }

    @Test(
        "What is not a command is told with the nearest one, or with all",
        arguments: [
            ("server", "did you mean serve?"), ("confg", "did you mean config?"), ("chek", "did you mean check?"),
            ("nonsense", "there are serve, check, probe, "),
        ])
    func unknownCommand(name: String, hint: String) throws {
        let ended = try Program.run([name, "--timeout", "1s"])
        #expect(ended.code == 64)
        #expect(ended.errors.hasPrefix("healthz: \"\(name)\" is not a command; \(hint)"))
        #expect(ended.errors.split(separator: "\n").count == 1)
    }

    @Test("The likely explanation of a mistake follows it")
    func explained() throws {
        for command in [[], ["check"], ["config"]] {
            let ended = try Program.run(command, environment: ["HEALTHZ_FALL": "3", "HEALTHZ_INTERVALL": "5s"])
            #expect(ended.code == 78)
            let lines = ended.errors.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.first?.hasPrefix("healthz: HEALTHZ_FALL: \"3\" needs an interval") == true)
            #expect(lines.last?.hasSuffix("did you mean HEALTHZ_INTERVAL?") == true)
        }
    }

    @Test("Help names all sources of settings, what is installed, and how the signals differ")
    func sources() throws {
        let help = try Program.run(["--help"]).output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(help.contains("else from the configuration file that --config or HEALTHZ_CONFIG names"))
        #expect(help.contains("healthz(1)"))
        let serve = try Program.run(["serve", "--help"]).output.split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
        #expect(serve.contains("share/doc/healthz"))
        #expect(serve.contains("SIGINT (Ctrl-C) exits without draining"))
    }

    @Test("A misspelled variable is a warning, and so is one that a platform has injected")
    func misspelled() throws {
        let ended = try Program.run(
            ["config"], environment: ["HEALTHZ_TIMOUT": "1s", "HEALTHZ_PORT": "tcp://10.0.0.1:8080"])
        #expect(ended.code == 0)
        #expect(
            ended.errors.contains(
                "healthz: warning: HEALTHZ_TIMOUT is not a setting of healthz and is ignored; did you mean HEALTHZ_TIMEOUT?\n"
            ))
        #expect(ended.errors.contains("healthz: warning: HEALTHZ_PORT is not a setting"))
        let closed = try ClosedPort()
        let sidecar = try RunningSidecar([
            "GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": "", "HEALTHZ_TIMOUT": "1s",
        ])
        #expect(sidecar.program.errorText.contains("did you mean HEALTHZ_TIMEOUT?"))
    }

    @Test("An address that cannot be bound is 69 or 71, with one line that names the setting")
    func unbindable() throws {
        let taken = try FaultyUpstream([.freeze])
        defer { taken.stop() }
        let inUse = try Program.run([], environment: ["HEALTHZ_LISTEN": "127.0.0.1:\(taken.port)"])
        #expect(inUse.code == 69)
        #expect(
            inUse.errors == "healthz: HEALTHZ_LISTEN: cannot listen on 127.0.0.1:\(taken.port): address already in use "
                + "(port 0 lets the kernel choose a free one)\n")
        let foreign = try Program.run(["--listen", "192.0.2.1:0"])
        #expect(foreign.code == 69)
        #expect(foreign.errors.hasPrefix("healthz: --listen: cannot listen on 192.0.2.1:0: "))
        // Advice about ports would not fit a path; and what is in the way is named.
        let folder = try Folder()
        let file = try folder.write("x", to: "taken")
        let occupied = try Program.run(["--listen", "unix:\(file)"])
        #expect(occupied.code == 69)
        #expect(
            occupied.errors == "healthz: --listen: cannot listen on unix:\(file): a regular file has this path\n")
        let nowhere = try Program.run(["--listen", "unix:/nonexistent/x.sock"])
        #expect(nowhere.code == 71)
    }

    @Test("demo explains itself, and the commands that it proposes work")
    func demo() throws {
        let program = try Program(Program.healthz, ["demo", "--listen", "127.0.0.1:0"], environment: patient)
        let port = try program.port(after: "curl -i 'http://127.0.0.1:")
        let lines = program.outputText.split(separator: "\n")
        #expect(lines.first == "healthz demo: stand-ins for Grafana, Loki and Tempo, and healthz over them. Try:")
        let commands = lines.filter { $0.contains("curl ") }.map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(commands.count == 3)
        for command in commands {
            let ended = try Program("/bin/sh", ["-c", "exec \(command) --silent --fail --max-time 20"]).wait(upTo: 30)
            #expect(ended.code == 0, "\(command): \(ended.errors)")
        }
        #expect(try get("/healthz", port: port).status == 200)
        program.signal(SIGINT)
        #expect(try program.wait().code == 0)
    }

    @Test(
        "demo lets a service fail that is named",
        arguments: [("grafana", "status"), ("loki", "refused"), ("tempo", "refused")])
    func demoFailing(service: String, reason: String) throws {
        let program = try Program(
            Program.healthz, ["demo", "--fail", service, "--listen", "127.0.0.1:0"], environment: patient)
        let response = try get("/healthz", port: try program.port())
        #expect(response.status == 500)
        #expect(try RunningSidecar.reasons(response).compactMapValues(\.self) == [service: reason])
        program.signal(SIGTERM)
        #expect(try program.wait().code == 0)
    }

    @Test("Help, version and completions")
    func help() throws {
        let help = try Program.run(["--help"])
        #expect(help.code == 0)
        for command in ["serve", "check", "probe", "demo", "config"] { #expect(help.output.contains("  \(command) ")) }
        #expect(try Program.run(["--version"]).output == "healthz 0.2.0\n")
        for shell in ["bash", "zsh", "fish"] {
            let script = try Program.run(["--generate-completion-script", shell])
            #expect(script.code == 0)
            #expect(script.output.contains("healthz") && script.output.contains("--exclude") == false)
        }
    }
}
