import Glibc

/// Closes the sockets of connections that are not kept. It resets a connection if the server has sent its whole
/// response.
///
/// The side that closes first keeps the port for a minute (TIME_WAIT). With hundreds of probes a second to one
/// address, the ports run out, and connect(2) needs long to find a free one. A reset keeps no port. Because of
/// `Connection: close`, the server reads no further, and so does not notice the reset.
final class ClosingSockets {
    /// The sockets on which a whole response has arrived.
    private var done: Set<Int32> = []

    func serverIsDone(_ socket: Int32) {
        done.insert(socket)
    }

    /// More of the response is coming.
    func serverGoesOn(_ socket: Int32) {
        done.remove(socket)
    }

    /// - Returns: what close(2) does.
    func close(_ socket: Int32) -> Int32 {
        if done.remove(socket) != nil {
            var reset = linger(l_onoff: 1, l_linger: 0)
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
        }
        return Glibc.close(socket)
    }
}
