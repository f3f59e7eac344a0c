import HTTPTypes
import HTTPWire
import Reporting

/// The formats of a report, and the choice between them for a client.
enum Format: Hashable, Sendable {
    case json, text, healthJSON
    /// - Parameter refreshes: whether the page loads itself again.
    case page(refreshes: Bool)

    /// For `/healthz`, which is made for programs: without a preference they get JSON. Some programs send the Accept
    /// field of a browser, so a page is sent only to a browser that navigates.
    static func forPrograms(_ head: RequestHead) -> Offer {
        head.navigates ? forNavigation : forProgramsAlone
    }

    private static let forProgramsAlone = Offer([.json, .text, .healthJSON])
    private static let forNavigation = Offer([.json, .text, .healthJSON, .page(refreshes: true)])

    /// For `/`, which is made for people: a browser accepts pages, and curl states no preference.
    static let forPeople = Offer([.text, .page(refreshes: true), .json, .healthJSON])

    /// The preferred format first.
    struct Offer: Sendable {
        private let formats: [Format]
        private let mediaTypes: [String]

        init(_ formats: [Format]) {
            self.formats = formats
            mediaTypes = formats.map(\.mediaType)
        }

        func preferred(by head: RequestHead, _ query: String?) -> Format {
            // For links, because a link cannot set the Accept field.
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

    /// Whether a browser asks for a page to show. Over plain HTTP, most browsers send only the second of these
    /// fields.
    fileprivate var navigates: Bool {
        func value(_ name: HTTPField.Name?) -> String? { name.flatMap { fields[$0] } }
        return value(RequestHead.mode) == "navigate" || value(RequestHead.upgrade) == "1"
    }
}
