"""Load from the processor that is not measured. A wrong answer ends the run."""
import contextlib
import socket
import statistics
import subprocess
import sys
import time

from machine import LOAD, ask, content_length, on


class Load:
    """What one stretch of requests cost the server, and how many came through."""

    def __init__(self, server, path, connections, seconds, closes=False):
        arguments = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{server.port}{path}"]
        if closes:
            arguments[1:1] = ["-H", "Connection: close"]
        before = server.cpu_milliseconds()
        with on(LOAD):
            try:
                out = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
            except subprocess.TimeoutExpired:
                # wrk ends by the wall clock: where that is set back, it goes on.
                sys.exit(f"has not ended in time: {' '.join(arguments)}")
        cpu = server.cpu_milliseconds() - before
        if "Non-2xx" in out or "Socket errors" in out:
            sys.exit(f"errors under load: {' '.join(arguments)}\n{out}")
        self.count = int(out.split(" requests in")[0].split()[-1])
        self.rate = float(out.split("Requests/sec:")[1].split()[0])
        self.cpu_per_thousand = cpu * 1000 / self.count


def latencies(port, path, seconds, most=100_000):
    """Microseconds of requests one after another on one connection, and the next one if the server limits the requests of one."""
    seen = []
    request = f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    with on(LOAD), contextlib.ExitStack() as connections:
        connection, end = None, time.monotonic() + seconds
        while time.monotonic() < end and len(seen) < most:
            if not connection:
                connection = connections.enter_context(socket.create_connection(("127.0.0.1", port), 30))
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            started = time.perf_counter_ns()
            connection.sendall(request)
            ended, answer = receive(connection)
            seen.append((ended - started) / 1000)
            # 200 and 404 are what healthy servers and upstreams say.
            if answer.split(b" ", 2)[1] not in (b"200", b"404"):
                sys.exit(f"not well: {answer[:2000]!r}")
            if b"\r\nconnection: close\r\n" in answer.partition(b"\r\n\r\n")[0].lower() + b"\r\n":
                connection = None
    return seen


def receive(connection):
    """One whole answer, and when its last byte came."""
    answer = b""
    while True:
        piece = connection.recv(1 << 20)
        ended = time.perf_counter_ns()
        if not piece:
            sys.exit("the connection was closed within an answer")
        answer += piece
        head, end, body = answer.partition(b"\r\n\r\n")
        if end and len(body) == content_length(head):
            return ended, answer


def median_latency(port, path, seconds):
    return statistics.median(latencies(port, path, seconds))


def new_connection_latencies(port, path, seconds):
    """Milliseconds of requests on connections of their own, as a balancer makes them."""
    seen = []
    with on(LOAD):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            started = time.perf_counter_ns()
            status, body = ask(port, path)
            seen.append((time.perf_counter_ns() - started) / 1e6)
            if status != 200:
                sys.exit(f"{status} on {path}: {body[:1000]!r}")
            time.sleep(0.002)
    return sorted(seen)


class Clients:
    """Ten thousand or so that keep a connection, or dribble: `programs/clients.c`."""

    def __init__(self, program, port, count, addresses, interval=0):
        arguments = [program, str(port), str(count), str(addresses), *([str(interval)] if interval else [])]
        with on(LOAD):
            self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            sys.exit(f"clients failed: {' '.join(arguments)}")

    def end(self):
        """How many connections were open in the end, and how many had been cut off."""
        out, _ = self.process.communicate("", timeout=30)
        return tuple(int(number) for number in out.split())
