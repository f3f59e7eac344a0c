import Foundation
import TestSupport

/// A browser without a window, where the machine has one: `make page-check` says more than the tests here do.
enum Chromium {
    struct Seen {
        /// As it is once it has been read and its script has run.
        let document: String
        /// What the browser had to say of it.
        let console: [String]
        /// Where the page asked for anything; what the browser does of its own accord does not count.
        let hosts: Set<String>
    }

    private static let path = "/usr/bin/chromium"

    static let isInstalled: Bool = {
        let found = FileManager.default.isExecutableFile(atPath: path)
        if !found { print("skipped: \(path) is not installed, so no browser reads the status page") }
        return found
    }()

    /// Lets the page live for 15 seconds of its own time, which passes as fast as it can.
    /// - Parameter url: on this machine: no name is looked up.
    static func load(_ url: String) throws -> Seen {
        let folder = try Folder()
        let log = folder.path("net.json")
        let program = try Program(
            path,
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--user-data-dir=\(folder.path("profile"))", "--enable-logging=stderr",
                "--log-net-log=\(log)",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--virtual-time-budget=15000", "--dump-dom",
                url,
            ], environment: ["HOME": folder.path])
        let ended = try program.wait(upTo: 120)
        // What the page asks for is kept apart under its site.
        let requests = try String(contentsOfFile: log, encoding: .utf8).components(separatedBy: "\n")
            .filter { $0.contains("\"network_isolation_key\":\"http://127.0.0.1 ") }
            .compactMap { $0.firstMatch(of: /"url":"([a-z]+):\/\/([^\/"]+)/) }
        return Seen(
            document: ended.output,
            console: ended.errors.components(separatedBy: "\n").filter { $0.contains("CONSOLE") },
            hosts: Set(requests.map { String($0.2) }))
    }
}
