import Health
import Time

/// One service's part of the page, and below it each of its instances.
struct ServiceEntry {
    /// When the report was made: relative times are as of then, so that they are true as long as the page is.
    let now: Timestamp
    let detail: Detail

    /// - Parameter id: unique in the document.
    func item(_ service: ServiceReport, id: String) -> String {
        let heading = """
            <h3>\(StatusMark.use(service.status))<span class="name">\(HTML.escape(service.name))</span> \
            <span class="word">\(service.status.rawValue)</span>\
            \(service.isCritical ? "" : " <span class=\"tag\">not critical</span>")</h3>
            """
        guard detail == .full else {
            return "<li class=\"service \(service.status.rawValue)\">\(heading)</li>"
        }
        let target = service.isGroup ? nil : service.instances.first
        return """
            <li class="service \(service.status.rawValue)">
            <div class="row">
            <div class="what">
            \(heading)
            \(cause(service))\(target.map(against) ?? "")<p class="meta">\(meta(service, target))</p>
            </div>
            \(picture(service.recent, id: id, subject: service.name))
            \(figures(service.recent, latency: target.map(latency) ?? slowest(service)))
            </div>
            \(service.isGroup ? instances(of: service, id: id) : "")</li>
            """
    }

    private func instances(of service: ServiceReport, id: String) -> String {
        let items = service.instances.enumerated().map { instance($0.element, id: "\(id)i\($0.offset)") }
        return """
            <ul class="instances" aria-label="Instances of \(HTML.escape(service.name))">
            \(items.joined(separator: "\n"))
            </ul>

            """
    }

    private func instance(_ target: TargetReport, id: String) -> String {
        """
        <li class="instance \(target.status.rawValue)">
        <div class="row">
        <div class="what">
        <h4>\(StatusMark.use(target.status))<span class="name">\(HTML.escape(target.name))</span> \
        <span class="word">\(target.status.rawValue)</span></h4>
        \(target.reason.map { cause($0) } ?? "")\(against(target))\
        <p class="meta">\(([answer(target)] + since(target.since)).joined(separator: " · "))</p>
        </div>
        \(picture(target.recent, id: id, subject: target.name))
        \(figures(target.recent, latency: latency(target)))
        </div>
        </li>
        """
    }

    // MARK: Why and since when

    private func cause(_ service: ServiceReport) -> String { service.reason.map { cause($0) } ?? "" }

    private func cause(_ reason: Reason, after words: String = "") -> String {
        let lookAt = reason.lookAt.map { "<p class=\"meta\">Look at: \(HTML.escape($0))</p>\n" } ?? ""
        return
            "<p class=\"cause\">\(words)<code>\(reason.code)</code> \(HTML.escape(reason.description))</p>\n\(lookAt)"
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
        let relative = lasted < .seconds(1) ? "just now" : "for \(lasted.brief)"
        return ["since \(PageTime.short(time, now: now)), \(relative)"]
    }

    // MARK: Figures

    private func latency(_ target: TargetReport) -> (label: String, value: String) {
        ("Latency", target.observation.latency?.brief ?? "none")
    }

    private func slowest(_ service: ServiceReport) -> (label: String, value: String) {
        ("Slowest", service.instances.compactMap(\.observation.latency).max()?.brief ?? "none")
    }

    private func picture(_ recent: RecentChecks, id: String, subject: String) -> String {
        let sparkline = Sparkline(recent)
        var caption = [sparkline.count]
        if let first = sparkline.startedAt { caption[0] += " since \(PageTime.short(first, now: now))" }
        if let peak = sparkline.peak { caption.append("peak \(peak.brief)") }
        return """
            <figure>\(sparkline.svg(id: id, subject: subject))\
            <figcaption>\(caption.joined(separator: ", "))</figcaption></figure>
            """
    }

    private func figures(_ recent: RecentChecks, latency: (label: String, value: String)) -> String {
        """
        <dl><div><dt>\(latency.label)</dt><dd>\(latency.value)</dd></div>\
        <div><dt>Available</dt><dd>\(ServiceEntry.share(recent.upCount, of: recent.count)) \
        <small>\(recent.upCount) of \(recent.count)</small></dd></div></dl>
        """
    }

    /// In per cent with one decimal, rounded down: 100 % means always.
    static func share(_ part: Int, of count: Int) -> String {
        guard count > 0 else { return "unknown" }
        let thousandths = part * 1000 / count
        return thousandths == 1000 ? "100 %" : "\(thousandths / 10).\(thousandths % 10) %"
    }
}
