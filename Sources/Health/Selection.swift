/// Which services a check is about.
package enum Selection: Sendable, Hashable {
    case all
    /// One alone, which exists.
    case only(String)
    /// All but these.
    case excluding(Set<String>)

    package func includes(_ name: String) -> Bool {
        switch self {
        case .all: true
        case .only(let chosen): name == chosen
        case .excluding(let left): !left.contains(name)
        }
    }
}
