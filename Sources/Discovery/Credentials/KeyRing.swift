package import Time

/// The keys in hand, and when to get new ones. It waits for nothing itself: whoever is about to sign asks it.
package struct KeyRing: Sendable {
    /// Before the end of the keys.
    private static let renewal = Duration.seconds(900)
    /// From then on no request goes without an attempt to get new ones.
    private static let necessity = Duration.seconds(600)
    private static let pause = Duration.seconds(60)

    package private(set) var keys: AWSKeys?
    /// From when on new keys are wanted; nil for keys that do not expire.
    private var renewAt: Timestamp?
    /// A renewal that failed is not tried again before then.
    private var retryAt: Instant?

    package init() {}

    /// Whether to get new keys before the next request is signed.
    /// - Parameter now: its wall clock corrected.
    package func wantsNew(at now: Moment) -> Bool {
        guard keys != nil else { return true }
        guard let renewAt, now.timestamp >= renewAt else { return false }
        return retryAt.map { now.instant >= $0 } ?? true
    }

    package mutating func took(
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
        // The metadata service goes on giving keys that have expired where it cannot get new ones, and AWS takes them.
        retryAt = life <= 0 ? now.instant + .seconds(Double.random(in: 120...600, using: &random)) : nil
    }

    /// The old ones are kept. They may be good for a while, or AWS may take them all the same.
    package mutating func failedToRenew(at now: Moment) {
        guard let expiresAt = keys?.expiresAt else { return }
        let left = expiresAt.milliseconds - now.timestamp.milliseconds
        retryAt = left > Int64(KeyRing.necessity.milliseconds) ? now.instant + KeyRing.pause : nil
    }

    /// AWS says that they have expired.
    package mutating func drop() {
        self = KeyRing()
    }
}
