"""Answers from a check of three services."""
import subprocess

from load import Load, median_latency
from machine import SERVER, on
from programs import BUILT, CServer, Go, Healthz, Upstreams
from results import Goal

SECTION = "Fresh checks of three services"
BARE = "the bare client"
CHECKS = 2000


def run(results, folder, rounds, seconds):
    upstreams = Upstreams()
    servers = {(keeps, who): made for keeps in (False, True) for who, made in make(upstreams, keeps).items()}
    try:
        for _ in range(rounds):
            for keeps in (False, True):
                one_at_a_time(results, upstreams, servers, keeps, seconds)
            at_once(results, upstreams, servers, seconds)
    finally:
        for server in (*servers.values(), upstreams):
            server.end()


def make(upstreams, keeps):
    return {
        "healthz": Healthz(upstreams, reuse_connections="on" if keeps else "off"),
        "Go": Go(upstreams, keeps),
        "C": CServer(upstreams, keeps),
    }


def one_at_a_time(results, upstreams, servers, keeps, seconds):
    kind = "kept connections" if keeps else "a new connection each"
    cpu, bare = f"{kind}: CPU ms / 1,000", f"{kind}, beside {BARE} in C: CPU ms / 1,000"
    if keeps:
        results.expect(SECTION, cpu, Goal(round(90 / 133, 3), "Go"))
    else:
        results.expect(SECTION, bare, Goal(1.2, "C"))
    for who in ("healthz", "Go", "C"):
        load = Load(servers[keeps, who], "/healthz", 1, seconds)
        results.note(SECTION, cpu, who, load.cpu_per_thousand)
        results.note(SECTION, f"{kind}: answers / s", who, load.rate)
        if who == "healthz":
            results.note(SECTION, bare, who, load.cpu_per_thousand)
    results.note(SECTION, bare, "C", bare_client(upstreams.urls, keeps, CHECKS))


def bare_client(urls, keeps, checks):
    """CPU ms of 1,000 checks by libcurl alone: nobody asks it, and it answers nobody."""
    with on(SERVER):
        out = subprocess.run(
            [f"{BUILT}/multi", *(["-k"] if keeps else []), "-n", str(checks), *urls],
            capture_output=True, text=True, check=True, timeout=120).stdout
    return float(out)


def at_once(results, upstreams, servers, seconds):
    rate, cost = "64 clients at once, kept connections: answers / s", "the same: upstream requests / 1,000 answers"
    results.expect(SECTION, rate, Goal(3, "Go", at_least=True))
    results.expect(SECTION, cost, Goal(100))
    for who in ("healthz", "Go"):
        before = upstreams.count()
        load = Load(servers[True, who], "/healthz", 64, seconds)
        results.note(SECTION, rate, who, load.rate)
        results.note(SECTION, cost, who, (upstreams.count() - before) * 1000 / load.count)


LATENCY = "Added to the slowest upstream, kept connections"


def run_latency(results, folder, rounds, seconds):
    for milliseconds in (0, 20, 100):
        work = f"upstreams after {milliseconds} ms: p50 added, µs"
        results.expect(LATENCY, work, Goal(1.1, "C"))
        upstreams = Upstreams([milliseconds * 1000] * 3)
        servers = make(upstreams, True)
        try:
            for _ in range(rounds):
                alone = median_latency(upstreams.ports[2], "/", seconds)
                for who, server in servers.items():
                    results.note(LATENCY, work, who, median_latency(server.port, "/healthz", seconds) - alone)
        finally:
            for server in (*servers.values(), upstreams):
                server.end()
