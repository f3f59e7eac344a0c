"""As much of DNS as a stand-in and its client need: one question, A records (RFC 1035)."""

import random
import socket
import struct

A, NXDOMAIN, SERVFAIL = 1, 3, 2


def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def read_name(message, at):
    """The name at an offset, without compression, and the offset behind it."""
    labels = []
    while message[at]:
        length = message[at]
        labels.append(message[at + 1:at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    return ".".join(labels).lower(), at + 1


def question(name):
    return struct.pack("!6H", random.randrange(65536), 0x0100, 1, 0, 0, 0) + encode_name(name) + struct.pack("!2H", A, 1)


def asked(message):
    """Name and type of a question."""
    name, at = read_name(message, 12)
    return name, struct.unpack_from("!H", message, at)[0]


def answer(message, addresses, code=0):
    """The answer to a question: addresses with a TTL of 0, or a code."""
    _, at = read_name(message, 12)
    head = message[:2] + struct.pack("!5H", 0x8580 | code, 1, len(addresses), 0, 0)
    records = b"".join(struct.pack("!3HIH", 0xC00C, A, 1, 0, 4) + socket.inet_aton(one) for one in addresses)
    return head + message[12:at + 4] + records


def status(message):
    return struct.unpack_from("!H", message, 2)[0] & 15


def addresses(message):
    """The addresses of an answer. None stands for any code that is no success."""
    if status(message):
        return None
    count = struct.unpack_from("!H", message, 6)[0]
    _, at = read_name(message, 12)
    start = at + 4
    return [socket.inet_ntoa(message[start + 16 * n + 12:start + 16 * n + 16]) for n in range(count)]


def resolve(name, servers, timeout=1.0):
    """Asks the servers in turn, as a resolver with `options timeout:1 attempts:1` does; the first address, or None."""
    for server in servers:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(timeout)
            sent = question(name)
            try:
                asking.connect((server, 53))
                asking.send(sent)
                got = asking.recv(4096)
            except OSError:
                continue
            # NXDOMAIN is an answer: no resolver asks the next server after it. It does after SERVFAIL.
            if got[:2] == sent[:2] and status(got) != SERVFAIL:
                found = addresses(got)
                return found[0] if found else None
    return None
