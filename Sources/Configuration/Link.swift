import struct FoundationEssentials.URLComponents

/// The address of a page for people, such as a runbook: `https://wiki.example/loki#down`. healthz does not open it.
struct Link {
    let text: String

    init(_ text: String) throws(ValueError) {
        guard let parts = URLComponents(string: text, encodingInvalidCharacters: false),
            let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme), parts.host?.isEmpty == false
        else { throw ValueError("is not the address of a page (https://wiki.example/loki)") }
        guard parts.user == nil, parts.password == nil else {
            throw ValueError("has a user or a password, which everybody could read")
        }
        self.text = text
    }
}
