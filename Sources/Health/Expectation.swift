/// What a response must be for its target to be healthy.
package struct Expectation: Sendable, Equatable {
    package let statuses: StatusSet
    /// Of a response with one of these statuses; the body of any other does not matter.
    package let body: BodyExpectation?

    package init(_ statuses: StatusSet, body: BodyExpectation? = nil) {
        self.statuses = statuses
        self.body = body
    }
}

extension Expectation: CustomStringConvertible {
    /// Such as `200-299, body contains "ready"`.
    package var description: String {
        body.map { "\(statuses), body \($0)" } ?? statuses.description
    }
}
