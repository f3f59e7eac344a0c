"""Services whose metrics are judged: processor time of a check, and memory."""
import os
import sys

from machine import LOAD, Process, ask, free_port, read_status, wait_for
from programs import Healthz
from results import Goal
from standing import rest

SECTION = "Metrics of services"
# One service with metrics like Loki's; one request is one check.
CHECKS = 10_000
CPU, RSS = "300 kB: CPU ms of a check", "300 kB: RSS after 1,000 checks, MiB"
GROWTH = "300 kB: growth by 10,000 checks, MiB"
AT_ONCE = 40
SIZES = {"300 kB": 300_000, "7 MiB": 7 << 20}


class Exposition(Process):
    def __init__(self, size):
        self.port = free_port()
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exposition.py")
        super().__init__([sys.executable, "-B", program, str(self.port), str(size)], LOAD)
        wait_for(self.port, "/metrics", self)


def run(results, folder, rounds, seconds):
    results.expect(SECTION, GROWTH, Goal(2))
    checks_in_a_row(results, folder)
    for name, size in SIZES.items():
        for _ in range(min(rounds, 3)):
            at_once(results, folder, name, size)


def healthz(folder, upstream, number):
    path = os.path.join(folder, "metrics.yaml")
    with open(path, "w") as file:
        file.write("services:\n" + "".join(
            f"  s{index}:\n    url: http://127.0.0.1:{upstream.port}/metrics\n    max_body: 8MiB\n    metrics:\n"
            "      wal_usage: {below: 0.9}\n"
            "      request_failures_total: {increase: {at_most: 0}}\n" for index in range(number)))
    return Healthz(None, config=path, timeout="20s", deadline="20s")


def checks_in_a_row(results, folder):
    upstream = Exposition(SIZES["300 kB"])
    server = healthz(folder, upstream, 1)
    try:
        check(server, CHECKS // 10)
        rest(server)
        before, (resident, _) = server.cpu_milliseconds(), server.memory()
        check(server, CHECKS)
        results.note(SECTION, CPU, "healthz", (server.cpu_milliseconds() - before) / CHECKS)
        results.note(SECTION, RSS, "healthz", resident)
        results.note(SECTION, GROWTH, "healthz", server.memory()[0] - resident)
    finally:
        server.end()
        upstream.end()


def check(server, count):
    for _ in range(count):
        status, _ = ask(server.port, "/healthz", 30)
        if status != 200:
            sys.exit(f"the metrics are not as expected: {status}")


def at_once(results, folder, name, size):
    upstream = Exposition(size)
    server = healthz(folder, upstream, AT_ONCE)
    try:
        before = server.cpu_milliseconds()
        check(server, 5)
        work = f"{AT_ONCE} services of {name} at once"
        peak = int(read_status(f"/proc/{server.pid}/status")["VmHWM"].split()[0]) / 1024
        results.note(SECTION, f"{work}: CPU ms of a check", "healthz", (server.cpu_milliseconds() - before) / 5)
        results.note(SECTION, f"{work}: peak RSS, MiB", "healthz", peak)
    finally:
        server.end()
        upstream.end()
