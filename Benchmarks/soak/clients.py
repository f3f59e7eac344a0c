"""Clients: honest ones, whose answers are all checked, and others, who send nonsense or go away."""
import asyncio
import contextlib
import itertools
import socket
import struct
import time
from dataclasses import dataclass

SERVICES = ("grafana", "loki", "tempo", "named")
PATIENCE = 20


@dataclass
class Answer:
    status: int
    fields: dict
    body: bytes


class Broken(Exception):
    """The connection ended where an answer was due."""


@dataclass
class Question:
    """A request about services, and which of them its answer is about."""

    path: str
    only: str = ""
    without: str = ""
    token: str = ""

    @property
    def is_alone(self):
        return bool(self.only)

    def names(self, mark):
        return [name for name in (*SERVICES, mark) if name != self.without and self.only in ("", name)]


class Connection:
    def __init__(self, port):
        self.port, self.writer = port, None

    async def send(self, *heads):
        if not self.writer:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(b"".join(head.encode() for head in heads))

    async def receive(self, method="GET"):
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            fields = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:] if line)}
            length = 0 if method == "HEAD" else int(fields["content-length"])
            answer = Answer(int(lines[0].split()[1]), fields, await self.reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            await self.close()
            raise Broken(str(error)) from error
        if fields.get("connection") == "close":
            if await self.reader.read(1):
                raise Broken("bytes after the last answer")
            await self.close()
        return answer

    async def close(self, abort=False):
        writer, self.writer = self.writer, None
        if not writer:
            return
        if abort:
            # The server may have been the first to end it.
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        else:
            writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def head(path, *fields, method="GET"):
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: node:8080", *fields, "", ""))


class Honest:
    """Asks again and again, in turn in all ways, and tells of every answer that is not right."""

    def __init__(self, port, world, chance, told, counts):
        self.port, self.world, self.chance, self.told, self.counts = port, world, chance, told, counts
        self.tokens = (f"token-{id(self):x}-{number}" for number in itertools.count())

    async def run(self, until):
        connection = Connection(self.port)
        while time.monotonic() < until:
            ask = self.chance.choice((self.services, self.services, self.text, self.memory, self.unknown, self.pipelined))
            try:
                await asyncio.wait_for(ask(connection), PATIENCE)
            except (Broken, OSError, ValueError, KeyError, IndexError, asyncio.TimeoutError) as error:
                self.world.broken(f"{ask.__name__}: {type(error).__name__}: {error}", self.told, self.counts)
                await connection.close()
            self.counts[ask.__name__] += 1
            if self.chance.random() < 0.1:
                await connection.close()
            await asyncio.sleep(self.chance.random() * 0.02)
        await connection.close()

    def question(self):
        name, token = self.chance.choice(SERVICES), next(self.tokens)
        return self.chance.choice((
            Question("/healthz"), Question(f"/healthz/{name}", only=name), Question(f"/healthz?exclude={name}", without=name),
            Question(f"/healthz?exclude={token}", token=token)))

    async def services(self, connection):
        asked = self.question()
        fields = ("Connection: close",) if self.chance.random() < 0.3 else ()
        started = time.monotonic()
        await connection.send(head(asked.path, *fields))
        answer = await connection.receive()
        for wrong in self.world.complaints(asked, answer, started, time.monotonic()):
            self.told(f"{asked.path}: {wrong}")

    async def text(self, connection):
        method = self.chance.choice(("GET", "HEAD"))
        await connection.send(head("/healthz", "Accept: text/plain", method=method))
        answer = await connection.receive(method)
        begin = {200: (b"Healthy!", b"Degraded: "), 500: (b"Unhealthy: ",), 503: (b"Unhealthy: ",)}[answer.status]
        if method == "GET" and not answer.body.startswith(begin):
            self.told(f"text: {answer.status} with {answer.body!r}")

    async def memory(self, connection):
        await connection.send(head("/livez"))
        answer = await connection.receive()
        if (answer.status, answer.body) != (200, b"alive\n"):
            self.told(f"/livez: {answer}")

    async def unknown(self, connection):
        token = next(self.tokens)
        await connection.send(head(f"/healthz/{token}"))
        self.expect_unknown(token, await connection.receive())

    def expect_unknown(self, token, answer):
        if answer.status != 404 or f'"{token}"'.encode() not in answer.body:
            self.told(f"asked for {token}: {answer}")

    async def pipelined(self, connection):
        """Answers keep their order, whether they come from memory or from a check."""
        token, started = next(self.tokens), time.monotonic()
        await connection.send(head("/healthz"), head(f"/healthz/{token}"), head("/livez"))
        first = await connection.receive()
        for wrong in self.world.complaints(Question("/healthz"), first, started, time.monotonic()):
            self.told(f"pipelined /healthz: {wrong}")
        if first.fields.get("connection") == "close":
            return
        self.expect_unknown(token, await connection.receive())
        last = await connection.receive()
        if last.body != b"alive\n":
            self.told(f"pipelined /livez: {last}")


class Rude:
    """Goes away in the middle, resets, sends what is not HTTP, asks for much and takes little. No answer may be wrong."""

    BAD = ("GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00", "GET /livez HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

    def __init__(self, port, world, chance, told, counts):
        self.port, self.world, self.chance, self.told, self.counts = port, world, chance, told, counts

    async def run(self, until):
        while time.monotonic() < until:
            act = self.chance.choice((self.reset_in_head, self.reset_after_request, self.half_closed, self.nonsense, self.deaf))
            connection = Connection(self.port)
            try:
                await asyncio.wait_for(act(connection), PATIENCE)
            except (Broken, OSError, ValueError, KeyError, asyncio.TimeoutError) as error:
                self.world.broken(f"{act.__name__}: {type(error).__name__}: {error}", self.told, self.counts)
            await connection.close(abort=True)
            self.counts[act.__name__] += 1
            await asyncio.sleep(self.chance.random() * 0.05)

    async def reset_in_head(self, connection):
        await connection.send(head("/healthz")[: self.chance.randrange(1, 20)])
        await asyncio.sleep(self.chance.random() * 0.02)

    async def reset_after_request(self, connection):
        await connection.send(*[head("/healthz")] * self.chance.randrange(1, 5))
        await asyncio.sleep(self.chance.random() * 0.02)

    async def half_closed(self, connection):
        """Whoever has ended its side still gets its answer."""
        await connection.send(head("/livez"))
        connection.writer.write_eof()
        answer = await connection.receive()
        if answer.body != b"alive\n":
            self.told(f"half closed: {answer}")

    async def deaf(self, connection):
        """Asks for far more than its side's buffers hold, and reads none of it."""
        await connection.send(*[head("/", "Accept: text/html")] * 200)
        await asyncio.sleep(self.chance.random())

    async def nonsense(self, connection):
        bad = self.chance.choice(self.BAD)
        await connection.send(bad)
        answer = await connection.receive()
        if answer.status not in (400, 505) or answer.fields.get("connection") != "close":
            self.told(f"{bad!r}: {answer}")
