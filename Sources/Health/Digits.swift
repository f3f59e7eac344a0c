extension FixedWidthInteger {
    /// Digits alone, where the standard library would take a sign too; nil where the number does not fit.
    @inlinable package init?(digits: some StringProtocol) {
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self.init(digits, radix: 10)
    }
}
