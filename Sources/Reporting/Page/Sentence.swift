extension String {
    /// With a capital letter and a full stop. The program's name keeps its small letter.
    var sentence: String {
        let start = hasPrefix("healthz") ? self : prefix(1).uppercased() + dropFirst()
        return start.hasSuffix(".") ? start : start + "."
    }
}
