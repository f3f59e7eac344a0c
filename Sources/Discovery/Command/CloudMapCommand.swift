package import Time

/// Registers a node in Cloud Map and removes instances of other stacks, or deregisters it, once, as a machine. It
/// registers before it removes others, so that the name always has an address.
package struct CloudMapCommand: Sendable {
    package enum Kind: Sendable {
        case register, deregister
    }

    package struct Settings: Sendable {
        package var kind: Kind
        package var registration: CloudMapRegistration
        package var sweep = SweepPolicy()
        package var isDryRun = false
        /// The limit of the whole command.
        package var limit = Duration.seconds(120)

        package init(_ kind: Kind, _ registration: CloudMapRegistration) {
            (self.kind, self.registration) = (kind, registration)
        }
    }

    package enum Action: Sendable, Equatable {
        /// Make the call, and then call `answered` or `failed`.
        case call(CloudMapCall)
        case step(CommandStep)
        case finish(CommandExit)
    }

    private enum State {
        case registering, deregistering
        case operating(OperationWatch)
        case listing(Purpose, read: [CloudMapEntry], page: String?)
        case sweeping(waiting: [String], swept: Set<String>)
        case ended
    }

    /// The purpose of a list of instances.
    private enum Purpose {
        case plan
        /// After a pause, because many instances would be removed.
        case planAgain
        /// To see whether the removed instances are gone.
        case checking(Set<String>, round: Int)
    }

    /// More instances are removed only after a pause and another look.
    private static let few = 20
    private static let longestPause = Duration.seconds(10)
    /// Five per second: the limit of an account.
    private static let sweepPause = Duration.milliseconds(200)
    private static let checkingRounds = 6

    private let settings: Settings
    private var random: any RandomNumberGenerator & Sendable
    private let startedAt: Instant
    private let request: String
    private var health: CloudMapHealth? = .healthy
    private var backoff = Backoff(longest: .seconds(30))
    private var state: State
    private var isOut = false
    /// The earliest time of the next call.
    private var readyAt: Instant

    package init(
        _ settings: Settings, at now: Instant,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.settings = settings
        var random = random
        request = SHA256.hex((0..<16).map { _ in UInt8.random(in: 0...255, using: &random) })
        self.random = random
        (startedAt, readyAt) = (now, now)
        state = settings.kind == .register ? .registering : .deregistering
    }

    /// When to call `timePassed`; nil after the end.
    package var wakeAt: Instant? {
        if case .ended = state { return nil }
        return isOut ? deadline : min(deadline, nextCallAt)
    }

    private var deadline: Instant { startedAt + settings.limit }

    private var nextCallAt: Instant {
        var times = [readyAt]
        if let pause = backoff.waitsUntil { times.append(pause) }
        if case .operating(let watch) = state { times.append(watch.pollAt) }
        return times.max() ?? readyAt
    }

    // MARK: Events

    package mutating func begin(at now: Instant) -> [Action] {
        let id = settings.registration.instanceID
        switch (settings.kind, settings.isDryRun) {
        case (.register, false): return [.step(.registering(instance: id))] + proceed(at: now)
        case (.register, true):
            state = .listing(.plan, read: [], page: nil)
            return [.step(.wouldRegister(instance: id))] + proceed(at: now)
        case (.deregister, false): return proceed(at: now)
        case (.deregister, true): return [.step(.wouldDeregister(instance: id))] + finish(.done)
        }
    }

    package mutating func timePassed(at now: Instant) -> [Action] { proceed(at: now) }

    package mutating func answered(_ answer: CloudMapAnswer, at now: Instant) -> [Action] {
        guard isOut else { return [] }
        isOut = false
        _ = backoff.settle(at: now)
        return take(answer, at: now) + proceed(at: now)
    }

    package mutating func failed(_ failure: CloudMapFailure, at now: Instant) -> [Action] {
        guard isOut else { return [] }
        isOut = false
        return take(failure, at: now) + proceed(at: now)
    }

    // MARK: The next step

    private mutating func proceed(at now: Instant) -> [Action] {
        if case .ended = state { return [] }
        guard now < deadline else { return [.step(.outOfTime(limit: settings.limit))] + finish(.unavailable) }
        guard !isOut, now >= nextCallAt, let call else { return [] }
        isOut = true
        return [.call(call)]
    }

    private var call: CloudMapCall? {
        let registration = settings.registration
        switch state {
        case .registering: return .registerInstance(registration, initially: health, request: request)
        case .deregistering:
            return .deregisterInstance(service: registration.serviceID, instance: registration.instanceID)
        case .operating(let watch): return .getOperation(watch.id)
        case .listing(_, _, let page): return .listInstances(service: registration.serviceID, page: page)
        case .sweeping(let waiting, _):
            return waiting.first.map { .deregisterInstance(service: registration.serviceID, instance: $0) }
        case .ended: return nil
        }
    }

    private mutating func finish(_ exit: CommandExit) -> [Action] {
        state = .ended
        return [.finish(exit)]
    }

    // MARK: Results

    private mutating func take(_ answer: CloudMapAnswer, at now: Instant) -> [Action] {
        switch (state, answer) {
        case (.registering, .begun(let id)):
            let purpose = OperationWatch.Purpose.registration(settings.registration, initially: health)
            state = .operating(OperationWatch(id, purpose, at: now))
        case (.deregistering, .begun(let id)):
            state = .operating(OperationWatch(id, .deregistration(settings.registration.identity), at: now))
        case (.operating(let watch), .operation(let progress)): return take(progress, watch, at: now)
        case (.listing(let purpose, let read, _), .instances(let entries, let next)):
            let all = read + entries
            if let next {
                state = .listing(purpose, read: all, page: next)
                return []
            }
            return listed(all, purpose, at: now)
        case (.sweeping(let waiting, let swept), .begun):
            guard let id = waiting.first else { return [] }
            return [.step(.swept(instance: id))] + sweepOn(waiting.dropFirst(), swept.union([id]), at: now)
        default:
            return retry(CloudMapFailure(.server, of: .getOperation, detail: "an answer to another question"), at: now)
        }
        return []
    }

    private mutating func take(_ progress: CloudMapProgress, _ watch: OperationWatch, at now: Instant) -> [Action] {
        if progress == .underway {
            var watch = watch
            _ = watch.polled(at: now)
            state = .operating(watch)
            return []
        }
        switch (watch.purpose, progress) {
        // The other operation has ended, with whatever result.
        case (.another, _):
            state = settings.kind == .register ? .registering : .deregistering
            return []
        case (.registration, .succeeded):
            state = .listing(.plan, read: [], page: nil)
            return [.step(.registered(duration: now - startedAt))]
        case (.deregistration, .succeeded): return [.step(.deregistered)] + finish(.done)
        case (_, .failed(let code, let message)):
            let text = "operation \(watch.id) failed: \(code) \(message)"
            let failure = CloudMapFailure(.init(operationError: code), of: .getOperation, detail: text)
            return [.step(.failed(text: "\(failure)"))] + finish(.unavailable)
        case (_, .underway): return []
        }
    }

    private mutating func listed(_ entries: [CloudMapEntry], _ purpose: Purpose, at now: Instant) -> [Action] {
        switch purpose {
        case .plan, .planAgain:
            let plan = SweepPlan(entries, own: settings.registration, settings.sweep)
            guard case .sweep(let ids) = plan else { return [.step(.planned(plan))] + finish(.done) }
            if settings.isDryRun { return ids.map { .step(.wouldSweep(instance: $0)) } + finish(.done) }
            if ids.count > CloudMapCommand.few, case .plan = purpose {
                let pause = CloudMapCommand.longestPause * Double.random(in: 0...1, using: &random)
                readyAt = now + pause
                state = .listing(.planAgain, read: [], page: nil)
                return [.step(.pausing(pause))]
            }
            state = .sweeping(waiting: ids, swept: [])
            return [.step(.planned(plan))]
        case .checking(let swept, let round):
            let left = swept.intersection(entries.map(\.id))
            if left.isEmpty { return finish(.done) }
            guard round < CloudMapCommand.checkingRounds else {
                return [.step(.left(left.sorted()))] + finish(.unavailable)
            }
            check(left, round: round + 1, at: now)
            return []
        }
    }

    private mutating func sweepOn(
        _ waiting: ArraySlice<String>, _ swept: Set<String>, at now: Instant
    ) -> [Action] {
        readyAt = now + CloudMapCommand.sweepPause
        if !waiting.isEmpty {
            state = .sweeping(waiting: Array(waiting), swept: swept)
        } else if swept.isEmpty {
            return finish(.done)
        } else {
            check(swept, round: 1, at: now)
        }
        return []
    }

    /// Deregistering has only begun. The list shows the end for all instances together.
    private mutating func check(_ swept: Set<String>, round: Int, at now: Instant) {
        state = .listing(.checking(swept, round: round), read: [], page: nil)
        readyAt = now + .seconds(1 << min(round - 1, 3))
    }

    private mutating func take(_ failure: CloudMapFailure, at now: Instant) -> [Action] {
        switch (state, failure.problem) {
        case (.sweeping(let waiting, let swept), .instanceNotFound), (.sweeping(let waiting, let swept), .duplicate):
            guard let id = waiting.first else { return [] }
            return [.step(.alreadyGone(instance: id))] + sweepOn(waiting.dropFirst(), swept, at: now)
        case (.deregistering, .instanceNotFound): return [.step(.notThere)] + finish(.done)
        case (.registering, .duplicate(let other?)), (.deregistering, .duplicate(let other?)):
            state = .operating(OperationWatch(other, .another, at: now))
            return [.step(.waiting(operation: other))]
        case (.registering, .invalid) where health != nil && failure.isOfCustomHealth:
            health = nil
            return [.step(.noCustomHealth)]
        case (.operating, .operationNotFound):
            state = settings.kind == .register ? .registering : .deregistering
            return retry(failure, at: now)
        case (_, .denied): return [.step(.failed(text: "\(failure)"))] + finish(.denied)
        case (_, .invalid), (_, .serviceNotFound):
            return [.step(.failed(text: "\(failure)"))] + finish(.configuration)
        default: return retry(failure, at: now)
        }
    }

    private mutating func retry(_ failure: CloudMapFailure, at now: Instant) -> [Action] {
        backoff.failed(failure.cause, isRefusal: false, at: now, using: &random)
        return [.step(.retrying(text: "\(failure)", pause: (backoff.waitsUntil ?? now) - now))]
    }
}
