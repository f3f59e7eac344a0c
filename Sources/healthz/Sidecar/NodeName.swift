import Glibc
import Sockets

/// What this machine, or this container, calls itself.
enum NodeName {
    static let own: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, 255) == 0 else { return "this machine" }
        return String(buffer: name)
    }()
}
