import CCurl
import CSystem
import HTTPClient
import Time

/// One easy handle for one errand, its options set once and used for each equal errand, and the response as it comes. Not
/// Sendable: the client owns it.
final class Transfer {
    private static let stepsOfAResponse = 8
    private static let alienLimit = 80

    let errand: Errand
    let addressing: Errand.Addressing
    /// The request that it is used for, in its owner's numbers.
    var flight = 0
    private let easy: EasyHandle
    private let owner: Owner

    /// As far as it has come, and as much of it as is kept.
    private var body: [UInt8] = []
    private(set) var head: ResponseHead
    /// The first bytes of what is no response of HTTP at all.
    private(set) var alienBytes: [UInt8]?
    /// In bytes: the head, and the body where the whole of it is wanted.
    private var received = 0
    private var headBytes = 0
    /// How often libcurl has told of progress since the response began.
    private var steps = 0
    /// What was left waiting in the socket each time, after the first few.
    private var leftWaiting = 0
    /// libcurl tells the time of the connection only when the TLS handshake is over as well; but it waits for input
    /// on no socket that is not connected.
    private(set) var hasConnected = false
    /// The one that libcurl waits on, and all that were opened: attempts at several addresses race.
    private var socket: Int32 = -1
    private var opened: [Int32] = []
    /// Of the URL's host, where it is a name.
    private var addresses: [String] = []

    /// What transfers of one client have in common.
    struct Owner {
        let kept: KeptConnections
        let heads: ReadHeads
        let closing: ClosingSockets
    }

    /// - Parameter owner: of the multi handle that it will be added to.
    init(_ errand: Errand, userAgent: String, _ owner: Owner) throws(EasyHandle.Refusal) {
        self.errand = errand
        self.owner = owner
        addressing = errand.addressing
        head = ResponseHead(errand.request.reading)
        easy = try EasyHandle()
        try easy.configure(for: errand, userAgent: userAgent)
        try setCallbacks()
    }

