package import HTTPTypes

/// A response, encoded once except for the parts that differ between requests: Date, Connection, and whether the
/// content is sent.
package struct Response: Sendable, Hashable {
    package let status: HTTPResponse.Status
    /// Status line and fields, without the empty line.
    fileprivate let head: [UInt8]
    /// The offset of the fields that do not describe the content.
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

    /// The reason phrase of the status, or of RFC 9110 for codes that can be configured.
    private static func reasonPhrase(of status: HTTPResponse.Status) -> String {
        guard status.reasonPhrase.isEmpty else { return status.reasonPhrase }
        let known: [HTTPResponse.Status] = [.ok, .tooManyRequests, .internalServerError, .serviceUnavailable]
        return known.first { $0 == status }?.reasonPhrase ?? ""
    }

    /// 304 (RFC 9110 §15.4.5): the fields of the response, without those that describe its content.
    private init(notModified response: Response) {
        status = .notModified
        content = []
        let statusLine = Array("HTTP/1.1 304 Not Modified\r\n".utf8)
        fieldsStart = statusLine.count
        head = statusLine + response.head[response.fieldsStart...]
    }

    /// The response if a precondition fails; only a 2xx depends on it (RFC 9110 §13.2.1).
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

    /// The response to a request that is refused: the status, and the reason in one line.
    package static func refusal(_ error: RequestError) -> Response {
        .text(error.status, "\(error.status.code) \(error.status.reasonPhrase): \(error)\n")
    }
}

extension Response {
    /// The connection option for the client. For HTTP/1.1, none means "keep-alive".
    enum Connection {
        case keptAlive(RequestHead.Version)
        case closed
    }

    /// Encodes the response (RFC 9112 §4).
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
