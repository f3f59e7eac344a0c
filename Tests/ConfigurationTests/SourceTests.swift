import Foundation
import HTTPClient
import Health
import TestSupport
import Testing
import Time

@testable import Configuration

/// A file system of a test's own.
private final class Disk: Sendable {
    private let contents: Guarded<[String: String]>

    init(_ contents: [String: String]) {
        self.contents = Guarded(contents)
    }

    var files: Files {
        Files { [contents] path in
            guard let text = contents.withLock({ $0[path] }) else {
                return .failure(Files.Failure(problem: "cannot be read: no such file or directory"))
            }
            return .success(Array(text.utf8))
        }
    }

    func write(_ text: String?, to path: String) {
        contents.withLock { $0[path] = text }
    }
}

@Suite("Secrets that are renewed on disk")
struct SourceTests {
    private let disk = Disk([
        "/c/healthz.yaml": "services: {a: {url: 'http://a/', bearer_token_file: token}}", "/c/token": "first\n",
    ])
    private let source: ConfigurationSource

    init() {
        source = ConfigurationSource(flags: [.config: "/c/healthz.yaml"], files: disk.files)
    }

    private func authorization(_ configuration: Configuration) -> String? {
        guard case .http(let request, _)? = configuration.services.first?.targets.first?.probe else { return nil }
        return request.fields.first { $0.name == "Authorization" }?.value
    }

    private func renewal() throws -> ConfigurationSource.Renewal? {
        let renewal = source.renew()
        if let error = renewal?.refusal { throw error }
        return renewal
    }

    @Test("A changed secret is in force after it was seen twice")
    func renewed() throws {
        #expect(authorization(try source.load()) == "Bearer first")
        #expect(source.hasSecrets)
        #expect(try renewal() == nil)
        disk.write("second\n", to: "/c/token")
        #expect(try renewal() == nil)
        let renewal = try #require(try renewal())
        #expect(authorization(try #require(renewal.configuration)) == "Bearer second")
        #expect(renewal.files == ["/c/token"])
        #expect(try self.renewal() == nil)
        // Written twice: the first half is not taken.
        disk.write("thi", to: "/c/token")
        #expect(try self.renewal() == nil)
        disk.write("third\n", to: "/c/token")
        #expect(try self.renewal() == nil)
        #expect(authorization(try #require(try self.renewal()?.configuration)) == "Bearer third")
    }

    @Test("An invalid secret is refused once, and the former one stays; a valid one is then taken")
    func refused() throws {
        _ = try source.load()
        for text in [nil, "two words"] as [String?] {
            disk.write(text, to: "/c/token")
            #expect(source.renew() == nil)
            let renewal = try #require(source.renew())
            #expect(renewal.configuration == nil && renewal.files.isEmpty)
            #expect(renewal.refusal?.mistakes.map(\.place) == ["services.a.bearer_token_file"])
            #expect(source.renew() == nil)
        }
        disk.write("second\n", to: "/c/token")
        #expect(try renewal() == nil)
        #expect(authorization(try #require(try renewal()?.configuration)) == "Bearer second")
    }

    @Test("A refused secret that has its former content again is told once, and not refused any more")
    func takenBack() throws {
        _ = try source.load()
        disk.write("two words", to: "/c/token")
        for _ in 0..<2 { _ = source.renew() }
        #expect(source.secrets.map(\.isRefused) == [true])
        disk.write("first\n", to: "/c/token")
        let renewal = try #require(source.renew())
        #expect(renewal.configuration == nil && renewal.files.isEmpty && renewal.refusal == nil)
        #expect(source.secrets.map(\.isRefused) == [false])
        #expect(source.renew() == nil)
    }

    @Test("It is known since when each secret is in force, and which has been changed to something that is none")
    func since() throws {
        let (start, later, end) = (Self.time(0), Self.time(60), Self.time(120))
        func look(at time: Timestamp) -> [SecretFile] {
            for _ in 0..<2 { _ = source.renew(at: time) }
            return source.secrets
        }
        _ = try source.load(at: start)
        #expect(look(at: later) == [SecretFile(path: "/c/token", since: start)])
        disk.write("second\n", to: "/c/token")
        #expect(look(at: later) == [SecretFile(path: "/c/token", since: later)])
        // The same content, loaded once more.
        _ = try source.load(at: end)
        #expect(source.secrets == [SecretFile(path: "/c/token", since: later)])
        disk.write("two words", to: "/c/token")
        #expect(look(at: end) == [SecretFile(path: "/c/token", since: later, isRefused: true)])
        disk.write("second\n", to: "/c/token")
        #expect(look(at: end) == [SecretFile(path: "/c/token", since: later)])
    }

