import Health

/// Reads the notes of a service for people.
struct ServiceNotesReader {
    private let section: Section<ServiceKey>

    init(_ section: Section<ServiceKey>) {
        self.section = section
    }

    func read() -> ServiceNotes {
        ServiceNotes(
            runbook: section.value(.runbook, shown: Endpoint.withoutCredentials) { text throws(ValueError) in
                try Link(text).text
            },
            group: section.value(.group) { text throws(ValueError) in
                guard !text.isEmpty, text.utf8.count <= 63, !text.unicodeScalars.contains(where: Printable.isControl)
                else {
                    throw ValueError("is not a name of at most 63 bytes without control characters")
                }
                return text
            })
    }
}
