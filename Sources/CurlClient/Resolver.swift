import Dispatch
import EventLoop
import Glibc

/// Looks names up off the loop, with getaddrinfo(3), which blocks for as long as the name servers keep silent and
/// cannot be called off.
///
/// libcurl's own lookups are not used: it starts a thread for each transfer, waits for it when the transfer is given
/// up, and with CURLOPT_QUICK_EXIT leaves it behind, without bound. Here the lookups that are out are counted.
/// Nothing is cached: a service that has moved is found at the next request.
final class Resolver {
    typealias Answer = Result<[String], LookupError>

    /// A lookup that found no address, in the system's words.
    struct LookupError: Error {
        let detail: String
    }

    /// Lookups of one name that may be out at a time. While a name server is silent, old ones linger; a few are
    /// let in beside them so that its return is noticed soon.
    static let limitForOneName = 4
    static let limit = 64

    private let loop: EventLoop
    private let find: @Sendable (String) -> Answer
    private let answered: @Sendable (_ name: String, _ number: Int, Answer) -> Void
    private var out: [String: Int] = [:]
    private var total = 0
    private var lastNumber = 0
    /// Names that wait for their turn, each once, in the order in which they came.
    private var waiting: [String] = []
    private var isWaiting: Set<String> = []

    /// - Parameters:
    ///   - find: makes one lookup, and may block for as long as it likes.
    ///   - answered: called on the loop when a lookup has ended; it must call `ended(name)` first.
    init(
        on loop: EventLoop, find: @escaping @Sendable (String) -> Answer = Resolver.addresses,
        answered: @escaping @Sendable (_ name: String, _ number: Int, Answer) -> Void
    ) {
        self.loop = loop
        self.find = find
        self.answered = answered
    }

    /// Starts a lookup, joins those that are out where they are many for one name, or waits for others to end where they
    /// are too many in all.
    /// - Returns: a number: an address from any lookup of this name will do, but only one with at least this number may
    ///   say that there is none.
    func lookUp(_ name: String) -> Int {
        guard out[name, default: 0] < Resolver.limitForOneName else { return lastNumber }
        guard total < Resolver.limit else {
            if isWaiting.insert(name).inserted { waiting.append(name) }
            return lastNumber + 1
        }
        start(name)
        return lastNumber
    }

    /// - Returns: whether more lookups of that name are out, or wait.
    func ended(_ name: String) -> Bool {
        total -= 1
        let left = out[name, default: 1] - 1
        out[name] = left > 0 ? left : nil
        startWaiting()
        return left > 0 || isWaiting.contains(name)
    }

    private func startWaiting() {
        let count = min(waiting.count, Resolver.limit - total)
        guard count > 0 else { return }
        for name in waiting.prefix(count) {
            isWaiting.remove(name)
            start(name)
        }
        waiting.removeFirst(count)
    }

    private func start(_ name: String) {
        out[name, default: 0] += 1
        total += 1
        lastNumber += 1
        // A queue of its own gets a thread at once; those of a shared one may all be blocked.
        DispatchQueue(label: "healthz.resolver").async { [loop, find, answered, lastNumber] in
            let answer = find(name)
            loop.run { answered(name, lastNumber, answer) }
        }
    }

    static func isAddress(_ host: String) -> Bool {
        var buffer = in6_addr()
        let withoutZone = String(host.prefix { $0 != "%" })
        return inet_pton(AF_INET, host, &buffer) == 1 || inet_pton(AF_INET6, withoutZone, &buffer) == 1
    }

    /// In the order in which they should be tried (RFC 6724).
    @Sendable static func addresses(of name: String) -> Answer {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        guard code == 0 else {
            let system = code == EAI_SYSTEM ? SystemError.last(in: "getaddrinfo").reason : nil
            return .failure(LookupError(detail: (system ?? String(cString: gai_strerror(code))).lowercasedFirst))
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

    private static func numeric(_ entry: addrinfo) -> String? {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(entry.ai_addr, entry.ai_addrlen, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0
        else { return nil }
        return String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
