import HTTPTypes
import HTTPWire
import Reporting

/// How a report can be written out, and which of these a client gets.
enum Format: Hashable, Sendable {
    case json, text, healthJSON
    /// - Parameter refreshes: whether it fetches itself again.
    case page(refreshes: Bool)

    /// For `/healthz`, which programs ask for: what they have always got is what they get without a word. Some send a browser's
    /// Accept, so a page is only for who shows it: a browser that navigates says so.
    static func forPrograms(_ head: RequestHead) -> Offer {
        head.navigates ? forNavigation : forProgramsAlone
    }

    private static let forProgramsAlone = Offer([.json, .text, .healthJSON])
    private static let forNavigation = Offer([.json, .text, .healthJSON, .page(refreshes: true)])

    /// For `/`, which people ask for: a browser says that it reads pages, and curl says nothing.
    static let forPeople = Offer([.text, .page(refreshes: true), .json, .healthJSON])

    /// The favourite first.
    struct Offer: Sendable {
        private let formats: [Format]
        private let mediaTypes: [String]

        init(_ formats: [Format]) {
            self.formats = formats
            mediaTypes = formats.map(\.mediaType)
        }

        func preferred(by head: RequestHead, _ query: String?) -> Format {
            // For links, which cannot say what they accept.
            let named = Query.values(of: "format", in: query).first.flatMap(Format.init(name:))
            let format = named ?? formats[Accept.preferred(head.fields[.accept], of: mediaTypes)]
            guard case .page = format else { return format }
            return .page(refreshes: !Query.values(of: "refresh", in: query).contains("off"))
        }
    }

    private init?(name: String) {
        switch name {
        case "json": self = .json
        case "text": self = .text
        case "health": self = .healthJSON
        case "html": self = .page(refreshes: true)
        default: return nil
        }
    }

    private var mediaType: String {
        switch self {
        case .json: "application/json"
        case .text: "text/plain"
        case .healthJSON: HealthJSON.mediaType
        case .page: "text/html"
        }
    }
}

extension RequestHead {
    private static let mode = HTTPField.Name("Sec-Fetch-Mode")
    private static let upgrade = HTTPField.Name("Upgrade-Insecure-Requests")

    /// Whether a browser asks for something to show. Over plain HTTP, most send only the second of these fields.
    fileprivate var navigates: Bool {
        func value(_ name: HTTPField.Name?) -> String? { name.flatMap { fields[$0] } }
        return value(RequestHead.mode) == "navigate" || value(RequestHead.upgrade) == "1"
    }
}
