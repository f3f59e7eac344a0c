import Health

/// Text made fit for HTML: for content and for attributes in double quotes alike.
enum HTML {
    /// Characters with a meaning in HTML as references, and control characters as in a log line: `\u{1b}`.
    static func escape(_ text: String, limit: Int = 500) -> String {
        var output = ""
        for scalar in Printable.escape(text, limit: limit).unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }
}
