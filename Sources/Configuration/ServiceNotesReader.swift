import Health

/// Reads the notes of a service for people.
struct ServiceNotesReader {
    private let section: Section<ServiceKey>
    private let mistakes: Mistakes

    init(_ section: Section<ServiceKey>, _ mistakes: Mistakes) {
        self.section = section
        self.mistakes = mistakes
    }

    func read() -> ServiceNotes {
        ServiceNotes(
            runbook: value(.runbook, shown: Endpoint.withoutCredentials) { text throws(ValueError) in
                try Link(text).text
            },
            group: value(.group) { text throws(ValueError) in
                guard !text.isEmpty, text.utf8.count <= 63, !text.unicodeScalars.contains(where: Printable.isControl)
                else {
                    throw ValueError("is not a name of at most 63 bytes without control characters")
                }
                return text
            })
    }

    private func value<Value>(
        _ key: ServiceKey, shown: (String) -> String? = { $0 }, _ parse: (String) throws(ValueError) -> Value
    ) -> Value? {
        section[key]?.value(path: section.path(key), mistakes, shown: shown, parse)
    }
}
