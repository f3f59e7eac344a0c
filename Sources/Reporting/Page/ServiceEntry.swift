import Health
import Time

/// One service's part of the page. One that needs attention has all that is known of it, with its instances; a healthy one
/// is a line that opens.
struct ServiceEntry {
    /// When the report was made: relative times are as of then, so that they are true as long as the page is.
    let now: Timestamp
    let detail: Detail

    func item(_ service: ServiceReport) -> String {
        let status = service.status.rawValue
        guard detail == .full else {
            return "<li class=\"service \(status)\" id=\"\(id(service))\">\(heading(service))</li>"
        }
        return service.needsAttention ? entry(service) : line(service)
    }

    /// By it, the script finds the service again.
    private func id(_ service: ServiceReport) -> String { "service-\(HTML.escape(service.name))" }

    private func heading(_ service: ServiceReport) -> String {
        """
        <h3>\(StatusMark.use(PageStatus(service.status)))<span class="name">\(HTML.escape(service.name))</span> \
        <span class="word">\(service.status.rawValue)</span>\
        \(service.isCritical ? "" : " <span class=\"tag\">not critical</span>")\(group(service))</h3>
        """
    }

    /// Healthy services stand under its name.
    private func group(_ service: ServiceReport) -> String {
        guard detail == .full, service.needsAttention, let group = service.notes.group else { return "" }
        return " <span class=\"tag\">\(HTML.escape(group))</span>"
    }

    private func line(_ service: ServiceReport) -> String {
        let target = service.isGroup ? nil : service.instances.first
        let history = CheckHistory(service.recent, now: now)
        return """
            <li class="service healthy" id="\(id(service))">
            <details class="line">
            <summary>\(heading(service))\(history.marks(of: "history", atMost: CheckHistory.lineLimit))\
            <span class="latency">\(latency(service))</span></summary>
            <p class="meta">\(meta(service, target))</p>
            <p class="meta">\(history.caption), available \(ServiceEntry.available(service.recent, history))</p>
            \(history.list)
            \(service.isGroup ? instances(of: service) : "")</details>
            </li>
            """
    }

    private func entry(_ service: ServiceReport) -> String {
        let target = service.isGroup ? nil : service.instances.first
        return """
            <li class="service \(service.status.rawValue)\(service.isCritical ? "" : " minor")" id="\(id(service))">
            <div class="row">
            <div class="what">
            \(heading(service))
            \(service.reason.map { cause($0) } ?? "")\(target.map(against) ?? "")\(runbook(service))\
            <p class="meta">\(meta(service, target))</p>
            </div>
            \(seen(service.recent, of: service.name, latency: latency(service), isGroup: service.isGroup))
            </div>
            \(service.isGroup ? instances(of: service) : "")</li>
            """
    }

    private func instances(of service: ServiceReport) -> String {
        """
        <ul class="instances" aria-label="Instances of \(HTML.escape(service.name))">
        \(service.instances.map(instance).joined(separator: "\n"))
        </ul>

        """
    }

    private func instance(_ target: TargetReport) -> String {
        """
        <li class="instance \(target.status.rawValue)">
        <div class="row">
        <div class="what">
        <h4>\(StatusMark.use(PageStatus(target.status)))<span class="name">\(HTML.escape(target.name))</span> \
        <span class="word">\(target.status.rawValue)</span></h4>
        \(target.reason.map { cause($0) } ?? "")\(against(target))\
        <p class="meta">\(([answer(target)] + since(target.since)).joined(separator: " · "))</p>
        </div>
        \(seen(target.recent, of: target.name, latency: latency(target), isGroup: false))
        </div>
        </li>
        """
    }

    // MARK: Why and since when

    private func cause(_ reason: Reason, after words: String = "") -> String {
        let lookAt = reason.lookAt.map { "<p class=\"look\">Look at: \(HTML.escape($0))</p>\n" } ?? ""
        return
            "<p class=\"cause\">\(words)<code>\(reason.code)</code> \(HTML.escape(reason.description))</p>\n\(lookAt)"
    }

    private func runbook(_ service: ServiceReport) -> String {
        guard let address = service.notes.runbook else { return "" }
        let name = HTML.escape(service.name)
        return "<p class=\"runbook\"><a href=\"\(HTML.escape(address, limit: .max))\">Runbook of \(name)</a></p>\n"
    }

    private func against(_ target: TargetReport) -> String {
        switch target.against {
        case .failing(let count, let fall, let reason?): cause(reason, after: "Failing, \(count) of \(fall): ")
        case .failing(let count, let fall, nil): "<p class=\"cause\">Failing, \(count) of \(fall)</p>\n"
        case .recovering(let count, let rise): "<p class=\"cause\">Recovering, \(count) of \(rise)</p>\n"
        case nil: ""
        }
    }

    private func meta(_ service: ServiceReport, _ target: TargetReport?) -> String {
        var parts = target.map { [HTML.escape($0.url), answer($0)] } ?? []
        if service.isGroup, service.condition == .well {
            parts.append(
                "\(service.healthyCount) of \(service.instances.count) instances healthy, \(service.required) required")
        }
        parts += since(service.since)
        if service.condition == .failed {
            parts.append(
                service.lastHealthyAt.map { "last healthy \(PageTime.short($0, now: now))" }
                    ?? "not seen healthy since healthz started")
        }
        return parts.joined(separator: " · ")
    }

    private func answer(_ target: TargetReport) -> String {
        if let status = target.observation.httpStatus { return "answered \(status)" }
        return target.observation.verdict.isUp ? "connected" : "no answer"
    }

    private func since(_ time: Timestamp) -> [String] {
        let lasted = Duration.milliseconds(max(0, now.milliseconds - time.milliseconds))
        let relative = lasted < .seconds(1) ? "just now" : "for \(lasted.unbroken)"
        return ["since \(PageTime.short(time, now: now)), \(relative)"]
    }

    // MARK: Figures

    private func latency(_ target: TargetReport) -> String { target.observation.latency?.unbroken ?? "none" }

    /// Of the slowest instance.
    private func latency(_ service: ServiceReport) -> String {
        service.instances.compactMap(\.observation.latency).max()?.unbroken ?? "none"
    }

    private func seen(_ recent: RecentChecks, of subject: String, latency: String, isGroup: Bool) -> String {
        let history = CheckHistory(recent, now: now)
        return """
            <div class="seen">
            <details>
            <summary>\(history.marks(of: subject, atMost: CheckHistory.markLimit))\
            <span class="caption">\(history.caption)</span></summary>
            \(history.list)
            </details>
            <dl><div><dt>\(isGroup ? "Slowest" : "Latency")</dt><dd>\(latency)</dd></div>\
            <div><dt>Available</dt><dd>\(ServiceEntry.available(recent, history))</dd></div></dl>
            </div>
            """
    }

    private static func available(_ recent: RecentChecks, _ history: CheckHistory) -> String {
        "\(share(recent.upCount, of: recent.count)) <small>\(history.span)</small>"
    }

    /// In per cent with one decimal, rounded down: 100 % means always.
    static func share(_ part: Int, of count: Int) -> String {
        guard count > 0 else { return "unknown" }
        let thousandths = part * 1000 / count
        return thousandths == 1000 ? "100 %" : "\(thousandths / 10).\(thousandths % 10) %"
    }
}

extension ServiceReport {
    /// It is not healthy, or it is on its way there.
    var needsAttention: Bool {
        status != .healthy || instances.contains { $0.status != .healthy || $0.against != nil }
    }
}
