"""The agent of the stand-in for Consul: services, their checks, and what is kept on disk."""

import json
import os
import random
import re
import threading
import time
import urllib.error
import urllib.request


UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def seconds(text):
    """One number with a unit, as healthz writes it; Go's `1m30s` is not needed."""
    number, unit = re.fullmatch(r"([\d.]+)(ms|s|m|h)", text).groups()
    return float(number) * UNITS[unit]


class Agent:
    def __init__(self, datacenter, path):
        self.datacenter, self.path = datacenter, path
        self.lock = threading.Lock()
        self.state = {"services": {}, "queries": {}, "policies": {}, "tokens": {}}
        # By service: by check: [status, when a TTL ends or None].
        self.checks = {}
        self.running = set()
        if os.path.exists(path):
            with open(path) as file:
                self.state = json.load(file)
        for service in self.state["services"].values():
            self.begin(service)

    def write(self):
        with open(self.path + ".new", "w") as file:
            json.dump(self.state, file)
        os.replace(self.path + ".new", self.path)

    def save(self, kind, key, value):
        with self.lock:
            self.state[kind][key] = value
            self.write()

    def copy(self, parts):
        with self.lock:
            if any(self.state[name] != value for name, value in parts.items()):
                self.state.update(parts)
                self.write()

    def register(self, body):
        body = {"Tags": [], "Checks": [], **body}
        self.save("services", body["ID"], body)
        self.begin(body)

    def deregister(self, service):
        with self.lock:
            self.state["services"].pop(service, None)
            self.checks.pop(service, None)
            self.write()

    def begin(self, service):
        """A check that is known keeps its state; a new one is critical."""
        known = self.checks.setdefault(service["ID"], {})
        for check in service["Checks"]:
            name = check["CheckID"]
            known.setdefault(name, ["critical", None])
            if "HTTP" in check and (service["ID"], name) not in self.running:
                self.running.add((service["ID"], name))
                threading.Thread(target=self.probe, args=(service["ID"], check), daemon=True).start()

    def probe(self, service, check):
        """An HTTP check: 2xx is passing, 429 a warning, anything else critical."""
        interval = seconds(check["Interval"])
        time.sleep(random.random() * interval)
        while service in self.checks:
            started = time.monotonic()
            headers = {name: values[0] for name, values in check.get("Header", {}).items()}
            try:
                with urllib.request.urlopen(
                    urllib.request.Request(check["HTTP"], headers=headers), timeout=seconds(check["Timeout"])
                ):
                    status = "passing"
            except urllib.error.HTTPError as error:
                status = "warning" if error.code == 429 else "critical"
            except OSError:
                status = "critical"
            if service in self.checks:
                self.checks[service][check["CheckID"]] = [status, None]
            time.sleep(max(0, interval - (time.monotonic() - started)))
        self.running.discard((service, check["CheckID"]))

    def of_check(self, name):
        """The service and the TTL of a check, or None."""
        for service in list(self.state["services"].values()):
            for check in service["Checks"]:
                if check["CheckID"] == name and "TTL" in check:
                    return service, seconds(check["TTL"])
        return None

    def update(self, name, status):
        """The word of the service itself, which holds as long as the TTL."""
        service, ttl = self.of_check(name)
        self.checks[service["ID"]][name] = [status, time.monotonic() + ttl]

    def status(self, service):
        """The worst of a service's checks."""
        now = time.monotonic()
        found = [
            "critical" if until is not None and until < now else status
            for status, until in self.checks.get(service, {}).values()
        ]
        return next((word for word in ("critical", "warning") if word in found), "passing")

    def all(self):
        return [
            {"Name": one["Name"], "Address": one["Address"], "Port": one["Port"], "Tags": one["Tags"]}
            for one in list(self.state["services"].values())
        ]

    def usable(self, name):
        """Instances that DNS names: all but critical ones."""
        found = [one for one in list(self.state["services"].values()) if one["Name"] == name]
        with_status = [{"Address": one["Address"], "Port": one["Port"], "Status": self.status(one["ID"])} for one in found]
        return [one for one in with_status if one["Status"] != "critical"]
