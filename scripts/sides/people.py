"""Those outside who notice: a client that follows names, an application that writes rows, and people who get alerts."""

import collections
import datetime
import http.client
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dns
from places import ADDRESSES, OUTSIDE

# Name, port and path of what clients use; each answers 200 as long as it can be used.
NAMES = {
    "grafana": (3000, "/api/health"), "loki": (3100, "/ready"), "tempo": (3200, "/ready"), "prometheus": (9090, "/-/ready"),
    "alertmanager": (9093, "/-/ready"),
}
Answer = collections.namedtuple("Answer", "time side good")
# So many good answers of one side in a row are a turn.
STREAK = 8


class Client:
    """Resolves a name for each request, at dc1 first, then at dc2, and asks what it leads to, ten times a second."""

    def __init__(self):
        self.answers = {name: [] for name in NAMES}
        self.sides = {address: side for side, address in ADDRESSES.items()}

    def begin(self):
        for name in NAMES:
            threading.Thread(target=self.follow, args=(name,), daemon=True).start()

    def follow(self, name):
        port, path = NAMES[name]
        while True:
            began = time.monotonic()
            address = dns.resolve(f"{name}.query.consul", list(ADDRESSES.values()))
            good = address is not None and self.ask(address, port, path)
            self.answers[name].append(Answer(time.monotonic(), self.sides.get(address), good))
            time.sleep(max(0, 0.1 - (time.monotonic() - began)))

    @staticmethod
    def ask(address, port, path):
        connection = http.client.HTTPConnection(address, port, timeout=1)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def turned(self, name, side, since):
        """When good answers of a side began that have not ended since, or None."""
        streak = []
        for answer in reversed(self.answers[name]):
            if answer.time < since or not answer.good or answer.side != side:
                break
            streak.append(answer)
        return streak[-1].time if len(streak) >= STREAK else None

    def wrong(self, name, since, until):
        """Requests that got no good answer, and all requests."""
        found = [one for one in self.answers[name] if since <= one.time < until]
        return sum(not one.good for one in found), len(found)


Notification = collections.namedtuple("Notification", "time sender alert datacenter service began")


def began(alert):
    """When the alert began, on the clock that does not jump."""
    return time.monotonic() - time.time() + datetime.datetime.fromisoformat(alert["startsAt"]).timestamp()


class People:
    """Receive what the Alertmanagers send."""

    def __init__(self, port):
        self.notifications = []
        received = self.notifications

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self):
                group = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                for alert in group["alerts"]:
                    labels = alert["labels"]
                    if alert["status"] == "firing":
                        received.append(Notification(
                            time.monotonic(), self.path.strip("/"), labels["alertname"], labels.get("datacenter", ""),
                            labels.get("service", labels.get("instance", "")), began(alert),
                        ))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        for address in OUTSIDE.values():
            server = ThreadingHTTPServer((address, port), Hook)
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def told(self, alert, datacenter, since):
        """An alert of the break before may still be told when the next one has begun."""
        return [one for one in self.notifications if one[2:4] == (alert, datacenter) and min(one.time, one.began) >= since]


class Writer:
    """Writes rows into the database of one side, and keeps those that were acknowledged."""

    def __init__(self, side):
        self.side, self.acknowledged, self.number = side, set(), 0

    def begin(self):
        threading.Thread(target=self.write, daemon=True).start()

    def write(self):
        while True:
            self.number += 1
            try:
                self.side.sql(f"INSERT INTO grafana.written (side, number) VALUES ('{self.side.datacenter}', {self.number})", 2)
                self.acknowledged.add(self.number)
            except (OSError, ValueError):
                pass
            except Exception:  # a client that was frozen with its server, and ended by its deadline
                pass
            time.sleep(0.2)

    def lost(self, side, acknowledged):
        """Acknowledged rows that a side does not have."""
        rows = side.sql(f"SELECT number FROM grafana.written WHERE side = '{self.side.datacenter}'")
        return acknowledged - {int(row) for row in rows}
