import Glibc

/// The host name of this machine or container.
package enum HostName {
    /// nil if the system does not tell.
    package static let own: String? = {
        var name = [CChar](repeating: 0, count: 256)
        return gethostname(&name, 255) == 0 ? String(buffer: name) : nil
    }()
}
