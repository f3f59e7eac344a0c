"""Answers from memory."""
from load import Load
from programs import Go, HAProxy, Healthz, Nginx, Upstreams
from results import Goal

SECTION = "From memory"
WORKS = [(f"{count} connections" if count > 1 else "1 connection", count, False) for count in (1, 16, 64, 256)]
WORKS.append(("64 connections, Connection: close", 64, True))


def run(results, folder, rounds, seconds):
    upstreams = Upstreams()
    servers = {"healthz": Healthz(upstreams), "nginx": Nginx(folder), "HAProxy": HAProxy(folder, upstreams),
               "Go": Go(upstreams)}
    try:
        for name, _, _ in WORKS:
            results.expect(SECTION, f"{name}: CPU ms / 1,000", Goal(1, "HAProxy"))
            results.expect(SECTION, f"{name}: answers / s", Goal(1, "HAProxy", at_least=True))
        for _ in range(rounds):
            for name, connections, closes in WORKS:
                for who, server in servers.items():
                    load = Load(server, "/livez", connections, seconds, closes)
                    results.note(SECTION, f"{name}: CPU ms / 1,000", who, load.cpu_per_thousand)
                    results.note(SECTION, f"{name}: answers / s", who, load.rate)
    finally:
        for server in (*servers.values(), upstreams):
            server.end()
