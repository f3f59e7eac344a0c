import HTTPClient
package import Health

/// Compares bodies with what is expected of them. Its patterns are compiled once, so it is made once for each target.
///
/// It may take its time: a pattern that looks back can take for ever over a body that is made for it. So it is not
/// Sendable, and its owner keeps it off the event loop.
package struct BodyJudge {
    private let expectation: BodyExpectation
    private let patterns: [(text: String, regex: Regex<AnyRegexOutput>)]
    private let metrics: MetricsJudge?

    /// - Throws: `PatternError` for the first pattern that is none.
    package init(_ expectation: BodyExpectation) throws(PatternError) {
        self.expectation = expectation
        var patterns: [(text: String, regex: Regex<AnyRegexOutput>)] = []
        for text in expectation.patterns { patterns.append((text, try BodyJudge.compile(text))) }
        self.patterns = patterns
        metrics = expectation.metrics.isEmpty ? nil : MetricsJudge(expectation.metrics)
    }

    /// nil where the body is as expected, else the first difference.
    /// - Parameter body: what is not UTF-8 in it is read as U+FFFD.
    package func mismatch(in body: [UInt8]) -> BodyMismatch? {
        var counters = Counters()
        return mismatch(in: Response(status: 200, body: body), &counters)
    }

    func mismatch(in response: Response, _ counters: inout Counters) -> BodyMismatch? {
        if let coding = response.contentCoding { return .coded(Excerpt(coding)) }
        // Of all metrics, so that no counter is passed over for a check.
        let metrics = metrics?.mismatch(in: response, &counters)
        return textMismatch(in: response.body) ?? jsonMismatch(in: response.body) ?? metrics
    }

    private func textMismatch(in body: [UInt8]) -> BodyMismatch? {
        guard !expectation.contained.isEmpty || !expectation.lacked.isEmpty || !patterns.isEmpty else { return nil }
        let text = String(decoding: body, as: UTF8.self)
        for wanted in expectation.contained where !BodyJudge.contains(body, Array(wanted.utf8)) {
            return .lacks(wanted, found: Excerpt(quoting: text))
        }
        for unwanted in expectation.lacked where BodyJudge.contains(body, Array(unwanted.utf8)) {
            return .contains(unwanted, found: Excerpt(quoting: text))
        }
        for pattern in patterns where text.firstMatch(of: pattern.regex) == nil {
            return .doesNotMatch(pattern: pattern.text, found: Excerpt(quoting: text))
        }
        return nil
    }

    private func jsonMismatch(in body: [UInt8]) -> BodyMismatch? {
        guard !expectation.members.isEmpty else { return nil }
        do {
            let found = try JSONDocument.values(at: expectation.members.map(\.pointer), in: body)
            return zip(expectation.members, found).lazy.compactMap(BodyJudge.compare).first
        } catch {
            return .notJSON(
                detail: error.detail, found: Excerpt(quoting: String(decoding: body.prefix(1024), as: UTF8.self)))
        }
    }

    private static func compare(_ member: BodyExpectation.Member, _ found: JSONDocument.Value) -> BodyMismatch? {
        let place = "\(member.pointer)"
        let difference = Comparer.difference(found, member.comparisons, at: place)
        // One value that is expected, and what is there or not, in fewer words.
        guard case .compared(place, .equals(let expected), let excerpt) = difference else { return difference }
        return found == .absent
            ? .absent(member.pointer) : .value(member.pointer, expected: expected, found: excerpt)
    }

    /// Byte by byte: text that differs in bytes only, as composed and decomposed letters do, is not the same here.
    private static func contains(_ body: [UInt8], _ wanted: [UInt8]) -> Bool {
        guard let first = wanted.first else { return true }
        var start = 0
        while let next = body[start...].firstIndex(of: first), next + wanted.count <= body.count {
            if body[next..<next + wanted.count].elementsEqual(wanted) { return true }
            start = next + 1
        }
        return false
    }

    private static func compile(_ text: String) throws(PatternError) -> Regex<AnyRegexOutput> {
        do {
            return try Regex(text)
        } catch {
            throw PatternError(detail: "\(error)")
        }
    }
}

/// Text that is not a regular expression in Swift's syntax.
package struct PatternError: Error {
    /// What is wrong with it, in the compiler's words.
    package let detail: String
}
