import CCurl
import CSystem
import HTTPClient
import Time

/// One easy handle for one errand, with the response as it arrives. The options are set once, and used for each equal
/// errand. Not Sendable: the client owns it.
final class Transfer {
    private static let stepsOfAResponse = 8
    private static let alienLimit = 80

    let errand: Errand
    let addressing: Errand.Addressing
    /// The number of the request that uses it.
    var flight = 0
    private let easy: EasyHandle
    private let owner: Owner

    /// The response so far, without the parts that are not kept.
    private var body: [UInt8] = []
    /// Of a body of which only some lines are kept.
    private var filter: LineFilter?
    private(set) var head: ResponseHead
    /// The first bytes of a response that is not HTTP.
    private(set) var alienBytes: [UInt8]?
    /// In bytes: the head, and also the body if the whole body is wanted.
    private var received = 0
    private var headBytes = 0
    /// How many progress callbacks have come since the response began.
    private var steps = 0
    /// Bytes that were waiting in the socket at each callback, after the first few.
    private var leftWaiting = 0
    /// libcurl tells the time of the connection only after the TLS handshake; but it waits for input only on a
    /// connected socket.
    private(set) var hasConnected = false
    /// The socket that libcurl waits on, and all sockets that were opened: attempts at several addresses race.
    private var socket: Int32 = -1
    private var opened: [Int32] = []
    /// The addresses of the URL's host, if the host is a name.
    private var addresses: [String] = []

    /// Shared by all transfers of a client.
    struct Owner {
        let kept: KeptConnections
        let heads: ReadHeads
        let closing: ClosingSockets
    }

