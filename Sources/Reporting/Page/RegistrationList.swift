import Health
import Time

/// The node's registrations in service discovery, as a part of the page. They have no part in the verdict.
struct RegistrationList {
    /// When the report was made: relative times are as of then.
    let now: Timestamp
    let detail: Detail

    /// Empty where there are none.
    func section(_ registrations: [DiscoveryFigures]) -> String {
        guard !registrations.isEmpty else { return "" }
        let items = registrations.enumerated().map { item($1, id: "registration-\($0)") }
        return """
            <h2 id="registrations-heading">Service discovery</h2>
            <ul class="services well" id="registrations" aria-labelledby="registrations-heading">
            \(items.joined(separator: "\n"))
            </ul>

            """
    }

    private func item(_ figures: DiscoveryFigures, id: String) -> String {
        let status = RegistrationList.status(figures)
        let name = detail == .full ? "\(figures.registry): \(figures.service)" : figures.registry
        let meta = meta(figures).joined(separator: " · ")
        return """
            <li class="service \(status.rawValue)" id="\(id)">
            <h3>\(StatusMark.use(status))<span class="name">\(HTML.escape(name))</span> \
            <span class="word">\(word(figures))</span></h3>
            \(detail == .full ? trouble(figures) : "")\(meta.isEmpty ? "" : "<p class=\"meta\">\(meta)</p>")
            </li>
            """
    }

    /// How it looks: a node that leaves is no failure.
    private static func status(_ figures: DiscoveryFigures) -> PageStatus {
        if ["draining", "gone"].contains(figures.state) { return .draining }
        return figures.isRegistered && figures.cause == nil ? .healthy : .degraded
    }

    private func word(_ figures: DiscoveryFigures) -> String {
        if detail == .full { return HTML.escape(figures.state) }
        return figures.isRegistered ? "registered" : "not registered"
    }

    private func trouble(_ figures: DiscoveryFigures) -> String {
        let cause = figures.cause.map { "<p class=\"cause\"><code>\(HTML.escape($0))</code></p>\n" } ?? ""
        return cause + (figures.lookAt.map { "<p class=\"look\">Look at: \(HTML.escape($0))</p>\n" } ?? "")
    }

    private func meta(_ figures: DiscoveryFigures) -> [String] {
        let status = figures.status.map { ["status \(HTML.escape($0))"] } ?? []
        guard detail == .full else { return status }
        var parts = figures.instance.map { [HTML.escape($0)] } ?? []
        // The word in the heading tells of the tries.
        if figures.cause != nil { parts.append(figures.isRegistered ? "registered" : "not registered") }
        parts += status
        if let since = figures.since {
            let lasted = Duration.milliseconds(max(0, now.milliseconds - since.milliseconds))
            let words = figures.cause == nil ? "" : "failing "
            let relative = lasted < .seconds(1) ? "just now" : "for \(lasted.unbroken)"
            parts.append("\(words)since \(PageTime.short(since, now: now)), \(relative)")
        }
        if figures.cause != nil, let last = figures.tally.lastSuccessAt {
            parts.append("last answer \(PageTime.short(last, now: now))")
        }
        return parts
    }
}

extension DiscoveryFigures {
    fileprivate var registry: String {
        switch provider {
        case "cloud_map": "AWS Cloud Map"
        case "consul": "Consul"
        default: provider
        }
    }
}
