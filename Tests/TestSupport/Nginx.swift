import Foundation

/// Debian's nginx as an upstream that nobody here wrote: one process, one server, answers as it is told to.
package final class Nginx: Sendable {
    /// What it answers: for each path, an nginx `location` body.
    package struct Answers: Sendable {
        let locations: String

        /// Of the `listen` directive, such as `ssl`.
        let listen: String

        /// - Parameters:
        ///   - locations: all that stands in nginx's `server` block.
        ///   - listen: options of its `listen` directive, such as `ssl`.
        package init(_ locations: String, listen: String = "") {
            self.locations = locations
            self.listen = listen
        }

        /// As Grafana, Loki and Tempo were measured to answer.
        package static let grafana = Answers(
            """
            location = /api/health { default_type "application/json; charset=UTF-8"; add_header Cache-Control no-cache;
                return 200 '{\\n  "commit": "x",\\n  "database": "ok",\\n  "version": "6.5.1"\\n}'; }
            location / { return 302 /login; }
            """)
        package static let grafanaWithoutDatabase = Answers(
            """
            location / { default_type "application/json; charset=UTF-8"; return 503 '{"database": "failing"}'; }
            """)
        package static let lokiOrTempo = Answers(
            """
            location = /ready { default_type text/plain; return 200 "ready\\n"; }
            location / { default_type text/plain; add_header X-Content-Type-Options nosniff always;
                return 404 "404 page not found\\n"; }
            """)
    }

    package let port: UInt16
    private let program: Program
    private let folder: Folder

    /// Starts it and waits until it answers.
    /// - Parameter port: nil for one that is free.
    package init(_ answers: Answers, port wanted: UInt16? = nil) throws {
        folder = try Folder()
        // Between the choice of a port and nginx's taking it, somebody else may: then another one is tried.
        var attempts = 5
        while true {
            let port = try wanted ?? ClosedPort().port
            let program = try Nginx.start(answers, port, folder)
            if try Nginx.answers(port, program) {
                self.port = port
                self.program = program
                return
            }
            attempts -= 1
            guard attempts > 0 else { throw TimedOut("a port for nginx: \(program.errorText)") }
        }
    }

    deinit {
        stop()
    }

    package var url: String { "http://127.0.0.1:\(port)" }

    /// Ends it and waits until its port is closed.
    package func stop() {
        program.signal(SIGTERM)
        thaw()
        _ = try? program.wait()
    }

    /// Stops it in its tracks: the kernel accepts connections for it, and nobody answers.
    package func freeze() { program.signal(SIGSTOP) }
    package func thaw() { program.signal(SIGCONT) }

    private static func start(_ answers: Answers, _ port: UInt16, _ folder: Folder) throws -> Program {
        let configuration = """
            daemon off; master_process off; pid \(folder.path)/pid; error_log stderr crit;
            events { worker_connections 1024; }
            http {
                access_log off; server_tokens off;
                client_body_temp_path \(folder.path)/b; proxy_temp_path \(folder.path)/p;
                fastcgi_temp_path \(folder.path)/f; uwsgi_temp_path \(folder.path)/u; scgi_temp_path \(folder.path)/s;
                server { listen 127.0.0.1:\(port) \(answers.listen); \(answers.locations) }
            }
            """
        let file = try folder.write(configuration, to: "nginx.conf")
        return try Program("/usr/sbin/nginx", ["-c", file, "-e", "stderr"])
    }

    /// false where somebody else has the port.
    private static func answers(_ port: UInt16, _ program: Program) throws -> Bool {
        try eventually("an answer of nginx: \(program.errorText)") {
            if (try? RawClient(port: port)) != nil { return program.errorText.isEmpty }
            return program.errorText.contains("bind()") ? false : nil
        }
    }
}
