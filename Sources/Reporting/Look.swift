import Health

/// The display properties of the output.
package struct Look: Sendable, Equatable {
    package var isColoured: Bool
    /// Whether characters outside ASCII can be shown.
    package var isUnicode: Bool
    /// In columns; nil for lines of any length.
    package var width: Int?

    /// For a file, for example.
    package static let plain = Look(isColoured: false, isUnicode: false, width: nil)

    package init(isColoured: Bool, isUnicode: Bool, width: Int?) {
        self.isColoured = isColoured
        self.isUnicode = isUnicode
        self.width = width
    }

    package init(_ environment: [String: String], isTerminal: Bool, width: Int?) {
        isColoured = Look.isColoured(environment, isTerminal: isTerminal)
        isUnicode = Look.isUnicode(environment)
        self.width = width
    }

    /// Whether the cursor can be moved: `TERM` is neither `dumb` nor missing.
    package static func isCapable(_ environment: [String: String]) -> Bool {
        !["", "dumb"].contains(environment["TERM"] ?? "")
    }

    /// no-color.org and bixense.com/clicolors. An empty variable counts as not set, and 0 means no.
    private static func isColoured(_ environment: [String: String], isTerminal: Bool) -> Bool {
        if !(environment["NO_COLOR"] ?? "").isEmpty { return false }
        if !["", "0"].contains(environment["CLICOLOR_FORCE"] ?? "") { return true }
        return isTerminal && isCapable(environment) && environment["CLICOLOR"] != "0"
    }

    /// locale(7): the first variable that is set counts. The Linux console has few characters in its fonts.
    private static func isUnicode(_ environment: [String: String]) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let encoding = locale.split(separator: ".").last?.lowercased() ?? ""
        return (encoding.hasPrefix("utf-8") || encoding.hasPrefix("utf8")) && environment["TERM"] != "linux"
    }

    /// Has the same meaning as the colour.
    func mark(_ status: HealthStatus) -> String {
        switch status {
        case .healthy: isUnicode ? "✓" : "+"
        case .degraded: "!"
        case .unhealthy: isUnicode ? "✗" : "x"
        }
    }

    var ellipsis: String { isUnicode ? "…" : "..." }
}

/// The emphasis of a text, in the basic colours, which the user of a terminal has chosen.
enum Style: Sendable, Equatable {
    case plain, strong, faint, good, warning, bad

    init(_ status: HealthStatus) {
        switch status {
        case .healthy: self = .good
        case .degraded: self = .warning
        case .unhealthy: self = .bad
        }
    }

    /// ECMA-48 §8.3.117, SGR.
    fileprivate var parameters: String? {
        switch self {
        case .plain: nil
        case .strong: "1"
        case .faint: "2"
        case .good: "32"
        case .warning: "33"
        case .bad: "1;31"
        }
    }

    func applied(to text: String, _ look: Look) -> String {
        guard look.isColoured, !text.isEmpty, let parameters else { return text }
        return "\u{1B}[\(parameters)m\(text)\u{1B}[0m"
    }
}
