import Health

/// What the place that text is written to can show.
package struct Look: Sendable, Equatable {
    package var isColoured: Bool
    /// Shows more than ASCII.
    package var isUnicode: Bool
    /// In columns; nil where lines may be as long as they are.
    package var width: Int?

    /// A file, say.
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

    /// Whether a cursor can be moved there: `TERM` is neither `dumb` nor missing.
    package static func isCapable(_ environment: [String: String]) -> Bool {
        !["", "dumb"].contains(environment["TERM"] ?? "")
    }

    /// no-color.org, and bixense.com/clicolors for the rest. A variable that is empty is not set, and 0 is no.
    private static func isColoured(_ environment: [String: String], isTerminal: Bool) -> Bool {
        if !(environment["NO_COLOR"] ?? "").isEmpty { return false }
        if !["", "0"].contains(environment["CLICOLOR_FORCE"] ?? "") { return true }
        return isTerminal && isCapable(environment) && environment["CLICOLOR"] != "0"
    }

    /// locale(7): the first of them that is set decides. The console of Linux has few characters in its fonts.
    private static func isUnicode(_ environment: [String: String]) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let encoding = locale.split(separator: ".").last?.lowercased() ?? ""
        return (encoding.hasPrefix("utf-8") || encoding.hasPrefix("utf8")) && environment["TERM"] != "linux"
    }

    /// Says the same as the colour.
    func mark(_ status: HealthStatus) -> String {
        switch status {
        case .healthy: isUnicode ? "✓" : "+"
        case .degraded: "!"
        case .unhealthy: isUnicode ? "✗" : "x"
        }
    }

    var ellipsis: String { isUnicode ? "…" : "..." }
}

/// How a piece of text stands out, in the colours that every terminal has and its user has chosen.
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
