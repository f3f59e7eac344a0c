package import Time

/// A complete HTTP response, as far as the request asked for it.
package struct Response: Sendable, Equatable {
    package let status: Int
    /// In the order in which they came, interim responses and trailers left out; empty where they were not asked for.
    package let fields: [Field]
    /// As much of it as was asked for.
    package let body: [UInt8]
    /// When the first of the server's certificates expires; nil where that was not asked for.
    package let certificateExpiry: Timestamp?

    package init(
        status: Int, fields: [Field] = [], body: [UInt8] = [], certificateExpiry: Timestamp? = nil
    ) {
        self.certificateExpiry = certificateExpiry
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// What Content-Encoding says of the body, in the server's words; nil where it is as it is. Known only where fields are
    /// kept.
    package var contentCoding: String? {
        let codings = fields.filter { $0.name.lowercased() == "content-encoding" }.map(\.value)
        return codings.first { !$0.isEmpty && $0.lowercased() != "identity" }
    }

    /// The value of the first field of that name, whatever the case of its letters.
    package func value(of name: String) -> String? {
        let wanted = name.lowercased()
        return fields.first { $0.name.lowercased() == wanted }?.value
    }
}
