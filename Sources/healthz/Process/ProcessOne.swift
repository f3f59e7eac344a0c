import Glibc

/// The duties of the first process of a container, which has no init and no shell.
enum ProcessOne {
    private static let endings = [SIGINT, SIGTERM]

    /// To be called before any file is opened. SIGINT and SIGTERM wait until `endOnSignals` is called.
    static func prepare() {
        mask(SIG_BLOCK)
        openStandardDescriptors()
        // Orphans become children of process 1. If SIGCHLD is ignored, they leave no zombies (wait(2)). healthz
        // starts no processes.
        signal(SIGCHLD, SIG_IGN)
    }

    /// From now on, SIGINT and SIGTERM end the process; those that have come before end it at once. To be called on the main
    /// thread, before another thread exists.
    ///
    /// The kernel drops a signal to process 1 that has no handler, so an early `docker stop` would wait for SIGKILL.
    /// - Parameter serves: a server that does not serve yet has nothing to finish, and ends with 0, also if it is not process 1.
    static func endOnSignals(serves: Bool) {
        for number in endings {
            if serves {
                signal(number) { _ in _exit(0) }
            } else if getpid() == 1 {
                signal(number) { _exit(128 + $0) }
            }
        }
        mask(SIG_UNBLOCK)
    }

    private static func mask(_ how: Int32) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in endings { sigaddset(&set, number) }
        pthread_sigmask(how, &set, nil)
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
