package import Time

/// The present keys, and when to get new ones. It does not wait: it is asked before each signature.
package struct KeyRing: Sendable {
    /// Before the expiry of the keys.
    private static let renewal = Duration.seconds(900)
    /// From then on, every request first tries to get new keys.
    private static let necessity = Duration.seconds(600)
    private static let pause = Duration.seconds(60)

    package private(set) var keys: AWSKeys?
    /// When new keys are wanted; nil if the keys do not expire.
    private var renewAt: Timestamp?
    /// The earliest time of the next try after a failed renewal.
    private var retryAt: Instant?

    package init() {}

    /// Whether to get new keys before the next signature.
    /// - Parameter now: with the wall clock corrected.
    package func wantsNew(at now: Moment) -> Bool {
        guard keys != nil else { return true }
        guard let renewAt, now.timestamp >= renewAt else { return false }
        return retryAt.map { now.instant >= $0 } ?? true
    }

    package mutating func accept(
        _ keys: AWSKeys, at now: Moment, using random: inout some RandomNumberGenerator
    ) {
        self.keys = keys
        guard let expiresAt = keys.expiresAt else {
            (renewAt, retryAt) = (nil, nil)
            return
        }
        let (end, time) = (expiresAt.milliseconds, now.timestamp.milliseconds)
        let (life, renewal) = (end - time, Int64(KeyRing.renewal.milliseconds))
        renewAt = Timestamp(milliseconds: life > renewal ? end - renewal : time + max(0, life / 2))
        // If the metadata service cannot get new keys, it continues to return expired ones, and AWS accepts them.
        retryAt = life <= 0 ? now.instant + .seconds(Double.random(in: 120...600, using: &random)) : nil
    }

    /// Keeps the old keys: they may still be valid, or AWS may accept them nevertheless.
    package mutating func failedToRenew(at now: Moment) {
        guard let expiresAt = keys?.expiresAt else { return }
        let left = expiresAt.milliseconds - now.timestamp.milliseconds
        retryAt = left > Int64(KeyRing.necessity.milliseconds) ? now.instant + KeyRing.pause : nil
    }

    /// AWS has reported that they have expired.
    package mutating func drop() {
        self = KeyRing()
    }
}
