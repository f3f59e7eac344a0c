import Dispatch
import Glibc

/// Signals of the process, delivered on the loop instead of interrupting it.
package final class Signals {
    private let sources: [any DispatchSourceSignal]

    /// From here on these signals do nothing but call `handler`, on the loop.
    package init(_ numbers: [Int32], on loop: EventLoop, handler: @escaping @Sendable (Int32) -> Void) {
        sources = numbers.map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: loop.queue)
            source.setEventHandler { handler(number) }
            source.activate()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
    }

    /// A write to a closed connection shall be an error of that write, not the end of the process.
    package static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}
