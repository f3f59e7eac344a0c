#!/usr/bin/env python3
"""Stand-ins for Grafana and Loki, which answer what healthz and clients ask.

usage: standins.py grafana ADDRESS PORT DATABASE_PORT
       standins.py loki ADDRESS PORT

Grafana answers 503 without its database, after a login to it as far as MariaDB's greeting.
"""

import json
import re
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class StandIn(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send(self, code, text, kind="text/plain; charset=utf-8"):
        content = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def grafana(address, database):
    class Grafana(StandIn):
        def do_GET(self):
            if self.path != "/api/health":
                self.send(404, "not found\n")
                return
            try:
                with socket.create_connection((address, database), timeout=1) as connection:
                    well = b"MariaDB" in connection.recv(256)
            except OSError:
                well = False
            state = json.dumps({"database": "ok" if well else "failing"}, indent=2)
            self.send(200 if well else 503, state, "application/json; charset=UTF-8")

    return Grafana


class Loki(StandIn):
    def do_GET(self):
        if self.path == "/ready":
            self.send(200, "ready\n")
        elif self.path == "/metrics":
            self.send(200, "# TYPE loki_distributor_lines_received_total counter\nloki_distributor_lines_received_total 1\n")
        else:
            self.send(404, "404 page not found\n")


def main():
    kind, address, port, *rest = sys.argv[1:]
    if not re.fullmatch("grafana|loki", kind):
        sys.exit(__doc__)
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer.request_queue_size = 64
    handler = Loki if kind == "loki" else grafana(address, int(rest[0]))
    ThreadingHTTPServer((address, int(port)), handler).serve_forever()


main()
