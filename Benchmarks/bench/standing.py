"""What it takes to stand there: start, memory, wake-ups."""
import time

from load import Load
from machine import ask
from programs import CServer, Go, HAProxy, Healthz, Upstreams
from results import Goal

SECTION = "Start and memory"
START, RSS, ANONYMOUS = "start to first 200, ms", "RSS idle, MiB", "of it anonymous, MiB"
# By then, what only a start needed has gone, in seconds.
AFTER_START = 2
LOADED, GROWTH = "RSS after load, MiB", "growth under load, MiB"


def makers(folder, upstreams):
    return {
        "healthz": lambda: Healthz(upstreams),
        "HAProxy": lambda: HAProxy(folder, upstreams),
        "Go": lambda: Go(upstreams),
        "C": lambda: CServer(upstreams),
    }


def run(results, folder, rounds, seconds):
    for work, most in ((START, 12), (RSS, 14), (ANONYMOUS, 2), (GROWTH, 2)):
        results.expect(SECTION, work, Goal(most))
    upstreams = Upstreams()
    try:
        for _ in range(rounds):
            for who, make in makers(folder, upstreams).items():
                once(results, who, make(), seconds)
    finally:
        upstreams.end()


def once(results, who, server, seconds):
    try:
        rest(server)
        resident, anonymous = server.memory()
        load(who, server, seconds)
        loaded, _ = server.memory()
    finally:
        server.end()
    for work, value in ((START, server.first_answer), (RSS, resident), (ANONYMOUS, anonymous), (LOADED, loaded),
                        (GROWTH, loaded - resident)):
        results.note(SECTION, work, who, value)


def rest(server):
    """What is idle is what stands there between a balancer's requests, and not what has just started."""
    time.sleep(AFTER_START)
    path = "/livez" if isinstance(server, HAProxy) else "/healthz"
    for _ in range(3):
        ask(server.port, path)


def load(who, server, seconds):
    # The C server takes one client at a time.
    most = 1 if who == "C" else 64
    paths = ("/livez",) if who == "HAProxy" else ("/livez", "/healthz")
    for path in paths:
        Load(server, path, most, seconds)
    if who != "C":
        Load(server, "/livez", most, seconds, closes=True)


IDLE = "Idle, without an interval"
SETTLED, WATCHED = 12, 10


def run_idle(results, folder, rounds, seconds):
    results.expect(IDLE, "wake-ups / s", Goal(0))
    results.expect(IDLE, "CPU ms / s", Goal(0))
    upstreams = Upstreams()
    servers = {who: make() for who, make in makers(folder, upstreams).items()}
    try:
        for who, server in servers.items():
            load(who, server, 1)
        # By then, threads that have nothing to do have ended.
        time.sleep(SETTLED)
        for _ in range(min(rounds, 2)):
            before = {who: (server.wakeups(), server.cpu_milliseconds()) for who, server in servers.items()}
            time.sleep(WATCHED)
            for who, server in servers.items():
                wakeups, cpu = server.wakeups(), server.cpu_milliseconds()
                woken = sum(count - before[who][0].get(thread, 0) for thread, count in wakeups.items())
                results.note(IDLE, "wake-ups / s", who, woken / WATCHED)
                results.note(IDLE, "CPU ms / s", who, (cpu - before[who][1]) / WATCHED)
    finally:
        for server in (*servers.values(), upstreams):
            server.end()
