"""The node in the pictures of the status page."""

import contextlib
import random
import time

from standins import Sidecar, Upstream

CHECKS = 120
INTERVAL = 0.2

CONFIGURATION = """
interval: {interval}ms
timeout: 1s
fall: 3
rise: 2
services:
  grafana: {{url: {grafana}/api/health}}
  loki:
    instances: [{loki_a}/ready, {loki_b}/ready]
    require: any
  tempo: {{url: {tempo}/ready}}
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
def node(sick, checks=CHECKS, environment=()):
    """Runs the program with `upstreams`, after this number of checks. On a sick node, Tempo and one Loki are down."""
    upstreams = {
        "grafana": Upstream(jitter(4, 12, 1, spike=60), lambda number: 503 if sick and number in (30, 31) else 200),
        "loki_a": Upstream(jitter(1, 4, 2)),
        "loki_b": Upstream(jitter(1, 5, 3)),
        "tempo": Upstream(jitter(2, 6, 4)),
        "exporter": Upstream(jitter(1, 2, 5), lambda number: 500 if sick and number > checks // 2 else 200),
    }
    urls = {name: upstream.url for name, upstream in upstreams.items()}
    sidecar = Sidecar(CONFIGURATION.format(interval=int(INTERVAL * 1000), **urls), environment)
    try:
        end = time.monotonic() + 60 + checks * INTERVAL * 3
        stopped = not sick
        while upstreams["grafana"].count < checks:
            if not stopped and upstreams["grafana"].count > checks * 3 // 4:
                upstreams.pop("tempo").stop()
                upstreams.pop("loki_b").stop()
                stopped = True
            if time.monotonic() > end:
                raise TimeoutError("the checks do not go on")
            time.sleep(0.05)
        sidecar.upstreams = upstreams
        yield sidecar
    finally:
        sidecar.stop()
        for upstream in upstreams.values():
            upstream.stop()
