import HTTPClient
import Health
import Sockets

/// Reads the request of a service's probes: method, fields, content, credentials, TLS.
struct RequestReader {
    /// A request without its URL.
    struct Template {
        var method = Request.Method.get
        var fields: [Field] = []
        var content: String?
        var credentials: URL.Credentials?
        var tls = Request.TLS()
        var maxBody = Limits.body.lowerBound

        /// The method and content of a preset, and the Content-Type field.
        mutating func use(_ preset: ServicePreset?) {
            guard let text = preset?.content else { return }
            (method, content) = (.post, text)
            fields.append(Field(name: "Content-Type", value: "application/json"))
        }

        func to(_ url: URL, reusesConnection: Bool) -> Request {
            let url = url.with(credentials: credentials ?? url.credentials, socketPath: url.socketPath)
            // A kept connection does not know its certificate.
            let reusesConnection = reusesConnection && !tls.tellsExpiry
            return Request(
                url, method: method, fields: fields, content: content.map { Array($0.utf8) }, tls: tls,
                reusesConnection: reusesConnection, reading: Request.Reading(limit: maxBody, .none))
        }
    }

    let section: Section<ServiceKey>
    private let file: ConfigurationFile
    let urls: [URL]
    let mistakes: Mistakes

    /// - Parameter urls: the valid URLs that the request is sent to.
    init(_ section: Section<ServiceKey>, _ file: ConfigurationFile, to urls: [URL]) {
        self.section = section
        self.file = file
        self.urls = urls
        mistakes = file.mistakes
    }

    func read(_ preset: ServicePreset?) -> Template {
        var request = Template()
        request.use(preset)
        let method = section.value(.method) { text throws(ValueError) in
            try ProbeMethod(word: text).method
        }
        request.method = method ?? request.method
        let fields = fields()
        request.fields.removeAll { standard in fields.contains { $0.name.lowercased() == standard.name.lowercased() } }
        request.fields += fields
        if method != nil, method != .post { request.content = nil }
        if let node = section[.requestBody] {
            request.content = node.text(path: section.path(.requestBody), mistakes)
        }
        // An invalid method has been reported already.
        if let node = section[.requestBody], request.method != .post, method != nil || section[.method] == nil {
            mistakes.add(
                "needs method: POST", at: node.position, path: section.path(.requestBody))
        }
        request.credentials = basic()
        refuseSeveralCredentials(request.fields)
        if let token = bearer() {
            request.fields.append(Field(name: "Authorization", value: "Bearer \(token)"))
        }
        checkSocket()
        // The answer about a container may have the output of five HEALTHCHECKs.
        let standard = preset == .dockerContainer ? Limits.body.upperBound : Limits.body.lowerBound
        request.maxBody = maxBody() ?? standard
        request.tls = tls()
        request.tls.tellsExpiry = tellsExpiry()
        return request
    }

    // MARK: Fields

    /// These fields frame the message, so the configuration may not set them.
    private static let framing = [
        "connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    private func fields() -> [Field] {
        let path = section.path(.headers)
        guard let node = section[.headers], let entries = node.mapping(path: path, mistakes) else { return [] }
        var fields: [Field] = []
        for (name, position, value) in entries {
            guard let text = value.text(path: "\(path).\(name)", mistakes) else { continue }
            if let problem = RequestReader.problem(name, among: fields) {
                mistakes.add(problem, at: position, path: path, value: name)
            } else if !RequestReader.isValue(text) {
                mistakes.add(
                    "has a control character in its value, or a blank at its end", at: value.position,
                    path: "\(path).\(name)")
            } else {
                fields.append(Field(name: name, value: text))
            }
        }
        return fields
    }

    private static func problem(_ name: String, among fields: [Field]) -> String? {
        // RFC 9110 §5.6.2.
        guard !name.isEmpty, name.utf8.allSatisfy({ $0.isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains($0) }) else {
            return "is not a field name"
        }
        let lowercase = name.lowercased()
        if framing.contains(lowercase) { return "is set by healthz and cannot be changed" }
        return fields.contains { $0.name.lowercased() == lowercase } ? "is a duplicate" : nil
    }

