package import HTTPTypes

/// A response, encoded once but for what differs from one request to the next: Date, Connection, and whether the
/// content is sent.
package struct Response: Sendable, Hashable {
    package let status: HTTPResponse.Status
    /// Status line and fields, without the empty line.
    fileprivate let head: [UInt8]
    /// Where the fields begin that do not describe the content.
    private let fieldsStart: Int
    package let content: [UInt8]

    /// - Parameter contentType: with its parameters, such as `text/plain; charset=utf-8`.
    package init(
        status: HTTPResponse.Status, contentType: String, fields: [HTTPField] = [], content: some Collection<UInt8>
    ) {
        self.status = status
        self.content = Array(content)
        var head = "HTTP/1.1 \(status.code) \(Response.reasonPhrase(of: status))\r\n"
        head += "Content-Type: \(contentType)\r\nContent-Length: \(self.content.count)\r\n"
        fieldsStart = head.utf8.count
        for field in fields { head += "\(field.name.rawName): \(field.value)\r\n" }
        self.head = Array(head.utf8)
    }

    /// The status's own words, else those of RFC 9110 for the codes that a configuration can choose.
    private static func reasonPhrase(of status: HTTPResponse.Status) -> String {
        guard status.reasonPhrase.isEmpty else { return status.reasonPhrase }
        let known: [HTTPResponse.Status] = [.ok, .tooManyRequests, .internalServerError, .serviceUnavailable]
        return known.first { $0 == status }?.reasonPhrase ?? ""
    }

    /// 304 (RFC 9110 §15.4.5): the fields of the response that would have come, but for those that describe its content.
    private init(notModified response: Response) {
        status = .notModified
        content = []
        let statusLine = Array("HTTP/1.1 304 Not Modified\r\n".utf8)
        fieldsStart = statusLine.count
        head = statusLine + response.head[response.fieldsStart...]
    }

    /// What is sent instead where a precondition does not hold; only a 2xx depends on it (RFC 9110 §13.2.1).
    package func under(_ precondition: RequestHead.Precondition) -> Response {
        guard precondition != .holds, status.kind == .successful else { return self }
        return switch precondition {
        case .holds: self
        case .notModified: Response(notModified: self)
        case .failed:
            .text(
                .preconditionFailed, "412 Precondition Failed: there are no entity tags here\n",
                fields: [
                    HTTPField(name: .cacheControl, value: "no-store"),
                    HTTPField(name: .xContentTypeOptions, value: "nosniff"),
                ])
        }
    }

    package static func text(_ status: HTTPResponse.Status, _ text: String, fields: [HTTPField] = []) -> Response {
        Response(status: status, contentType: "text/plain; charset=utf-8", fields: fields, content: text.utf8)
    }

    /// The answer to a request that cannot be served: the status, and in one line why.
    package static func refusal(_ error: RequestError) -> Response {
        .text(error.status, "\(error.status.code) \(error.status.reasonPhrase): \(error)\n")
    }
}

extension Response {
    /// What the client is told of the connection; HTTP/1.1 takes silence as "keep-alive".
    enum Connection {
        case keptAlive(RequestHead.Version)
        case closed
    }

    /// Writes the response as bytes (RFC 9112 §4).
    func append(withContent: Bool, connection: Connection, date: HTTPDate, to output: inout [UInt8]) {
        output.append(contentsOf: head)
        date.appendField(to: &output)
        switch connection {
        case .keptAlive(.http11): output.append(contentsOf: "\r\n".utf8)
        case .keptAlive(.http10): output.append(contentsOf: "Connection: keep-alive\r\n\r\n".utf8)
        case .closed: output.append(contentsOf: "Connection: close\r\n\r\n".utf8)
        }
        if withContent { output.append(contentsOf: content) }
    }
}
