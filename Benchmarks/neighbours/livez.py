"""How long /livez takes while a neighbour has all threads, and while the name server answers half: both in one trial."""
import os
import time

import apart
from rivals import HAProxy, Healthz, Upstream, status, table

TASKS, SERVICES = 64, 20
HERE = os.path.dirname(os.path.abspath(apart.__file__))
COLUMNS = ("state", "program", "/livez p50, ms", "p99, ms", "longest, ms", "without an answer", "verdict is healthy")


def run(folder, seconds):
    apart.ask_only(folder)
    group, names, upstream = apart.PidsGroup(TASKS), apart.Child(f"{HERE}/names.py"), Upstream(folder, "127.0.0.1")
    neighbour, servers = apart.Child(f"{HERE}/neighbour.py", preexec_fn=group.join), {}
    try:
        servers = start(folder, upstream.port, group)
        time.sleep(3)
        rows = measure("quiet", servers, seconds)
        taken = neighbour.tell("take")
        rows += measure(f"no thread to be had ({taken} are the neighbour's)", servers, seconds)
        neighbour.tell("give")
        names.tell("half")
        rows += measure("A is answered, AAAA never", servers, seconds)
        neighbour.tell("take")
        rows += measure("both at once", servers, seconds)
    finally:
        for one in (*servers.values(), upstream, neighbour, names):
            one.end()
        group.remove()
    return table(f"/livez with {SERVICES} services by name, checked every second, and {TASKS} tasks in all", COLUMNS, rows)


def start(folder, port, group):
    services = [f"  s{index}: {{url: 'http://s{index}.test:{port}/', body: {{contains: ok}}}}\n" for index in range(SERVICES)]
    servers = [
        f"  server s{index} s{index}.test:{port} check inter 1s resolvers own resolve-prefer ipv4 init-addr none\n"
        for index in range(SERVICES)]
    resolvers = f"resolvers own\n  nameserver one {apart.NAME_SERVER}:53\n  hold valid 1s\n"
    return {
        "healthz": Healthz(folder, services, preexec_fn=group.join),
        "HAProxy": HAProxy(folder, servers, resolvers, preexec_fn=group.join)}


def measure(state, servers, seconds):
    times, lost, verdicts = ({name: [] for name in servers} for _ in range(3))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        # In turns, so that both have the same moments.
        for name, server in servers.items():
            started = time.monotonic()
            answered = status(server.port, "/livez") == 200
            times[name].append((time.monotonic() - started) * 1000)
            lost[name].append(not answered)
        if len(times["healthz"]) % 50 == 0:
            for name, server in servers.items():
                verdicts[name].append(status(server.port + (name == "HAProxy"), "/healthz") == 200)
        time.sleep(0.005)
    return [
        (state, name, *(f"{of(times[name], share):.2f}" for share in (0.5, 0.99, 1)), f"{sum(lost[name])} of {len(lost[name])}",
         f"{sum(verdicts[name])} of {len(verdicts[name])}")
        for name in servers]


def of(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]
