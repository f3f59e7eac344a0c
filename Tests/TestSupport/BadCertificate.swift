import Foundation

/// OpenSSL's own server with a certificate that nobody has signed but itself.
package final class BadCertificate {
    package let port: UInt16
    private let program: Program
    private let folder: Folder

    package init() throws {
        folder = try Folder()
        let (key, certificate) = (folder.path("key"), folder.path("cert"))
        let made = try Program(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
            ]
        ).wait()
        guard made.code == 0 else { throw RawClient.Failure.system("openssl req: \(made.errors)", made.code) }
        program = try Program(
            "/usr/bin/openssl",
            ["s_server", "-accept", "127.0.0.1:0", "-www", "-key", key, "-cert", certificate])
        port = try program.port(after: "ACCEPT 127.0.0.1:")
    }

    deinit {
        program.signal(SIGKILL)
    }
}