    private static func isValue(_ text: String) -> Bool {
        let bytes = text.utf8
        return bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            && bytes.first != 0x20 && bytes.last != 0x20 && bytes.first != 0x09 && bytes.last != 0x09
    }

    // MARK: Credentials

    private func basic() -> URL.Credentials? {
        guard let node = section[.basicAuth],
            let keys = Section<BasicAuthKey>(node, path: section.path(.basicAuth), mistakes)
        else { return nil }
        let user = keys.value(.username) { text throws(ValueError) in
            // RFC 7617 §2: a colon would end the user name.
            guard !text.isEmpty, !text.contains(":") else { throw ValueError("is empty, or has a colon") }
            return text
        }
        if keys[.username] == nil { mistakes.add("has no username", at: keys.position, path: keys.path) }
        let password = secret(keys[.password], keys.path(.password), keys[.passwordFile], keys.path(.passwordFile))
        if keys[.password] == nil, keys[.passwordFile] == nil {
            mistakes.add("has no password or password_file", at: keys.position, path: keys.path)
        }
        if let file = keys[.passwordFile], password?.isEmpty == true {
            // As while it is written, or on a full disk.
            mistakes.add("has an empty password", at: file.position, path: keys.path(.passwordFile))
        }
        guard let user, let password else { return nil }
        return URL.Credentials(user: user, password: password)
    }

    private func bearer() -> String? {
        let token = secret(
            section[.bearerToken], section.path(.bearerToken), section[.bearerTokenFile],
            section.path(.bearerTokenFile))
        guard let token else { return nil }
        guard !token.isEmpty, token.isVisibleASCII else {
            let key: ServiceKey = section[.bearerToken] == nil ? .bearerTokenFile : .bearerToken
            mistakes.add(
                "has a token that is empty, or has blanks or characters beyond ASCII",
                at: section[key]?.position ?? section.position, path: section.path(key))
            return nil
        }
        return token
    }

    /// A secret in the configuration or in a file.
    private func secret(_ node: YAMLNode?, _ path: String, _ fileNode: YAMLNode?, _ filePath: String) -> String? {
        if let node, fileNode != nil {
            mistakes.add("conflicts with \(filePath); use only one", at: node.position, path: path)
        }
        if let fileNode { return contents(fileNode, filePath)?.firstLine }
        return node?.text(path: path, mistakes)
    }

    private func refuseSeveralCredentials(_ fields: [Field]) {
        let place = [ServiceKey.url, .instances].first { section[$0] != nil } ?? .endpoint
        let isInURL = urls.contains { $0.credentials != nil }
        var first = isInURL ? "user and password in \(place.rawValue)" : nil
        let field = fields.first { $0.name.lowercased() == "authorization" }.map { "headers.\($0.name)" }
        let given: [(name: String?, node: YAMLNode?)] =
            [(field, section[.headers])]
            + [ServiceKey.basicAuth, .bearerToken, .bearerTokenFile].map { ($0.rawValue, section[$0]) }
        for (name, node) in given {
            guard let name, let node else { continue }
            // A token together with a file is reported elsewhere.
            if let first, first != ServiceKey.bearerToken.rawValue {
                mistakes.add(
                    "conflicts with \(first); use only one", at: node.position,
                    path: "\(section.path).\(name)")
            }
            first = first ?? name
        }
    }

    private func maxBody() -> Int? {
        section.value(.maxBody) { text throws(ValueError) in
            try Int(size: text, within: Limits.body)
        }
    }

    private func checkSocket() {
        _ = section.value(.unixSocket) { text throws(ValueError) in
            if case .sequence(let nodes) = section[.instances]?.content, nodes.count > 1 {
                throw ValueError("is the same place for several instances")
            }
            return try ListenAddress.socketPath(text)
        }
    }

    func contents(_ node: YAMLNode, _ path: String) -> [UInt8]? {
        guard let name = node.text(path: path, mistakes) else { return nil }
        switch file.files.read(file.path(name)) {
        case .success(let bytes): return bytes
        case .failure(let failure):
            mistakes.add(failure.problem, at: node.position, path: path, value: name)
            return nil
        }
    }
}

/// The methods of probes.
private enum ProbeMethod: String, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"

    var method: Request.Method {
        switch self {
        case .get: .get
        case .head: .head
        case .post: .post
        }
    }
}
