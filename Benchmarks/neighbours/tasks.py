"""How many tasks healthz has at rest: what a limit of tasks must allow."""
import time

from rivals import Healthz, Upstream, table

COUNTS = (3, 100, 1000)
KINDS = {
    "by address": ("127.0.0.1", ""),
    "by address, with a body": ("127.0.0.1", ", body: {contains: ok}"),
    "by address, with a pattern": ("127.0.0.1", ", body: {matches: o.}"),
    "by name": ("localhost", ""),
    "by name, with a body": ("localhost", ", body: {contains: ok}"),
    "by name, with a pattern": ("localhost", ", body: {matches: o.}"),
}


def run(folder, _):
    upstream = Upstream(folder, "127.0.0.1")
    try:
        rows = [(kind, *(tasks(folder, upstream.port, count, *KINDS[kind]) for count in COUNTS)) for kind in KINDS]
    finally:
        upstream.end()
    columns = ("services", *(f"{count:,}: at rest (most)" for count in COUNTS))
    return table("Tasks of healthz with an interval of 1 s", columns, rows)


def tasks(folder, port, count, host, more):
    healthz = Healthz(folder, [f"  s{index}: {{url: 'http://{host}:{port}/{index}'{more}}}\n" for index in range(count)])
    try:
        seen = []
        for _ in range(80):
            seen.append(healthz.tasks())
            time.sleep(0.1)
        return f"{seen[-1]} ({max(seen)})"
    finally:
        healthz.end()