    /// Makes the handle ready for its next use.
    /// - Parameter addresses: of the URL's host, where it is a name.
    func prepare(limit: Duration, addresses: [String]) throws(EasyHandle.Refusal) {
        received = 0
        headBytes = 0
        steps = 0
        leftWaiting = 0
        body = []
        alienBytes = nil
        hasConnected = false
        head = ResponseHead(errand.request.reading)
        socket = -1
        opened = []
        self.addresses = addresses
        easy.clearError()
        guard !addresses.isEmpty else { return }
        // libcurl divides this among the addresses, so that one that keeps silent leaves time for the next. The whole
        // has its deadline with the client.
        try easy.set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(limit.milliseconds.rounded(.up))))
        let list = addresses.map { $0.contains(":") ? "[\($0)]" : $0 }.joined(separator: ",")
        try easy.set(CURLOPT_RESOLVE, list: ["\(errand.verifiedHost):\(errand.url.port):\(list)"])
    }

    var pointer: UnsafeMutableRawPointer { easy.pointer }

    /// The transfer that an easy handle belongs to.
    static func of(_ easy: UnsafeMutableRawPointer?) -> Transfer? {
        var context: UnsafeMutableRawPointer?
        guard let easy, healthz_easy_get_private(easy, &context) == CURLE_OK, let context else { return nil }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    func waitsForInput(on socket: Int32) {
        hasConnected = true
        self.socket = socket
    }

    /// The connection is made, and libcurl leaves it alone.
    /// - Returns: its socket.
    func connectionIsReady() -> Int32 {
        waitsForInput(on: easy.activeSocket)
        return socket
    }

    var talkSocket: Int32? { errand.staysOpen && socket >= 0 ? socket : nil }

    func send(_ bytes: [UInt8]) -> Bool { easy.send(bytes) }

    func read() -> Piece { easy.read() }

    /// libcurl has closed its connection by itself, unless the response is still coming.
    func willBeRemoved() {
        owner.closing.serverGoesOn(socket)
    }

    // MARK: What came of it

    /// Where libcurl has ended it without an error.
    var isComplete: Bool { errand.isConnectionAlone || head.isComplete }

    /// All that is wanted is there: the rest of the body does not matter.
    var isAnswered: Bool {
        guard hasUsableHead else { return false }
        return switch reading.body(of: status) {
        case .none: true
        case .beginning(let size): body.count >= size
        case .whole: false
        }
    }

    /// What has come is a response even if no more comes.
    var suffices: Bool {
        guard hasUsableHead else { return false }
        return if case .whole = reading.body(of: status) { false } else { true }
    }

    /// A transfer coding that nobody asked for says nothing where the status is all that is wanted. libcurl refuses it when it
    /// reads that field (8), or undoes it (7).
    func suffices(despite code: CURLcode) -> Bool {
        guard code == CURLE_BAD_CONTENT_ENCODING, head.hasBegun else { return suffices }
        return if case .none = reading.body(of: status) { true } else { suffices }
    }

    private var hasUsableHead: Bool { head.isComplete && !head.isAmbiguous && headBytes <= byteLimit }

    /// The response that is complete; what it holds is gone from here.
    func takeResponse() -> Response {
        defer { body = [] }
        let expiry = errand.request.tls.tellsExpiry ? easy.certificateExpiry : nil
        return Response(status: status, fields: head.fields, body: body, certificateExpiry: expiry)
    }

    /// libcurl's own words on what went wrong, or nothing.
    var errorDetail: String { easy.errorDetail }

    /// errno(3) of the last connect that failed.
    var systemError: Int32 { Int32(truncatingIfNeeded: easy.number(CURLINFO_OS_ERRNO)) }

    /// What a transfer that has connected is waiting for.
    var phase: TransferFailure.Phase {
        if received > 0 { return .restOfResponse }
        return errand.url.scheme == .https && easy.offset(CURLINFO_APPCONNECT_TIME_T) == 0 ? .handshake : .response
    }

    var byteLimit: Int { reading.limit }

    /// In chunks or encrypted, a response within the limit is larger, but not eight times as large.
    var isTooLarge: Bool { received > byteLimit || leftWaiting / 8 > byteLimit }

    private var reading: Request.Reading { errand.request.reading }

    private var status: Int { easy.number(CURLINFO_RESPONSE_CODE) }

    // MARK: As it comes

    /// libcurl has read what it wanted for now. What it passes over (chunk extensions) it shows nobody, so a stream of
    /// that is noticed by how it fills the socket.
    private func progressed() -> Bool {
        guard received > 0, !isAnswered else { return true }
        steps += 1
        // A response has mostly ended by then.
        if steps > Transfer.stepsOfAResponse { leftWaiting += Int(healthz_unread(socket)) }
        return !isTooLarge
    }

    private func receive(_ bytes: UnsafeRawBufferPointer, isHeader: Bool) -> Int {
        // What follows says nothing, neither more of the body nor trailers.
        if isAnswered { return bytes.count }
        if isHeader {
            receiveHead(bytes)
        } else if head.hasBegun {
            receiveBody(bytes)
        } else {
            alienBytes = Array(bytes.prefix(Transfer.alienLimit))
            return 0
        }
        if isAnswered, !isTooLarge, !waitsForBody { owner.heads.note(flight) }
        // Anything but the count makes libcurl end the transfer.
        return isTooLarge || head.isAmbiguous ? 0 : bytes.count
    }

    private func receiveHead(_ bytes: UnsafeRawBufferPointer) {
        received += bytes.count
        if !head.isComplete { headBytes += bytes.count }
        head.receive(bytes, status: status)
        // libcurl closes it when the body has ended as well.
        if head.isComplete, !errand.keepsConnection { owner.closing.serverIsDone(socket) }
    }

    private func receiveBody(_ bytes: UnsafeRawBufferPointer) {
        switch reading.body(of: status) {
        case .none: break
        case .beginning(let size): body.append(contentsOf: bytes.prefix(size - body.count))
        case .whole(let kept):
            received += bytes.count
            if !isTooLarge { body.append(contentsOf: bytes.prefix(max(0, kept - body.count))) }
        }
    }

    /// A short body is read after all where that leaves a connection for the next request.
    private var waitsForBody: Bool {
        guard errand.keepsConnection, let length = head.length else { return false }
        return length <= byteLimit
    }

    private func requestIsNext(on connection: KeptConnections.Ends) {
        if easy.number(CURLINFO_NUM_CONNECTS) == 0 {
            owner.kept.endIfUnfit(connection, addresses)
        } else {
            owner.kept.note(connection, among: opened)
        }
    }

    // MARK: Callbacks

    private func setCallbacks() throws(EasyHandle.Refusal) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let easy = easy.pointer
        try self.easy.set(CURLOPT_PRIVATE, to: context)
        try self.easy.set(CURLOPT_WRITEDATA, to: context)
        try self.easy.set(CURLOPT_HEADERDATA, to: context)
        try self.easy.check(healthz_easy_set_write_function(easy, CURLOPT_WRITEFUNCTION, Transfer.bodyCame))
        try self.easy.check(healthz_easy_set_write_function(easy, CURLOPT_HEADERFUNCTION, Transfer.headerLineCame))
        try self.easy.check(healthz_easy_set_progress_function(easy, Transfer.progressed, context))
        guard errand.keepsConnection else {
            // It may outlive the transfer, so it cannot be called with that.
            let closing = Unmanaged.passUnretained(owner.closing).toOpaque()
            return try self.easy.check(
                healthz_easy_set_closesocket_function(easy, Transfer.socketIsToBeClosed, closing))
        }
        try self.easy.set(CURLOPT_MAXLIFETIME_CONN, Int(owner.kept.lifetime.seconds))
        try self.easy.check(healthz_easy_set_sockopt_function(easy, Transfer.socketWasOpened, context))
        try self.easy.check(healthz_easy_set_prereq_function(easy, Transfer.requestIsNext, context))
    }

    private static let bodyCame: healthz_write_function = { bytes, size, count, context in
        guard let context else { return 0 }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            .receive(UnsafeRawBufferPointer(start: bytes, count: size * count), isHeader: false)
    }

    private static let headerLineCame: healthz_write_function = { bytes, size, count, context in
        guard let context else { return 0 }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            .receive(UnsafeRawBufferPointer(start: bytes, count: size * count), isHeader: true)
    }

    private static let progressed: curl_xferinfo_callback = { context, _, _, _, _ in
        guard let context else { return 1 }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().progressed() ? 0 : 1
    }

    private static let socketIsToBeClosed: curl_closesocket_callback = { context, socket in
        guard let context else { return -1 }
        return Unmanaged<ClosingSockets>.fromOpaque(context).takeUnretainedValue().close(socket)
    }

    private static let socketWasOpened: curl_sockopt_callback = { context, socket, _ in
        if let context { Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().opened.append(socket) }
        return CURL_SOCKOPT_OK
    }

    private static let requestIsNext: curl_prereq_callback = { context, address, localAddress, port, localPort in
        guard let context, let address, let localAddress else { return CURL_PREREQFUNC_ABORT }
        let connection = KeptConnections.Ends(
            localAddress: String(cString: localAddress), localPort: Int(localPort), address: String(cString: address),
            port: Int(port))
        Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().requestIsNext(on: connection)
        return CURL_PREREQFUNC_OK
    }
}
