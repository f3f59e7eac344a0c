/// What tells a status apart by shape as well as by colour: a tick in a circle, an exclamation mark in a triangle, a
/// cross in an octagon, two bars in a circle, a question mark in a circle.
enum StatusMark {
    /// The shapes, to be drawn by `use`.
    static let symbols: String = {
        let symbols = PageStatus.allCases.map { status in
            "<symbol id=\"mark-\(status.rawValue)\" viewBox=\"0 0 16 16\"><path class=\"shape\" d=\"\(outline(status))\"/>"
                + "<path class=\"sign\" d=\"\(sign(status))\"/></symbol>"
        }
        return "<svg class=\"symbols\" aria-hidden=\"true\">\(symbols.joined())</svg>"
    }()

    /// For those who see; the word stands beside it.
    static func use(_ status: PageStatus) -> String {
        "<svg class=\"mark\" aria-hidden=\"true\"><use href=\"#mark-\(status.rawValue)\"/></svg>"
    }

    /// For a title, which has neither colour nor shape.
    static func character(_ status: PageStatus) -> String {
        switch status {
        case .healthy: "✓"
        case .degraded: "!"
        case .unhealthy: "✕"
        case .draining: "‖"
        case .lost: "?"
        }
    }

    /// The address of a favicon.
    static func icon(_ status: PageStatus) -> String {
        let colour =
            switch status {
            case .healthy: "1a7f37"
            case .degraded: "b87503"
            case .unhealthy: "c62828"
            case .draining: "3b5b7e"
            case .lost: "6e7781"
            }
        return "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
            + "%3Cpath fill='%23\(colour)' d='\(outline(status))'/%3E"
            + "%3Cpath fill='none' stroke='%23fff' stroke-width='2' d='\(sign(status))'/%3E%3C/svg%3E"
    }

    private static func outline(_ status: PageStatus) -> String {
        switch status {
        case .healthy, .draining, .lost: "M8 0a8 8 0 1 0 0 16A8 8 0 1 0 8 0z"
        case .degraded: "M8 .5 16 15.5H0z"
        case .unhealthy: "M4.7 0h6.6L16 4.7v6.6L11.3 16H4.7L0 11.3V4.7z"
        }
    }

    private static func sign(_ status: PageStatus) -> String {
        switch status {
        case .healthy: "M4.5 8.2 7 10.7l4.6-5"
        case .degraded: "M8 5.5v5M8 12v1.8"
        case .unhealthy: "M5 5l6 6M11 5l-6 6"
        case .draining: "M6 4.5v7M10 4.5v7"
        case .lost: "M6 6.2a2 2 0 1 1 2.6 2q-.6.3-.6 1v.3M8 11v2"
        }
    }
}
