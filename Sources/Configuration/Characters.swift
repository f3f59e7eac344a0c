extension UInt8 {
    /// An ASCII letter or digit.
    var isAlphanumeric: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}

extension String {
    /// Only visible ASCII.
    var isVisibleASCII: Bool {
        utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    func dropping(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}

extension [UInt8] {
    /// The secret in a file, without the line feed that editors add at the end.
    var firstLine: String {
        String(decoding: prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    }
}
