/// The environment variables. An empty variable counts as not set.
package struct Environment: Sendable {
    private let variables: [String: String]

    package init(_ variables: [String: String]) {
        self.variables = variables
    }

    package subscript(_ name: String) -> String? {
        variables[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether the value means true, in any case.
    func isTrue(_ name: String) -> Bool {
        self[name]?.lowercased() == "true"
    }
}
