"""What is true of the world, and when: the oracle that every answer is held against."""
import asyncio
import json
import time

# What a probe of an upstream in that mode comes back with.
REASONS = {
    "wrong": {"status"}, "down": {"refused"}, "hung": {"timeout", "deadline"}, "garbage": {"protocol"},
    "reset": {"reset"}, "empty": {"empty"}, "torn": {"incomplete"}, "endless": {"too_large"},
}
# Where an upstream changed its mode in the middle of a probe.
CUT_OFF = {"refused", "reset", "empty", "incomplete"}
# What a probe that cannot be made comes back with.
FOR_WANT_OF_DESCRIPTORS = {"internal"}
# How long before a request what it is answered with may have been seen: a probe in the air (1.2 s) that a check in the
# air (1.2 s) shares, an interval (0.22 s), and what a busy machine adds.
LOOKBACK = 3.5
CRITICAL = ("grafana", "loki")
OPTIONAL = "tempo"
# Of the optional one, nobody looks at the body.
WELL = {"grafana": {"up"}, "loki": {"up"}, "tempo": {"up", "torn", "endless"}}


class Timeline:
    """A value that changes, with the moments between which each change came about."""

    def __init__(self, value):
        self.values = [(0.0, 0.0, value)]

    def change(self, value, make):
        begun = time.monotonic()
        # In force from now on, perhaps; the end is known when `make` returns.
        self.values.append((begun, float("inf"), value))
        make()
        self.values[-1] = (begun, time.monotonic(), value)

    async def change_slowly(self, value, make):
        self.values.append((time.monotonic(), float("inf"), value))
        await make()
        self.values[-1] = (self.values[-1][0], time.monotonic(), value)

    @property
    def now(self):
        return self.values[-1][2]

    def possible(self, since, until):
        """All values that may have been in force at some time between."""
        ends = [end for _, end, _ in self.values[1:]] + [float("inf")]
        return [value for (begun, _, value), ended in zip(self.values, ends) if begun <= until and ended >= since]


class World:
    def __init__(self, first):
        self.modes = {name: Timeline("up") for name in (*CRITICAL, OPTIONAL)}
        self.generations = Timeline(first)
        # Of descriptors.
        self.shortage = Timeline(False)
        # Held while there is a reload, or a shortage.
        self.reloading = asyncio.Lock()

    def may_be_short(self, since, until):
        return True in self.shortage.possible(since, until)

    def broken(self, words, told, counts):
        """A connection has ended where an answer was due: for want of a descriptor, idle ones are closed, and may just be used."""
        now = time.monotonic()
        if self.may_be_short(now - LOOKBACK, now):
            counts["connections that ended for want of a descriptor"] += 1
        else:
            told(words)

    def complaints(self, asked, answer, started, ended):
        """Everything that is wrong with an answer to a question about services."""
        since = started - LOOKBACK
        try:
            report = json.loads(answer.body)
        except ValueError as error:
            return [f"not JSON: {error}"]
        services = report.get("services")
        if not isinstance(services, dict):
            return ["no services"]
        marks = [name for name in services if name.startswith("generation-")]
        is_short = self.may_be_short(since, ended)
        generations = self.generations.possible(since, ended)
        wanted = [one for one in generations if asked.names(one.name) == list(services)]
        if not wanted:
            return [f"services {list(services)}, but generations {[one.name for one in generations]} are possible {marks}"]
        found = [wrong for name, service in services.items() if name in self.modes
                 for wrong in self._service(name, service, asked.is_alone, since, ended)]
        found += [f"{name} is {service}" for name, service in services.items()
                  if name in (*marks, "named") and service["status"] != "healthy"
                  and not (is_short and service.get("reason") in FOR_WANT_OF_DESCRIPTORS)]
        verdict = worst(service["status"] for service in services.values())
        if report.get("status") != verdict:
            found.append(f"the whole is {report.get('status')}, its services {verdict}")
        statuses = {200} if verdict != "unhealthy" else {one.unhealthy_status for one in wanted}
        if answer.status not in statuses:
            found.append(f"answered {answer.status} for {verdict}")
        if asked.token and f'"{asked.token}"' not in " ".join(report.get("warnings", [])):
            found.append(f"another's warnings: {report.get('warnings')}")
        if not asked.token and "warnings" in report:
            found.append(f"a warning that nobody asked for: {report['warnings']}")
        return found

    def _service(self, name, service, is_alone, since, until):
        modes = self.modes[name].possible(since, until)
        status, reason = service.get("status"), service.get("reason")
        if reason in FOR_WANT_OF_DESCRIPTORS and self.may_be_short(since, until):
            return
        failed = "degraded" if name == OPTIONAL and not is_alone else "unhealthy"
        may = {("healthy" if mode in WELL[name] else failed) for mode in modes}
        if status not in may:
            yield f"{name} is {status} ({reason}) while it was {modes}"
        if status != "healthy":
            reasons = set().union(*(REASONS.get(mode, set()) for mode in modes), CUT_OFF if len(modes) > 1 else ())
            if reason not in reasons:
                yield f"{name} is {status} for {reason} ({service.get('message')}) while it was {modes}"


def worst(statuses):
    seen = set(statuses)
    return "unhealthy" if "unhealthy" in seen or not seen else "degraded" if "degraded" in seen else "healthy"
