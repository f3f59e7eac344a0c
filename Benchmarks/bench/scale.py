"""Many services, many connections."""
import os
import statistics
import subprocess
import time

from fresh import bare_client
from load import Clients, latencies, median_latency, new_connection_latencies
from programs import BUILT, Go, HAProxy, Healthz, Nginx, Upstreams
from results import Goal

SERVICES = "Many services in one check"
NUMBERS = (100, 300, 1000)


def run_services(results, folder, rounds, seconds):
    upstreams = Upstreams((0, 100_000, 1_000_000))
    linear = "CPU of a service among 1,000 / among 100"
    results.expect(SERVICES, linear, Goal(1.2))
    try:
        for number in NUMBERS:
            for place, milliseconds in ((0, 0), (1, 100), (2, 1000)):
                many(results, folder, upstreams, number, place, milliseconds, rounds, seconds)
        cpu = results.sections[SERVICES]
        for each in zip(*(cpu[f"{number} services at once: CPU ms"]["healthz"] for number in (100, 1000))):
            results.note(SERVICES, linear, "healthz", each[1] / 10 / each[0])
    finally:
        upstreams.end()


def many(results, folder, upstreams, number, place, milliseconds, rounds, seconds):
    path = os.path.join(folder, f"many-{number}-{place}.yaml")
    url, status = upstreams.urls[place], upstreams.statuses[place]
    with open(path, "w") as file:
        file.write("services:\n" + "".join(
            f"  s{index}:\n    url: {url}{index}\n    accept: {status}\n" for index in range(number)))
    healthz = Healthz(None, config=path, timeout="20s", deadline="20s")
    try:
        for _ in range(rounds if milliseconds == 0 else min(rounds, 3)):
            before = healthz.cpu_milliseconds()
            seen = latencies(healthz.port, "/healthz", seconds)
            if milliseconds == 0:
                cpu = (healthz.cpu_milliseconds() - before) / len(seen)
                note_at_once(results, number, cpu, statistics.median(seen) / 1000, f"{url}[1-{number}]", url)
            else:
                work = f"{number:,} services, the slowest after {milliseconds} ms: time / slowest"
                if number == 1000:
                    results.expect(SERVICES, work, Goal(1.2))
                results.note(SERVICES, work, "healthz", statistics.median(seen) / 1000 / milliseconds)
                results.note(SERVICES, work, "C", wall_of_bare_client(url, number) / milliseconds)
    finally:
        healthz.end()


def note_at_once(results, number, cpu, wall, pattern, url):
    work = f"{number} services at once"
    results.note(SERVICES, f"{work}: CPU ms", "healthz", cpu)
    results.note(SERVICES, f"{work}: ms", "healthz", wall)
    urls = [f"{url}{index}" for index in range(number)]
    results.note(SERVICES, f"{work}: CPU ms", "C", bare_client(urls, False, 5) / 1000)


def wall_of_bare_client(url, number):
    """Milliseconds of one check by libcurl alone."""
    urls = [f"{url}{index}" for index in range(number)]
    started = time.monotonic()
    bare_client(urls, False, 1)
    return (time.monotonic() - started) * 1000


CONNECTIONS = "10,000 connections"
COUNT = 10_000
ROOM = {"max_connections": "12000", "max_connections_per_client": "12000"}


def run_idle_connections(results, folder, rounds, seconds):
    memory, ratio = "idle: anonymous bytes each", "idle: p50 beside them / without"
    results.expect(CONNECTIONS, memory, Goal(2048))
    results.expect(CONNECTIONS, ratio, Goal(1.1))
    upstreams = Upstreams()
    try:
        for _ in range(min(rounds, 3)):
            for who, make in {
                "healthz": lambda: Healthz(upstreams, **ROOM),
                "nginx": lambda: Nginx(folder),
                "HAProxy": lambda: HAProxy(folder, upstreams),
                "Go": lambda: Go(upstreams),
            }.items():
                server = make()
                path = "/healthz" if who in ("healthz", "Go") else "/livez"
                without = median_latency(server.port, path, seconds)
                _, before = server.memory()
                clients = Clients(f"{BUILT}/clients", server.port, COUNT, 10)
                _, after = server.memory()
                beside = median_latency(server.port, path, seconds)
                opened, _ = clients.end()
                server.end()
                if opened != COUNT:
                    raise SystemExit(f"{who}: {opened} of {COUNT} connections are open")
                results.note(CONNECTIONS, memory, who, (after - before) * 1024 * 1024 / COUNT)
                results.note(CONNECTIONS, "idle: p50 without them, µs", who, without)
                results.note(CONNECTIONS, "idle: p50 beside them, µs", who, beside)
                results.note(CONNECTIONS, ratio, who, beside / without)
    finally:
        upstreams.end()


def run_slow_clients(results, folder, rounds, seconds):
    upstreams = Upstreams()
    try:
        for _ in range(min(rounds, 2)):
            slow(results, "slow, default limits", "healthz", Healthz(upstreams), "/healthz", seconds)
            slow(results, "slow, room for all", "healthz", Healthz(upstreams, **ROOM), "/healthz", seconds)
            slow(results, "slow, room for all", "HAProxy", HAProxy(folder, upstreams), "/livez", seconds)
            slow(results, "slow, room for all", "Go", Go(upstreams), "/healthz", seconds)
    finally:
        upstreams.end()


def slow(results, work, who, server, path, seconds):
    clients = Clients(f"{BUILT}/clients", server.port, COUNT, 10, interval=200)
    seen = new_connection_latencies(server.port, path, 5 * seconds)
    clients.end()
    server.end()
    results.expect(CONNECTIONS, f"{work}: longest, ms", Goal(100))
    results.note(CONNECTIONS, f"{work}: p50, ms", who, statistics.median(seen))
    results.note(CONNECTIONS, f"{work}: p99, ms", who, seen[int(len(seen) * 0.99)])
    results.note(CONNECTIONS, f"{work}: longest, ms", who, seen[-1])
