"""A name server that knows one address for all names, 127.0.0.1, and answers half of what it is asked.

Told one of `MODES` per line, it answers with "done" and does so from then on.
"""
import selectors
import socket
import struct
import sys
import time

from apart import NAME_SERVER

A, AAAA = 1, 28
LATE = 0.3
# What becomes of a question for AAAA; one for A is answered at once.
MODES = ("all", "half", "late", "refuses")
REFUSED = 5


class NameServer:
    def __init__(self):
        self.mode, self.held = "all", []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((NAME_SERVER, 53))
        self.socket.setblocking(False)

    def receive(self):
        question, client = self.socket.recvfrom(4096)
        end = question.index(0, 12) + 5
        kind = struct.unpack_from(">H", question, end - 4)[0]
        if kind == AAAA and self.mode == "half":
            return
        refuses = kind == AAAA and self.mode == "refuses"
        count = 1 if kind == A else 0
        answer = question[:2] + struct.pack(">HHHHH", 0x8180 | (REFUSED if refuses else 0), 1, count, 0, 0)
        answer += question[12:end] + (b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 0, 4) + b"\x7f\0\0\1") * count
        if kind == AAAA and self.mode == "late":
            self.held.append((time.monotonic() + LATE, answer, client))
        else:
            self.socket.sendto(answer, client)

    def send_held(self):
        """Returns how long until the next is due, None without any."""
        while self.held and self.held[0][0] <= time.monotonic():
            _, answer, client = self.held.pop(0)
            self.socket.sendto(answer, client)
        return max(0, self.held[0][0] - time.monotonic()) if self.held else None


def main():
    server, selector = NameServer(), selectors.DefaultSelector()
    selector.register(server.socket, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select(server.send_held()):
            if key.fileobj is server.socket:
                server.receive()
                continue
            line = sys.stdin.readline()
            if not line:
                return
            server.mode = line.strip()
            print("done", flush=True)


if __name__ == "__main__":
    main()
