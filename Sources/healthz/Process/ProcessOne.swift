import Glibc

/// The duties of the first process of a container, which has no init and no shell.
enum ProcessOne {
    /// To be called before any file is opened.
    static func prepare() {
        openStandardDescriptors()
        // Orphans become children of process 1. If SIGCHLD is ignored, they leave no zombies (wait(2)). healthz
        // starts no processes.
        signal(SIGCHLD, SIG_IGN)
    }

    /// A signal without a handler does not end process 1. With this handler, SIGINT and SIGTERM end it.
    static func endOnSignals() {
        guard getpid() == 1 else { return }
        for number in [SIGINT, SIGTERM] { signal(number) { _exit(128 + $0) } }
    }

    /// If one of the three is closed, the next socket or file would get its number, and log lines would be written to
    /// it.
    private static func openStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // open(2) returns the lowest free number, which is this one.
            _ = open("/dev/null", O_RDWR)
        }
    }
}
