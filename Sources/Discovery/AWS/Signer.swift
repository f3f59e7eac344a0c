package import HTTPClient
package import Time

/// Signs requests for AWS with Signature Version 4.
///
/// The time is an argument, so that a wrong clock can be corrected. libcurl 7.88's own signer takes no time, and
/// signs fields that it does not send.
package struct Signer: Sendable {
    package let region: String
    package let service: String

    package init(region: String, service: String) {
        self.region = region
        self.service = service
    }

    /// The request with the fields that AWS requires. All of its fields and Host are signed.
    package func sign(
        _ request: Request, with keys: AWSKeys, at time: Timestamp
    ) throws(SigningFailure) -> Request {
        let date = Signer.basicDate(time)
        var fields = request.fields + [Field(name: "X-Amz-Date", value: date)]
        if let token = keys.sessionToken { fields.append(Field(name: "X-Amz-Security-Token", value: token.text)) }
        do {
            let canonical = try CanonicalRequest(request.with(fields))
            let key = try signingKey(for: keys.secretKey, date: date)
            let signature = try SHA256.authentication(of: textToSign(canonical, date: date), key: key)
            let parts = [
                "Credential=\(keys.accessKeyID)/\(scope(date))", "SignedHeaders=\(canonical.signedNames)",
                "Signature=\(SHA256.hex(signature))",
            ]
            let value = "AWS4-HMAC-SHA256 " + parts.joined(separator: ", ")
            return request.with(fields + [Field(name: "Authorization", value: value)])
        } catch {
            throw SigningFailure()
        }
    }

    /// - Parameter date: in the format of `basicDate`.
    func signingKey(for secret: Secret, date: String) throws(SHA256.Failure) -> [UInt8] {
        var key = Array("AWS4\(secret.text)".utf8)
        for part in [String(date.prefix(8)), region, service, "aws4_request"] {
            key = try SHA256.authentication(of: Array(part.utf8), key: key)
        }
        return key
    }

    private func textToSign(_ canonical: CanonicalRequest, date: String) throws(SHA256.Failure) -> [UInt8] {
        let digest = SHA256.hex(try SHA256.digest(Array(canonical.text.utf8)))
        return Array(["AWS4-HMAC-SHA256", date, scope(date), digest].joined(separator: "\n").utf8)
    }

    private func scope(_ date: String) -> String {
        "\(date.prefix(8))/\(region)/\(service)/aws4_request"
    }

    /// ISO 8601 without separators: `20260101T000000Z`.
    static func basicDate(_ time: Timestamp) -> String {
        time.rfc3339.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }
}

extension Request {
    fileprivate func with(_ fields: [Field]) -> Request {
        Request(
            url, method: method, fields: fields, content: content, tls: tls, reusesConnection: reusesConnection,
            reading: reading)
    }
}

/// libcrypto could not sign a request.
package struct SigningFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String { "libcrypto could not compute a signature" }
}
