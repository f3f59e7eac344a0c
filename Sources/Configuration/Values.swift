import Health
package import Sockets

extension ListenAddress {
    /// Reads the address from a setting: `0.0.0.0:8080`, `[::]:8080` or `unix:/path`.
    package init(_ text: String) throws(ValueError) {
        if let path = text.dropping(prefix: "unix:") {
            guard ListenAddress.isSocketPath(path) else {
                throw ValueError("is not unix: and an absolute path of at most 107 bytes")
            }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(digits: text[text.index(after: colon)...]) else {
            throw ValueError("is not an address and a port (0.0.0.0:8080, [::]:8080) or unix:/path")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard Endpoint.isIPv6(host) else { throw ValueError("has brackets round what is not an IPv6 address") }
        } else if host.contains(":") {
            throw ValueError("needs brackets round its IPv6 address ([::]:8080)")
        }
        guard host.isEmpty || Endpoint.isHost(host) else {
            throw ValueError("has a host that is neither a name nor an address")
        }
        guard !host.isEmpty else { throw ValueError("names no address before the port (0.0.0.0:8080, [::]:8080)") }
        self = .tcp(host: host, port: port)
    }
}

extension ListenAddress {
    static func socketPath(_ text: String) throws(ValueError) -> String {
        guard isSocketPath(text) else { throw ValueError("is not an absolute path of at most 107 bytes") }
        return text
    }

    static func isSocketPath(_ path: some StringProtocol) -> Bool {
        path.hasPrefix("/") && path.utf8.count <= 107
    }
}

/// The allowed numbers.
enum Limits {
    /// The allowed limits of a response's size in bytes: from what every response needs to the most that is kept in
    /// memory.
    static let body = 64 * 1024...8 * 1024 * 1024
}

package enum LogLevel: String, CaseIterable, Sendable {
    case debug, info, warning, error
}

package enum LogFormat: String, CaseIterable, Sendable {
    case text, json
}

/// The status code of responses that report an unhealthy node.
enum UnhealthyStatus: String, CaseIterable {
    case internalServerError = "500"
    case serviceUnavailable = "503"

    var code: Int {
        switch self {
        case .internalServerError: 500
        case .serviceUnavailable: 503
        }
    }
}

/// The status code of responses that report a degraded node. Consul takes 429 as a warning.
enum DegradedStatus: String, CaseIterable {
    case ok = "200"
    case tooManyRequests = "429"

    var code: Int {
        switch self {
        case .ok: 200
        case .tooManyRequests: 429
        }
    }
}

enum Switch: String, CaseIterable {
    case on, off
}

extension Switch {
    /// YAML 1.1 reads `on` as `true`: both are understood.
    init(_ text: String) throws(ValueError) {
        switch text {
        case "true": self = .on
        case "false": self = .off
        default: try self.init(word: text)
        }
    }
}

extension Bool {
    init(yaml text: String) throws(ValueError) {
        switch text {
        case "true": self = true
        case "false": self = false
        default: throw ValueError("is not true or false")
        }
    }
}

extension RawRepresentable where RawValue == String, Self: CaseIterable {
    static var words: [String] { allCases.map(\.rawValue) }

    /// One of several words.
    init(word: String) throws(ValueError) {
        guard let value = Self(rawValue: word) else {
            throw ValueError("is not one of \(Self.words.joined(separator: ", "))")
        }
        self = value
    }
}

extension Int {
    init(setting text: String, within allowed: ClosedRange<Int>) throws(ValueError) {
        guard let value = Int(digits: text), allowed.contains(value) else {
            throw ValueError("is not a number from \(allowed.lowerBound) to \(allowed.upperBound)")
        }
        self = value
    }
}

extension Int {
    /// Bytes, KiB or MiB: `65536`, `512KiB`, `1MiB`.
    init(size text: String, within allowed: ClosedRange<Int>) throws(ValueError) {
        let units = [("", 1), ("KiB", 1024), ("MiB", 1024 * 1024)]
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let unit = units.first(where: { $0.0 == text.dropFirst(digits.count) }), let number = Int(digits: digits)
        else { throw ValueError("is not a size (65536, 512KiB, 1MiB)") }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: unit.1)
        guard !overflows, allowed.contains(bytes) else {
            throw ValueError(
                "is not between \(allowed.lowerBound / 1024)KiB and \(allowed.upperBound / 1024 / 1024)MiB")
        }
        self = bytes
    }
}

extension Duration {
    /// A number with its unit: `250ms`, `1.5s`, `2m`, `1h`. Zero needs no unit.
    package init(setting text: String, within allowed: ClosedRange<Duration>) throws(ValueError) {
        guard let value = Duration(text: text) else { throw ValueError("is not a duration (250ms, 2s, 1m)") }
        guard allowed.contains(value) else {
            throw ValueError("is not between \(allowed.lowerBound.setting) and \(allowed.upperBound.setting)")
        }
        self = value
    }

    /// In the notation of a setting: `1500ms`, `5s`.
    package var setting: String {
        let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        switch milliseconds {
        case 0: return "0"
        case let value where value % 3_600_000 == 0: return "\(value / 3_600_000)h"
        case let value where value % 60_000 == 0: return "\(value / 60_000)m"
        case let value where value % 1000 == 0: return "\(value / 1000)s"
        default: return "\(milliseconds)ms"
        }
    }

    private init?(text: String) {
        if text == "0" {
            self = .zero
            return
        }
        let units = [("ms", 1.0), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        // Double would accept "1e9", "+1" and ".5".
        guard let unit = units.first(where: { $0.0 == text.dropFirst(number.count) })?.1, number.first != ".",
            number.last != ".", let value = Double(number)
        else { return nil }
        // More than all limits, and too small to overflow.
        self = .milliseconds(Int(min(value * unit, 1e15).rounded()))
    }
}
