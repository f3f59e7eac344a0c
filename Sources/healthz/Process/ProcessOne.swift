import Glibc

/// What the first process of a container has to see to itself, as there is no init and no shell that does.
enum ProcessOne {
    /// To be called before anything is opened.
    static func prepare() {
        openStandardDescriptors()
        // Orphans become children of process 1: ignored, they leave no zombies behind (wait(2)). healthz starts no processes.
        signal(SIGCHLD, SIG_IGN)
    }

    /// Process 1 is not ended by a signal that it has no handler for: with this, signals from people and Docker end it as any other.
    static func endOnSignals() {
        guard getpid() == 1 else { return }
        for number in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] { signal(number) { _exit(128 + $0) } }
    }

    /// Where one of the three is closed, the next socket or file would get its number, and a log line would go into it.
    private static func openStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest number that is free, which is this one.
            _ = open("/dev/null", O_RDWR)
        }
    }
}
