package import Time

/// A complete HTTP response, with the parts that the request asked for.
package struct Response: Sendable, Equatable {
    package let status: Int
    /// In order of arrival, without those of interim responses and trailers; empty if they were not requested.
    package let fields: [Field]
    /// The requested part of the body.
    package let body: [UInt8]
    /// The earliest expiry of the server's certificates; nil if it was not requested.
    package let certificateExpiry: Timestamp?

    package init(
        status: Int, fields: [Field] = [], body: [UInt8] = [], certificateExpiry: Timestamp? = nil
    ) {
        self.certificateExpiry = certificateExpiry
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// The value of Content-Encoding; nil if the body is not encoded. Known only if fields are kept.
    package var contentCoding: String? {
        let codings = fields.filter { $0.name.lowercased() == "content-encoding" }.map(\.value)
        return codings.first { !$0.isEmpty && $0.lowercased() != "identity" }
    }

    /// The value of the first field with that name, without regard to case.
    package func value(of name: String) -> String? {
        let wanted = name.lowercased()
        return fields.first { $0.name.lowercased() == wanted }?.value
    }
}
