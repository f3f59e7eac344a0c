import HTTPClient
import Health
import TestSupport
import Testing

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

    private func renewal() throws -> ConfigurationSource.Renewal? { try source.renew()?.get() }

    @Test("A changed secret is in force after it was seen twice")
    func renewed() throws {
        #expect(authorization(try source.load()) == "Bearer first")
        #expect(source.hasSecrets)
        #expect(try renewal() == nil)
        disk.write("second\n", to: "/c/token")
        #expect(try renewal() == nil)
        let renewal = try #require(try renewal())
        #expect(authorization(renewal.configuration) == "Bearer second")
        #expect(renewal.files == ["/c/token"])
        #expect(try self.renewal() == nil)
        // Written twice: the first half is not taken.
        disk.write("thi", to: "/c/token")
        #expect(try self.renewal() == nil)
        disk.write("third\n", to: "/c/token")
        #expect(try self.renewal() == nil)
        #expect(authorization(try #require(try self.renewal()).configuration) == "Bearer third")
    }

    @Test("An invalid secret is refused once, and the former one stays; a valid one is then taken")
    func refused() throws {
        _ = try source.load()
        for text in [nil, "two words"] as [String?] {
            disk.write(text, to: "/c/token")
            #expect(source.renew() == nil)
            guard case .failure(let error)? = source.renew() else {
                Issue.record("not refused")
                return
            }
            #expect(error.mistakes.map(\.place) == ["services.a.bearer_token_file"])
            #expect(source.renew() == nil)
        }
        disk.write("second\n", to: "/c/token")
        #expect(try renewal() == nil)
        #expect(authorization(try #require(try renewal()).configuration) == "Bearer second")
    }

    @Test("The configuration file is read when it is asked for, and not with the secrets")
    func file() throws {
        _ = try source.load()
        disk.write("services: {b: {url: 'http://b/', bearer_token_file: token}}", to: "/c/healthz.yaml")
        disk.write("second\n", to: "/c/token")
        #expect(try renewal() == nil)
        let renewal = try #require(try renewal())
        #expect(renewal.configuration.services.map(\.name) == ["a"])
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
