extension Duration {
    /// Milliseconds, with the fraction.
    package var milliseconds: Double {
        Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15
    }

    /// Seconds, with the fraction.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    /// For people: `0.4 ms`, `12 ms`, `1.5 s`, `4 min`, `3 h`, `12 d`, with two digits.
    package var brief: String {
        let milliseconds = self.milliseconds
        // Each limit is where rounding would give the next unit.
        switch milliseconds {
        case ..<9.95: return "\(Duration.oneDecimal(milliseconds)) ms"
        case ..<999.5: return "\(Int(milliseconds.rounded())) ms"
        case ..<59_950: return "\(Duration.oneDecimal(milliseconds / 1000)) s"
        case ..<3_600_000: return "\(max(1, Int(milliseconds / 60_000))) min"
        case ..<172_800_000: return "\(Int(milliseconds / 3_600_000)) h"
        default: return "\(Int(milliseconds / 86_400_000)) d"
        }
    }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
