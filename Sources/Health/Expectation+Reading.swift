import HTTPClient

extension Expectation {
    /// Only a body that is judged is read to its end. Of an unexpected response, the beginning is read for the
    /// message.
    func reading(atMost limit: Int) -> Request.Reading {
        var exceptions: [Request.Reading.Exception] = []
        if case .response(let tolerated, _?) = tolerance {
            exceptions = tolerated.ranges.map { Request.Reading.Exception($0, judgedBody) }
        }
        exceptions += statuses.ranges.map { Request.Reading.Exception($0, expectedBody) }
        // Of metrics, the syntax depends on Content-Type.
        let typed = bodies.contains { !$0.metrics.isEmpty } ? ["Content-Type"] : []
        let names = ResponseWords.fieldNames + ["Content-Encoding"] + typed + fields.map(\.name)
        return Request.Reading(
            limit: limit, .beginning(ResponseWords.keptBody), except: exceptions, keepsFields: true, fieldNames: names)
    }

    /// What is read of the body of a response with an expected status. Fields are judged when the head is complete.
    private var expectedBody: Request.Reading.Body {
        if body != nil || container != nil { return judgedBody }
        return fields.isEmpty ? .none : .beginning(0)
    }

    /// What is read of a body that is judged by one expectation or by both. Of metrics alone, most of it is not kept.
    private var judgedBody: Request.Reading.Body {
        guard container == nil, bodies.allSatisfy(\.isOfMetricsAlone) else { return .whole(kept: .max) }
        let names = bodies.flatMap(\.metrics).map(\.selector.name)
        return .lines(
            beginningWith: Set(names + [MetricSelector.lastLine]).sorted(), orElse: ResponseWords.keptBody)
    }
}

extension BodyExpectation {
    fileprivate var isOfMetricsAlone: Bool {
        !metrics.isEmpty && contained.isEmpty && lacked.isEmpty && patterns.isEmpty && members.isEmpty
    }
}
