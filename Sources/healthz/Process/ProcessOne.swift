import Glibc

/// What the first process of a container has to see to itself, as there is no init and no shell that does.
enum ProcessOne {
    private static let endings = [SIGINT, SIGTERM]

    /// To be called before anything is opened. SIGINT and SIGTERM wait until `endOnSignals` decides what they do.
    static func prepare() {
        mask(SIG_BLOCK)
        openStandardDescriptors()
        // Orphans become children of process 1: ignored, they leave no zombies behind (wait(2)). healthz starts no processes.
        signal(SIGCHLD, SIG_IGN)
    }

    /// From here on SIGINT and SIGTERM end the process, as also those do that have come before. To be called on the main
    /// thread, before there is another one.
    ///
    /// The kernel drops a signal to process 1 that has no handler, so an early `docker stop` would wait for SIGKILL.
    /// - Parameter serves: a server that has not begun to serve has nothing to finish, and ends with 0, also where it is not
    ///   process 1.
    static func endOnSignals(serves: Bool) {
        for number in endings {
            if serves { signal(number) { _ in _exit(0) } } else if getpid() == 1 { signal(number) { _exit(128 + $0) } }
        }
        mask(SIG_UNBLOCK)
    }

    private static func mask(_ how: Int32) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in endings { sigaddset(&set, number) }
        pthread_sigmask(how, &set, nil)
    }

    /// Where one of the three is closed, the next socket or file would get its number, and a log line would go into it.
    private static func openStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest number that is free, which is this one.
            _ = open("/dev/null", O_RDWR)
        }
    }
}
