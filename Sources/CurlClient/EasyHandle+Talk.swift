import CCurl

/// The result of reading from a connection.
enum Piece {
    /// No input yet.
    case nothing
    case bytes([UInt8])
    /// The server has closed it.
    case end
    case failed
}

extension EasyHandle {
    /// The socket of a plain connection, which is open; -1 if there is none.
    var activeSocket: Int32 {
        var socket: curl_socket_t = -1
        return healthz_easy_get_socket(pointer, &socket) == CURLE_OK ? socket : -1
    }

    /// Whether all bytes were accepted: the buffer of a new connection has room for a short message.
    func send(_ bytes: [UInt8]) -> Bool {
        var count = 0
        return curl_easy_send(pointer, bytes, bytes.count, &count) == CURLE_OK && count == bytes.count
    }

    func read() -> Piece {
        var count = 0
        var code = CURLE_OK
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, filled in
            code = curl_easy_recv(pointer, buffer.baseAddress, buffer.count, &count)
            filled = code == CURLE_OK ? count : 0
        }
        if code == CURLE_AGAIN { return .nothing }
        guard code == CURLE_OK else { return .failed }
        return bytes.isEmpty ? .end : .bytes(bytes)
    }
}
