/// The services of a check.
package enum Selection: Sendable, Hashable {
    case all
    /// A single service, which exists.
    case only(String)
    /// All except these.
    case excluding(Set<String>)

    package func includes(_ name: String) -> Bool {
        switch self {
        case .all: true
        case .only(let chosen): name == chosen
        case .excluding(let left): !left.contains(name)
        }
    }
}
