import Time

/// When to try again after a failure, and what to tell of it.
///
/// A pause is drawn from zero up to a limit that doubles with each try (full jitter): nodes that failed together must not come
/// back together.
struct Backoff: Sendable {
    private static let first = Duration.milliseconds(500)
    /// After a refusal, which often lasts until somebody changes something. Not always: an agent of Consul that has not yet
    /// found a server refuses every token, and a new role of AWS takes some seconds to be known. So the pauses grow to this.
    private static let refusalPause = Duration.seconds(60)
    private static let firstRefusal = Duration.seconds(1)

    /// The longest pause after a failure that is no refusal.
    var longest: Duration
    private(set) var tries = 0
    /// In a row.
    private var refusals = 0
    /// Nil where there is nothing to wait for.
    private(set) var waitsUntil: Instant?
    /// Of the last failure.
    private(set) var cause: RegistryCause?
    private(set) var isRefused = false
    private var since: Instant?
    private var told: Set<RegistryCause> = []

    init(longest: Duration) {
        self.longest = longest
    }

    /// - Parameter isRefusal: the same request will be refused again until somebody changes something.
    mutating func failed(
        _ cause: RegistryCause, isRefusal: Bool, at now: Instant, using random: inout some RandomNumberGenerator
    ) {
        let limit = min(longest, Backoff.first * (1 << min(tries, 10)))
        let pause =
            isRefusal
            ? min(Backoff.refusalPause, Backoff.firstRefusal * (1 << min(refusals, 10)))
                * Double.random(in: 0.9...1.1, using: &random)
            : limit * Double.random(in: 0...1, using: &random)
        tries += 1
        refusals = isRefusal ? refusals + 1 : 0
        waitsUntil = now + pause
        (self.cause, isRefused) = (cause, isRefusal)
        if since == nil { since = now }
    }

    /// What is to be told of a failure: nil where it is not the first of its cause since all was well.
    mutating func note(_ cause: RegistryCause, text: String) -> RegistrarNote? {
        told.insert(cause).inserted ? .failed(cause, text: text) : nil
    }

    /// A request was answered. Whether all is well again is said by `settle`.
    mutating func answered() {
        (waitsUntil, cause, isRefused) = (nil, nil, false)
    }

    mutating func tryNow() {
        waitsUntil = nil
    }

    /// All is well.
    /// - Returns: what is to be told of it: nil where nobody was told that something was wrong.
    mutating func settle(at now: Instant) -> RegistrarNote? {
        defer { self = Backoff(longest: longest) }
        guard let since, !told.isEmpty else { return nil }
        return .recovered(tries: tries, duration: now - since)
    }
}
