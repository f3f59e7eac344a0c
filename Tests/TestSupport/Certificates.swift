import Foundation

/// An authority, and certificates that are good or bad in one way each, made by openssl: files in PEM.
package final class Certificates: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// For 127.0.0.1, localhost and `db`.
        case good
        case expired
        /// For another name.
        case misnamed
        case client
    }

    private let folder: Folder

    package init() throws {
        folder = try Folder()
        try authority("ca")
        try authority("other-ca")
        for kind in Kind.allCases { try issue(kind) }
    }

    /// The authority that signed them all.
    package var authority: String { folder.path("ca.pem") }
    package var otherAuthority: String { folder.path("other-ca.pem") }

    func path(_ name: String) -> String { folder.path(name) }

    package func certificate(_ kind: Kind) -> String { folder.path("\(kind.rawValue).pem") }
    package func key(_ kind: Kind) -> String { folder.path("\(kind.rawValue).key") }

    private func authority(_ name: String) throws {
        try openssl(
            ["req", "-x509", "-days", "2", "-subj", "/CN=\(name)", "-out", folder.path("\(name).pem")]
                + newKey(name))
    }

    private func issue(_ kind: Kind) throws {
        let name = kind.rawValue
        try openssl(["req", "-subj", "/CN=\(name)", "-out", folder.path("\(name).csr")] + newKey(name))
        let names = kind == .misnamed ? "DNS:elsewhere.example" : "IP:127.0.0.1,DNS:localhost,DNS:db"
        let extensions = try folder.write("subjectAltName=\(names)\n", to: "\(name).ext")
        try openssl([
            "x509", "-req", "-in", folder.path("\(name).csr"), "-CA", authority, "-CAkey", folder.path("ca.key"),
            "-CAcreateserial", "-days", kind == .expired ? "0" : "2", "-extfile", extensions, "-out",
            certificate(kind),
        ])
    }

    func newKey(_ name: String) -> [String] {
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder.path("\(name).key")]
    }

    func openssl(_ arguments: [String]) throws {
        let ended = try Program("/usr/bin/openssl", arguments).wait()
        guard ended.code == 0 else {
            throw RawClient.Failure.system("openssl \(arguments): \(ended.errors)", ended.code)
        }
    }
}
