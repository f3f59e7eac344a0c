"""Processes on processors: what is measured has the first to itself, and load, upstreams and clients have the last."""
import atexit
import contextlib
import os
import platform
import signal
import socket
import subprocess
import sys
import time

ALL = sorted(os.sched_getaffinity(0))
SERVER, LOAD = {ALL[0]}, {ALL[-1]}
TICK = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def on(processors):
    """What is started within stays on these processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Process:
    """A program that runs until it is ended."""

    def __init__(self, arguments, processors, environment=None, **options):
        # Within its time, the processors are inherited: no program stands between this one and its start.
        with on(processors):
            self.started = time.monotonic()
            self.process = subprocess.Popen(arguments, env={**os.environ, **(environment or {})}, **options)
        self.pid = self.process.pid
        # Whatever else goes wrong.
        atexit.register(self.end)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)

    def cpu_milliseconds(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / TICK

    def memory(self):
        """Resident pages in MiB: all, and those that are anonymous."""
        status = read_status(f"/proc/{self.pid}/status")
        return tuple(int(status[key].split()[0]) / 1024 for key in ("VmRSS", "RssAnon"))

    def wakeups(self):
        """How often its threads have slept and been woken, by thread."""
        counts = {}
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            with contextlib.suppress(FileNotFoundError):
                status = read_status(f"/proc/{self.pid}/task/{thread}/status")
                counts[thread] = int(status["voluntary_ctxt_switches"])
        return counts


def read_status(path):
    with open(path) as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def ask(port, path, timeout=10):
    """The status and the body of one request on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
            # A server that does not know Connection: close is not waited for.
            head, end, body = answer.partition(b"\r\n\r\n")
            if end and content_length(head) == len(body):
                break
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head:
        raise ConnectionError("no answer")
    return int(head.split()[1]), body


def content_length(head):
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return None


def wait_for(port, path, process, seconds=10):
    """Milliseconds from the start of the process to its first 200."""
    while True:
        try:
            if ask(port, path)[0] == 200:
                return (time.monotonic() - process.started) * 1000
        except OSError:
            pass
        if time.monotonic() - process.started > seconds:
            sys.exit(f"{process.process.args[0]} does not answer 200 on {path}")
        time.sleep(0.0002)


def description():
    with open("/proc/cpuinfo") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    with open("/etc/os-release") as file:
        system = dict(line.strip().split("=", 1) for line in file if "=" in line)
    return {
        "processors": f"{len(ALL)} × {models[0] if models else platform.machine()}",
        "kernel": platform.release(),
        "system": system.get("PRETTY_NAME", "").strip('"'),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "load average": "{:.2f}".format(os.getloadavg()[0]),
    }