    private static func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    @Test("One that is not valid keeps no other from being taken, a certificate with its key neither")
    func apart() throws {
        let certificates = try Certificates()
        let disk = Disk([
            "/c/healthz.yaml": """
            services:
              a: {url: 'http://a/', bearer_token_file: token}
              b: {url: 'http://b/', basic_auth: {username: u, password_file: password}}
              c: {url: 'https://c/', tls: {cert_file: crt, key_file: key}}
            """, "/c/token": "first", "/c/password": "first",
            "/c/crt": try String(contentsOfFile: certificates.certificate(.good), encoding: .utf8),
            "/c/key": try String(contentsOfFile: certificates.key(.good), encoding: .utf8),
        ])
        let source = ConfigurationSource(flags: [.config: "/c/healthz.yaml"], files: disk.files)
        _ = try source.load()
        disk.write("two words", to: "/c/token")
        disk.write("", to: "/c/password")
        disk.write(try String(contentsOfFile: certificates.certificate(.client), encoding: .utf8), to: "/c/crt")
        disk.write(try String(contentsOfFile: certificates.key(.client), encoding: .utf8), to: "/c/key")
        #expect(source.renew() == nil)
        let renewal = try #require(source.renew())
        #expect(renewal.files == ["/c/crt", "/c/key"])
        #expect(authorization(try #require(renewal.configuration)) == "Bearer first")
        #expect(
            renewal.refusal?.mistakes.map(\.place)
                == ["services.a.bearer_token_file", "services.b.basic_auth.password_file"])
        for _ in 0..<2 { #expect(source.renew() == nil) }
        disk.write("second", to: "/c/password")
        #expect(source.renew() == nil)
        #expect(source.renew()?.files == ["/c/password"])
        // Cut off while it is written.
        disk.write("-----BEGIN CERTIFICATE-----\nMIIB", to: "/c/crt")
        #expect(source.renew() == nil)
        #expect(source.renew()?.files == [])
    }

    @Test("The configuration file is read when it is asked for, and not with the secrets")
    func file() throws {
        _ = try source.load()
        disk.write("services: {b: {url: 'http://b/', bearer_token_file: token}}", to: "/c/healthz.yaml")
        disk.write("second\n", to: "/c/token")
        #expect(try renewal() == nil)
        let renewal = try #require(try renewal())
        #expect(renewal.configuration?.services.map(\.name) == ["a"])
        #expect(try source.load().services.map(\.name) == ["b"])
        disk.write("services: {b: {url: 'http://b/'}}", to: "/c/healthz.yaml")
        _ = try source.load()
        #expect(!source.hasSecrets)
    }

    @Test("A certificate and a key that do not belong together are a mistake")
    func pairs() throws {
        let certificates = try Certificates()
        func configuration(_ key: Certificates.Kind) throws(ConfigurationError) -> Configuration {
            let text = """
                services: {a: {url: 'https://a/', tls: {cert_file: \(certificates.certificate(.client)), key_file: \
                \(certificates.key(key))}}}
                """
            return try Configuration(
                flags: [.config: "/c/healthz.yaml"],
                files: Files { $0 == "/c/healthz.yaml" ? .success(Array(text.utf8)) : Files.system.read($0) })
        }
        #expect(try configuration(.client).services.count == 1)
        let error = #expect(throws: ConfigurationError.self) { try configuration(.good) }
        #expect(error?.mistakes.map(\.problem) == ["does not belong to the certificate in cert_file"])
    }

    @Test("A target whose secret was renewed is the same target")
    func identity() throws {
        let first = try #require(try source.load().services.first?.targets.first)
        disk.write("second\n", to: "/c/token")
        let second = try #require(try source.load().services.first?.targets.first)
        #expect(!second.isSamePlace(as: first))
        #expect(second.isRenewal(of: first))
    }
}
