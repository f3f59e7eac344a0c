"""The node in the pictures of the status page."""

import concurrent.futures
import contextlib
import os
import random
import signal
import tempfile
import time

from standins import Agent, Sidecar, Upstream

CHECKS = 120
INTERVAL = 0.2

CONFIGURATION = """
runbook: https://wiki.example/nodes
interval: {interval}ms
timeout: 1s
fall: 3
rise: 2
services:
  grafana: {{url: {grafana}/api/health}}
  loki:
    instances: [{loki_a}/ready, {loki_b}/ready]
    require: any
  tempo: {{url: {tempo}/ready, runbook: "https://wiki.example/tempo"}}
  exporter:
    url: {exporter}/metrics
    critical: false
"""


def jitter(low, high, seed, spike=0.0):
    """Delays: mostly about `low` ms, a few up to `high`, and one in thirty `spike`."""
    source = random.Random(seed)

    def delay(_):
        slow = spike and source.random() < 1 / 30
        return (spike if slow else low + (high - low) * source.random() ** 3) / 1000

    return delay


@contextlib.contextmanager
def node(sick, checks=CHECKS, environment=(), tempo_fails=True, more=""):
    """Runs the program with `upstreams`, after this number of checks. On a sick node, Tempo and one Loki are down, or one Loki
    alone. `more` is added to the configuration."""
    upstreams = {
        "grafana": Upstream(jitter(4, 12, 1, spike=60), lambda number: 503 if sick and number in (30, 31) else 200),
        "loki_a": Upstream(jitter(1, 4, 2)),
        "loki_b": Upstream(jitter(1, 5, 3)),
        "tempo": Upstream(jitter(2, 6, 4)),
        "exporter": Upstream(jitter(1, 2, 5), lambda number: 500 if sick and number > checks // 2 else 200),
    }
    urls = {name: upstream.url for name, upstream in upstreams.items()}
    sidecar = Sidecar(CONFIGURATION.format(interval=int(INTERVAL * 1000), **urls) + more, environment)
    failing = (["tempo"] if tempo_fails else []) + ["loki_b"] if sick else []
    with running(sidecar, upstreams):
        until(lambda: upstreams["grafana"].count >= checks * 3 // 4)
        for name in failing:
            upstreams.pop(name).stop()
        until(lambda: upstreams["grafana"].count >= checks)
        sidecar.upstreams = upstreams
        yield sidecar


@contextlib.contextmanager
def forty(checks=CHECKS // 2):
    """A node with forty services in five groups, two of which fail."""
    upstreams = {
        f"{name}-{number}": Upstream(jitter(1, 9, number), lambda count, sick=number == 7 and name in ("edge", "jobs"):
                                     503 if sick and count > checks // 2 else 200)
        for name in ("databases", "edge", "jobs", "search", "storage") for number in range(8)
    }
    services = "".join(
        f"  {name}: {{url: {upstream.url}/, group: {name.split('-')[0].capitalize()}}}\n"
        for name, upstream in upstreams.items())
    sidecar = Sidecar(f"interval: 300ms\nservices:\n{services}")
    with running(sidecar, upstreams):
        until(lambda: upstreams["storage-7"].count >= checks)
        yield sidecar


@contextlib.contextmanager
def draining(checks=CHECKS):
    with node(sick=False, checks=checks, environment={"HEALTHZ_DRAIN": "1h"}) as sidecar:
        sidecar.process.send_signal(signal.SIGTERM)
        until(lambda: "draining" in sidecar.get("/readyz", accept="text/plain"))
        yield sidecar
        sidecar.process.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def maintained(checks=CHECKS):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "maintenance")
        with open(path, "w") as file:
            file.write("disk swap, back at 15:00\n")
        with node(sick=False, checks=checks, environment={"HEALTHZ_MAINTENANCE_FILE": path}) as sidecar:
            yield sidecar


@contextlib.contextmanager
def registered(checks=CHECKS):
    """A node whose Consul agent takes one registration and refuses the other, and with a secret that is replaced by an invalid
    one."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        agent = Agent(refused="tempo")
        stack.callback(agent.stop)
        path = os.path.join(folder, "token")
        with open(path, "w") as file:
            file.write("a-long-token-for-details\n")
        services = "grafana: {port: 3000, tags: [metrics]}, tempo: {port: 3200}"
        more = f"detail_token_file: {path}\ndiscovery: {{consul: {{address: '{agent.url}', services: {{{services}}}}}}}\n"
        with node(sick=False, checks=checks, more=more) as sidecar:
            with open(path, "w") as file:
                file.write("short\n")
            shown = ("registered", "denied", "new content is not valid")
            until(lambda: all(text in sidecar.get("/", accept="text/html") for text in shown))
            yield sidecar


@contextlib.contextmanager
def running(sidecar, upstreams):
    try:
        yield
    finally:
        sidecar.stop()
        # At once, as each takes up to half a second.
        with concurrent.futures.ThreadPoolExecutor(len(upstreams)) as pool:
            list(pool.map(Upstream.stop, upstreams.values()))


def until(is_so, limit=120):
    end = time.monotonic() + limit
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError("the checks do not go on")
        time.sleep(0.05)