    /// - Parameter owner: belongs to the multi handle that the transfer is added to.
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
    /// - Parameter addresses: of the URL's host, if the host is a name.
    func prepare(limit: Duration, addresses: [String]) throws(EasyHandle.Refusal) {
        received = 0
        headBytes = 0
        steps = 0
        leftWaiting = 0
        body = []
        filter = nil
        alienBytes = nil
        hasConnected = false
        head = ResponseHead(errand.request.reading)
        socket = -1
        opened.removeAll(keepingCapacity: true)
        self.addresses = addresses
        easy.clearError()
        guard !addresses.isEmpty else { return }
        // libcurl divides this time among the addresses, so that a silent address leaves time for the next. The
        // client keeps the deadline of the whole.
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

    /// Takes over the connection from libcurl.
    /// - Returns: its socket.
    func connectionIsReady() -> Int32 {
        waitsForInput(on: easy.activeSocket)
        return socket
    }

    var talkSocket: Int32? { errand.staysOpen && socket >= 0 ? socket : nil }

    func send(_ bytes: [UInt8]) -> Bool { easy.send(bytes) }

    func read() -> Piece { easy.read() }

    /// libcurl has closed the connection, unless the response is still coming.
    func willBeRemoved() {
        owner.closing.serverGoesOn(socket)
    }

    // MARK: Results

    /// Whether the response is complete, if libcurl has ended the transfer without an error.
    var isComplete: Bool { errand.isConnectionAlone || head.isComplete }

    /// All that the request asked for has arrived; the rest of the body does not matter.
    var isAnswered: Bool {
        guard hasUsableHead else { return false }
        return switch reading.body(of: status) {
        case .none: true
        case .beginning(let size): body.count >= size
        case .whole, .lines: false
        }
    }

    /// The received bytes are a response even if no more bytes come.
    var suffices: Bool {
        hasUsableHead && !reading.body(of: status).isReadToItsEnd
    }

    /// If only the status counts, a transfer coding that nobody asked for does not matter. libcurl 8 refuses it when it reads that
    /// field, so the head is not complete; libcurl 7 decodes it.
    func suffices(despite code: CURLcode) -> Bool {
        guard code == CURLE_BAD_CONTENT_ENCODING, head.hasBegun else { return suffices }
        return if case .none = reading.body(of: status) { true } else { suffices }
    }

    private var hasUsableHead: Bool { head.isComplete && !head.isAmbiguous && headBytes <= byteLimit }

    /// Takes the complete response out of the transfer.
    func takeResponse() -> Response {
        defer { (body, filter) = ([], nil) }
        if let lines = filter?.lines, !lines.isEmpty { body = lines }
        let expiry = errand.request.tls.tellsExpiry ? easy.certificateExpiry : nil
        return Response(status: status, fields: head.fields, body: body, certificateExpiry: expiry)
    }

    /// libcurl's message about the failure; may be empty.
    var errorDetail: String { easy.errorDetail }

    /// errno(3) of the last failed connect(2). 0 if there was none because no socket could be opened: libcurl then still
    /// has the one of the transfer before.
    var systemError: Int32 { opened.isEmpty ? 0 : Int32(truncatingIfNeeded: easy.number(CURLINFO_OS_ERRNO)) }

    /// The step that a connected transfer is waiting for.
    var phase: TransferFailure.Phase {
        if received > 0 { return .restOfResponse }
        return errand.url.scheme == .https && easy.offset(CURLINFO_APPCONNECT_TIME_T) == 0 ? .handshake : .response
    }

    var byteLimit: Int { reading.limit }

    /// A chunked or encrypted response within the limit takes more bytes, but not eight times as many.
    var isTooLarge: Bool { received > byteLimit || leftWaiting / 8 > byteLimit }

    private var reading: Request.Reading { errand.request.reading }

    private var status: Int { easy.number(CURLINFO_RESPONSE_CODE) }

    // MARK: Receiving

    /// Called when libcurl has read all input. libcurl does not report the bytes that it skips (chunk extensions), so
    /// an endless stream of these is noticed by the bytes that wait in the socket.
    private func progressed() -> Bool {
        guard received > 0 else { return true }
        steps += 1
        // Most responses have ended by then.
        guard steps > Transfer.stepsOfAResponse, !isAnswered else { return true }
        leftWaiting += Int(healthz_unread(socket))
        return !isTooLarge
    }

    private func receive(_ bytes: UnsafeRawBufferPointer, isHeader: Bool) -> Int {
        // All that follows is ignored: more of the body, and trailers.
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
        // Any other number makes libcurl end the transfer.
        return isTooLarge || head.isAmbiguous ? 0 : bytes.count
    }

    private func receiveHead(_ bytes: UnsafeRawBufferPointer) {
        received += bytes.count
        if !head.isComplete { headBytes += bytes.count }
        head.receive(bytes, status: status)
        // libcurl closes it after the end of the body.
        if head.isComplete, !errand.keepsConnection { owner.closing.serverIsDone(socket) }
    }

    private func receiveBody(_ bytes: UnsafeRawBufferPointer) {
        switch reading.body(of: status) {
        case .none: break
        case .beginning(let size): body.append(contentsOf: bytes.prefix(size - body.count))
        case .whole(let kept):
            received += bytes.count
            if !isTooLarge { body.append(contentsOf: bytes.prefix(max(0, kept - body.count))) }
        case .lines(let starts, let size):
            received += bytes.count
            body.append(contentsOf: bytes.prefix(max(0, size - body.count)))
            if filter == nil { filter = LineFilter(starts) }
            if !isTooLarge { filter?.receive(bytes) }
        }
    }

    /// Reads a short body to its end if this allows the connection to be kept.
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
        try self.easy.check(healthz_easy_set_sockopt_function(easy, Transfer.socketWasOpened, context))
        guard errand.keepsConnection else {
            // The callback may outlive the transfer, so the transfer cannot be its argument.
            let closing = Unmanaged.passUnretained(owner.closing).toOpaque()
            return try self.easy.check(
                healthz_easy_set_closesocket_function(easy, Transfer.socketIsToBeClosed, closing))
        }
        try self.easy.set(CURLOPT_MAXLIFETIME_CONN, Int(owner.kept.lifetime.seconds))
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
