package import EventLoop
package import HTTPClient
import Time

/// Makes calls to Cloud Map over an HTTP client: the shell around `CloudMapCaller`.
package actor CloudMapLink {
    package typealias Ended = @Sendable (Result<CloudMapAnswer, CloudMapFailure>) -> Void

    private nonisolated let loop: EventLoop
    private let client: any Client
    private let files: TokenFiles
    private var caller: CloudMapCaller
    private var ended: Ended?

    package init(_ caller: CloudMapCaller, on loop: EventLoop, by client: any Client, _ files: TokenFiles) {
        self.loop = loop
        self.client = client
        self.files = files
        self.caller = caller
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// One call at a time.
    /// - Parameter ended: called on the loop, once; maybe before this returns.
    package func make(_ call: CloudMapCall, ended: @escaping Ended) {
        self.ended = ended
        perform(caller.begin(call, at: .now))
    }

    private func perform(_ action: CloudMapCaller.Action) {
        switch action {
        case .wait: break
        case .readFile(let path):
            files.read(path) { result in
                self.assumeIsolated { $0.perform($0.caller.fileRead(result, at: .now)) }
            }
        case .send(let request, let limit):
            client.send(request, within: limit) { result in self.assumeIsolated { $0.responded(result) } }
        case .finish(let result):
            let ended = self.ended
            self.ended = nil
            ended?(result)
        }
    }

    private func responded(_ result: Result<Response, TransferFailure>) {
        switch result {
        case .success(let response): perform(caller.answered(response, at: .now))
        case .failure(let failure): perform(caller.failed(failure, at: .now))
        }
    }
}
