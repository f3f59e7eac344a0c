package import EventLoop
import Time

/// Runs a command for Cloud Map: the shell around `CloudMapCommand`.
package actor CloudMapRun {
    private nonisolated let loop: EventLoop
    private let link: CloudMapLink
    private let report: @Sendable (CommandStep) -> Void
    private var command: CloudMapCommand
    private var timer: LoopTimer?
    private var whenOver: CheckedContinuation<CommandExit, Never>?

    /// - Parameter report: called for each step, on the loop.
    package init(
        _ settings: CloudMapCommand.Settings, on loop: EventLoop, by link: CloudMapLink,
        report: @escaping @Sendable (CommandStep) -> Void
    ) {
        self.loop = loop
        self.link = link
        self.report = report
        command = CloudMapCommand(settings, at: .now)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    package func exit() async -> CommandExit {
        timer = LoopTimer(on: loop) { self.assumeIsolated { $0.timeHasPassed() } }
        return await withCheckedContinuation { continuation in
            whenOver = continuation
            perform(command.begin(at: .now))
        }
    }

    private func timeHasPassed() {
        perform(command.timePassed(at: .now))
    }

    private func perform(_ actions: [CloudMapCommand.Action]) {
        for action in actions {
            switch action {
            case .step(let step): report(step)
            case .call(let call):
                link.assumeIsolated { $0.make(call) { result in self.assumeIsolated { $0.ended(result) } } }
            case .finish(let exit):
                whenOver?.resume(returning: exit)
                (whenOver, timer) = (nil, nil)
            }
        }
        if let wakeAt = command.wakeAt { timer?.wake(by: wakeAt) }
    }

    private func ended(_ result: Result<CloudMapAnswer, CloudMapFailure>) {
        switch result {
        case .success(let answer): perform(command.answered(answer, at: .now))
        case .failure(let failure): perform(command.failed(failure, at: .now))
        }
    }
}
