import HTTPClient

extension Expectation {
    /// Only a body that is judged is read to its end. Of an unexpected response, the beginning is read for the
    /// message.
    func reading(atMost limit: Int) -> Request.Reading {
        let isRead = body != nil || container != nil
        let expected: Request.Reading.Body = isRead ? .whole(kept: .max) : .none
        var exceptions = statuses.ranges.map { Request.Reading.Exception($0, expected) }
        if case .response(let tolerated, _?) = tolerance {
            exceptions += tolerated.ranges.map { Request.Reading.Exception($0, .whole(kept: .max)) }
        }
        return Request.Reading(
            limit: limit, .beginning(ResponseWords.keptBody), except: exceptions, keepsFields: true,
            fieldNames: ResponseWords.fieldNames + ["Content-Encoding"] + fields.map(\.name))
    }
}
