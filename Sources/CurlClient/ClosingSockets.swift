import Glibc

/// Closes the sockets of connections that are not kept: with a reset where the server has nothing more to say.
///
/// Whoever closes first keeps the port for a minute (TIME_WAIT). At hundreds of probes a second to one address, ports run out,
/// and connect(2) searches long for a free one. A reset leaves nothing behind. As `Connection: close` was sent, a server does
/// not read on, and so does not notice the reset.
final class ClosingSockets {
    /// Those whose server has sent a whole response.
    private var done: Set<Int32> = []

    func serverIsDone(_ socket: Int32) {
        done.insert(socket)
    }

    /// The server is in the middle of its response after all.
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
