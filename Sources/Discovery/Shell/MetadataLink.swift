package import EventLoop
package import HTTPClient
import Time

/// Asks the instance metadata service over an HTTP client: the shell around `InstanceMetadata`.
package actor MetadataLink {
    package typealias Answers = [InstanceMetadata.Question: String]
    package typealias Ended = @Sendable (Result<Answers, MetadataFailure>) -> Void

    private nonisolated let loop: EventLoop
    private let client: any Client
    private var metadata: InstanceMetadata
    private var questions: [InstanceMetadata.Question] = []
    private var answers: Answers = [:]
    private var ended: Ended?

    package init(_ endpoint: URL, on loop: EventLoop, by client: any Client) {
        self.loop = loop
        self.client = client
        metadata = InstanceMetadata(endpoint: endpoint)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Asks one question after the other; once at a time. What was answered before a failure is not asked for again.
    /// - Parameter ended: called on the loop, once; maybe before this returns.
    package func ask(_ questions: [InstanceMetadata.Question], ended: @escaping Ended) {
        self.questions = questions.filter { answers[$0] == nil }
        self.ended = ended
        askNext()
    }

    /// The same, for those who have nothing else to do.
    package func answers(to questions: [InstanceMetadata.Question]) async -> Result<Answers, MetadataFailure> {
        await withCheckedContinuation { continuation in ask(questions) { continuation.resume(returning: $0) } }
    }

    private func askNext() {
        guard let question = questions.first else { return end(.success(answers)) }
        perform(metadata.ask(question, at: .now))
    }

    private func perform(_ action: InstanceMetadata.Action) {
        switch action {
        case .wait: break
        case .send(let request, let limit):
            client.send(request, within: limit) { result in self.assumeIsolated { $0.responded(result) } }
        case .finish(.failure(let failure)): end(.failure(failure))
        case .finish(.success(let answer)):
            if case .text(let text) = answer { answers[questions[0]] = text }
            questions.removeFirst()
            askNext()
        }
    }

    private func responded(_ result: Result<Response, TransferFailure>) {
        switch result {
        case .success(let response): perform(metadata.answered(response, at: .now))
        case .failure(let failure): perform(metadata.failed(failure, at: .now))
        }
    }

    private func end(_ result: Result<Answers, MetadataFailure>) {
        let ended = self.ended
        self.ended = nil
        ended?(result)
    }
}
