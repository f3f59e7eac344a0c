/// A kind of database server. Its own protocol tells whether it accepts clients.
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
