import Dispatch
import EventLoop
import Glibc
import Sockets
import Time

/// The notifications for systemd (sd_notify(3)): states are sent as datagrams to the socket in `NOTIFY_SOCKET`. The
/// watchdog is notified from the loop, so that systemd notices a loop that is stuck.
struct ServiceManager {
    enum State {
        case ready, reloading, stopping, alive

        fileprivate var message: String {
            switch self {
            case .ready: "READY=1"
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(ServiceManager.monotonicMicroseconds)"
            case .stopping: "STOPPING=1"
            case .alive: "WATCHDOG=1"
            }
        }
    }

    /// nil if there is no service manager: then nothing is sent.
    private let address: SocketAddress?
    /// The interval of the watchdog; nil if there is none.
    private let patience: Duration?

    init(_ environment: [String: String]) {
        address = environment["NOTIFY_SOCKET"].flatMap { SocketAddress(path: $0) }
        // Intended for the process that systemd has started, not for its children.
        let isMine = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        patience = isMine && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    func tell(_ state: State) {
        guard let address else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let message = Array(state.message.utf8)
        // healthz does not wait for systemd; the next notification of the watchdog replaces a lost one.
        _ = address.read {
            sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), $0, $1)
        }
    }

    /// - Returns: an object that notifies the watchdog as long as it exists; nil without a watchdog.
    func feedWatchdog(on loop: EventLoop) -> Feeder? {
        guard address != nil, let patience else { return nil }
        return Feeder(self, every: patience / 2, on: loop)
    }

    /// Of CLOCK_MONOTONIC, which is Dispatch's uptime clock on Linux.
    private static var monotonicMicroseconds: UInt64 { DispatchTime.now().uptimeNanoseconds / 1000 }

    /// Notifies the watchdog at an interval, on the loop.
    actor Feeder {
        private nonisolated let loop: EventLoop
        private let manager: ServiceManager
        private let pause: Duration
        private var timer: LoopTimer?

        init(_ manager: ServiceManager, every pause: Duration, on loop: EventLoop) {
            self.loop = loop
            self.manager = manager
            self.pause = pause
        }

        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

        func start() {
            timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.notify() } }
            notify()
        }

        private func notify() {
            manager.tell(.alive)
            timer?.wake(by: .now + pause)
        }
    }
}
