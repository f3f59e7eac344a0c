import EventLoop
import Glibc
import Time

/// Looks up names outside the loop, with getaddrinfo(3), which blocks until the name servers answer and cannot be
/// cancelled.
///
/// libcurl's own lookups are not used: libcurl starts a thread for each transfer, and waits for it when the transfer
/// is cancelled, or with CURLOPT_QUICK_EXIT abandons it, without a limit. Here a few threads are kept, and the
/// running lookups are counted.
final class Resolver {
    typealias Answer = Result<[String], LookupError>

    /// The kind of a lookup.
    enum Kind: CaseIterable {
        /// The addresses of both families, in the system's order. It ends when both families have been answered or
        /// have failed.
        case both
        case four
        case six

        /// How many lookups of this kind may run.
        fileprivate var limit: Int { self == .both ? 8 : 4 }

        fileprivate var family: Int32 {
            switch self {
            case .both: AF_UNSPEC
            case .four: AF_INET
            case .six: AF_INET6
            }
        }
    }

    /// One call of getaddrinfo(3).
    struct Lookup: Hashable {
        let name: String
        let kind: Kind
        /// Later lookups have larger numbers.
        let number: Int
    }

    /// A lookup that found no address, with the system's message.
    struct LookupError: Error, Equatable {
        let detail: String
        /// The lookup was not made, because there was no thread, descriptor or memory.
        var isInternal = false
        /// The name servers may know the address all the same: one of several questions had no proper answer.
        var isTemporary = false
    }

    /// A lookup that runs longer than this may get no answer. RFC 8305 §3 recommends the same time.
    static let patience = Duration.milliseconds(50)

    private let loop: EventLoop
    private let workers = Workers(Kind.allCases.map(\.limit).reduce(0, +))
    private let find: @Sendable (String, Kind) -> Answer
    private let answered: @Sendable (Lookup, Answer) -> Void
    private var lanes: [Kind: LookupLane]
    private var lastNumber = 0

    /// - Parameters:
    ///   - find: makes one lookup, and may block.
    ///   - answered: called on the loop when a lookup has ended; it must call `ended` first.
    init(
        on loop: EventLoop, find: @escaping @Sendable (String, Kind) -> Answer = Resolver.addresses,
        answered: @escaping @Sendable (Lookup, Answer) -> Void
    ) {
        self.loop = loop
        self.find = find
        self.answered = answered
        lanes = Dictionary(uniqueKeysWithValues: Kind.allCases.map { ($0, LookupLane(size: $0.limit)) })
    }

    /// Makes the threads.
    func prepare() {
        workers.prepare()
    }

    /// Starts a lookup. If enough lookups of the name are running, it joins these; if too many lookups are running in
    /// all, it waits.
    /// - Returns: a number. An address counts from any lookup of the name; a failure counts only from a lookup with
    ///   at least this number.
    func lookUp(_ name: String, _ kind: Kind, at now: Instant) -> Int {
        let isSuspect = isSilent(name, at: now)
        switch lanes[kind]?.ask(name, isSuspect: isSuspect) {
        case .now:
            start(name, kind, at: now)
            return lastNumber
        case .joins, nil: return lastNumber
        case .later: return lastNumber + 1
        }
    }

    /// - Returns: the duration, and whether more lookups of this kind and name are running or waiting.
    func ended(_ lookup: Lookup, at now: Instant) -> (time: Duration, othersAreOut: Bool) {
        guard let time = lanes[lookup.kind]?.ended(lookup.name, lookup.number, at: now) else { return (.zero, false) }
        while let next = nextName(lookup.kind, at: now) { start(next, lookup.kind, at: now) }
        return (time, lanes[lookup.kind]?.isOut(lookup.name) ?? false)
    }

    private func nextName(_ kind: Kind, at now: Instant) -> String? {
        guard lanes[kind]?.isAnyoneWaiting == true else { return nil }
        let known = lanes
        return lanes[kind]?.next { name in
            known.values.contains { $0.isOut(name, for: Resolver.patience, at: now) }
        }
    }

    /// Whether a lookup of both families of the name is about to begin.
    func isNear(_ name: String, at now: Instant) -> Bool {
        lanes[.both]?.isNear(name, within: Resolver.patience, at: now) ?? false
    }

    /// Whether a lookup of the name, of any kind, has been running for too long.
    func isSilent(_ name: String, at now: Instant) -> Bool {
        lanes.values.contains { $0.isOut(name, for: Resolver.patience, at: now) }
    }

    private func start(_ name: String, _ kind: Kind, at now: Instant) {
        lastNumber += 1
        let lookup = Lookup(name: name, kind: kind, number: lastNumber)
        lanes[kind]?.began(name, lastNumber, at: now)
        let failure = workers.run { [loop, find, answered] in
            let answer = find(name, kind)
            loop.run { answered(lookup, answer) }
        }
        guard let failure else { return }
        let detail = "no thread for name resolution: \(failure.reason.lowercasedFirst)"
        loop.run { [answered] in answered(lookup, .failure(LookupError(detail: detail, isInternal: true))) }
    }

    static func isAddress(_ host: String) -> Bool {
        var buffer = in6_addr()
        let withoutZone = String(host.prefix { $0 != "%" })
        return inet_pton(AF_INET, host, &buffer) == 1 || inet_pton(AF_INET6, withoutZone, &buffer) == 1
    }

    /// The addresses in the order of preference (RFC 6724).
    @Sendable static func addresses(of name: String, _ kind: Kind) -> Answer {
        var hints = addrinfo()
        hints.ai_family = kind.family
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        guard code == 0 else {
            let system = code == EAI_SYSTEM ? SystemError.last(in: "getaddrinfo") : nil
            // Without a descriptor, the C library cannot read its own files, and may say that there is no such name.
            return .failure(error(code, system?.isShortage == true ? system : .shortageOfDescriptors ?? system))
        }
        defer { freeaddrinfo(list) }
        var found: [String] = []
        var next = list
        while let entry = next?.pointee {
            if let text = numeric(entry), !found.contains(text) { found.append(text) }
            next = entry.ai_next
        }
        return found.isEmpty ? .failure(LookupError(detail: "the name has no address")) : .success(found)
    }

    /// - Parameter system: errno, for EAI_SYSTEM. The C library sometimes leaves it at 0.
    static func error(_ code: Int32, _ system: SystemError?) -> LookupError {
        let words = system.map { $0.code == 0 ? "the system does not say why" : $0.reason.lowercasedFirst }
        let detail = words ?? String(cString: gai_strerror(code)).lowercasedFirst
        guard code == EAI_MEMORY || system?.isShortage == true || system?.code == 0 else {
            return LookupError(detail: detail, isTemporary: code == EAI_AGAIN)
        }
        return LookupError(detail: "no name resolution: \(detail)", isInternal: true)
    }

    private static func numeric(_ entry: addrinfo) -> String? {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(entry.ai_addr, entry.ai_addrlen, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0
        else { return nil }
        return String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
