import HTTPWire

/// The place of a response on its connection.
struct ConnectionReply: Reply {
    let server: Server
    let descriptor: Int32
    let request: Int

    func send(_ response: Response) {
        server.assumeIsolated { $0.deliver(response, to: request, on: descriptor) }
    }
}
