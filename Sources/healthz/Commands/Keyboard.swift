import EventLoop
import Glibc

/// The keys of the terminal at standard input, each as it is pressed, without Enter and without echo.
actor Keyboard {
    private nonisolated let loop: EventLoop
    private nonisolated let former: termios
    private let pressed: @Sendable (Character) -> Void
    private var poll: Poll?

    /// Returns nil if standard input is not a terminal, or if this process is in the background: there, a change of
    /// the settings would stop the process (termios(3)).
    /// - Parameter pressed: called on the loop.
    init?(on loop: EventLoop, pressed: @escaping @Sendable (Character) -> Void) {
        var settings = termios()
        guard Keyboard.isInFront, tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        self.loop = loop
        self.pressed = pressed
        former = settings
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Starts reading. Until `restore`, the terminal sends each key at once. Ctrl-C and Ctrl-Z work as usual. After
    /// Ctrl-Z, the shell has restored the settings, and a key needs Enter.
    func start() throws {
        let poll = try Poll(on: loop) { [weak self] in self?.assumeIsolated { $0.read() } }
        // Edge-triggered: in the background, keys stay unread.
        try poll.add(STDIN_FILENO, [.readable, .edgeTriggered])
        self.poll = poll
        var settings = former
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    nonisolated func restore() {
        guard Keyboard.isInFront else { return }
        var settings = former
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    private func read() {
        poll?.drain { _, _ in }
        guard Keyboard.isInFront else { return }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(STDIN_FILENO, &bytes, bytes.count)
        guard count > 0 else { return poll = nil }
        for byte in bytes.prefix(count) { pressed(Character(Unicode.Scalar(byte))) }
    }

    private static var isInFront: Bool { tcgetpgrp(STDIN_FILENO) == getpgrp() }
}
