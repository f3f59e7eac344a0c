import Glibc
import Time

/// Ends the process in any case, some time after it should have ended.
///
/// The last steps are tasks, and a neighbour can take the threads that tasks need between the moment when they were there
/// and the moment when they are needed. A signal needs no thread.
enum Backstop {
    /// What the end may take besides the answers under way: registries and the log have a second each.
    static let margin = Duration.seconds(4)

    static func exit(within limit: Duration) {
        signal(SIGALRM) { _ in _exit(0) }
        alarm(UInt32(clamping: Int((limit / .seconds(1)).rounded(.up))))
    }
}
