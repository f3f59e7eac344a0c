"""Upstreams that do what they are told, in a process of their own, so that they are never late by the soak's own work.

Says its ports; then reads lines of "INDEX MODE", and says "done" when that is so.
"""
import selectors
import socket
import struct
import sys

STATUSES = (200, 404, 404, 404)
MODES = ("up", "wrong", "down", "hung", "garbage", "reset", "empty", "torn", "endless")


class Upstream:
    def __init__(self, status, selector):
        self.status, self.selector, self.mode = status, selector, "up"
        self.connections = set()
        with socket.socket() as finder:
            finder.bind(("127.0.0.1", 0))
            self.port = finder.getsockname()[1]
        # Bound by its number, as a port of the kernel's choice is lost when the listener is shut down.
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.setblocking(False)
        self.listen()

    def listen(self):
        self.listener.listen(1024)
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)

    def turn(self, mode):
        """Whatever was begun under the mode before ends now, kept connections too."""
        was, self.mode = self.mode, mode
        for connection in list(self.connections):
            self.end(connection)
        if mode == "down" and was != "down":
            self.selector.unregister(self.listener)
            # Not closed: the port stays ours, and connections to it are refused.
            self.listener.shutdown(socket.SHUT_RDWR)
        elif was == "down" and mode != "down":
            self.listen()

    def accept(self, _):
        try:
            connection, _ = self.listener.accept()
        except (BlockingIOError, ConnectionError, OSError):
            return
        connection.setblocking(False)
        self.connections.add(connection)
        self.selector.register(connection, selectors.EVENT_READ, self.read)

    def read(self, connection):
        try:
            request = connection.recv(65536)
        except OSError:
            request = b""
        if not request:
            return self.end(connection)
        try:
            self.answer(connection)
        except OSError:
            self.end(connection)

    def answer(self, connection):
        if self.mode in ("up", "wrong"):
            status = self.status if self.mode == "up" else 503
            connection.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nx\n".encode())
        elif self.mode == "garbage":
            connection.sendall(b"\x16\x03\x01 nonsense\r\n\r\n\r\n")
            self.end(connection)
        elif self.mode == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.end(connection)
        elif self.mode == "empty":
            self.end(connection)
        elif self.mode == "torn":
            connection.sendall(f"HTTP/1.1 {self.status} X\r\nContent-Length: 20\r\n\r\nx".encode())
            self.end(connection)
        elif self.mode == "endless":
            # More than anybody should take; what does not fit into the socket is not sent.
            connection.send(f"HTTP/1.1 {self.status} X\r\n\r\n".encode() + b"x" * 1_000_000)

    def end(self, connection):
        if connection in self.connections:
            self.connections.discard(connection)
            self.selector.unregister(connection)
            connection.close()


def main():
    selector = selectors.DefaultSelector()
    upstreams = [Upstream(status, selector) for status in STATUSES]
    print(*(upstream.port for upstream in upstreams), flush=True)

    def command(_):
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        index, mode = line.split()
        upstreams[int(index)].turn(mode)
        print("done", flush=True)

    selector.register(sys.stdin, selectors.EVENT_READ, command)
    while True:
        for key, _ in selector.select():
            # What an event before this one has closed is not there any more.
            if key.fileobj is sys.stdin or key.fileobj.fileno() >= 0:
                key.data(key.fileobj)


if __name__ == "__main__":
    main()
