import Glibc
import Sockets

/// The host name of this machine or container.
enum NodeName {
    static let own: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, 255) == 0 else { return "this machine" }
        return String(buffer: name)
    }()
}
