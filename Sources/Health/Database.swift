/// A kind of database server, which tells by its own protocol whether it takes clients.
package enum Database: String, Sendable, CaseIterable {
    case mysql, postgres

    /// For a message.
    package var name: String {
        switch self {
        case .mysql: "MySQL"
        case .postgres: "PostgreSQL"
        }
    }
}
