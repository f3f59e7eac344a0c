#!/usr/bin/env python3
"""Answers Prometheus' discovery by HTTP from a real Consul, as Prometheus' discovery by Consul would ask it.

usage: consul_targets.py ADDRESS PORT CONSUL_URL

The token of the request is passed on, so the policy of the reader is tried, too. If Consul does not answer, this is an error, and
Prometheus keeps the targets that it has.
"""

import json
import sys
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def ask(url, token):
    with urllib.request.urlopen(urllib.request.Request(url, headers={"X-Consul-Token": token}), timeout=5) as response:
        return json.load(response)


def targets(consul, wanted, token):
    where = "?" + urllib.parse.urlencode({"dc": wanted["dc"]})
    names, tags = set(filter(None, wanted["services"].split(","))), set(filter(None, wanted["tags"].split(",")))
    for name, known in ask(f"{consul}/v1/catalog/services{where}", token).items():
        if names and name not in names or not tags <= set(known):
            continue
        for entry in ask(f"{consul}/v1/health/service/{urllib.parse.quote(name)}{where}", token):
            service = entry["Service"]
            if tags <= set(service["Tags"]):
                yield {
                    "targets": [f"{service['Address'] or entry['Node']['Address']}:{service['Port']}"],
                    "labels": {"__meta_consul_dc": wanted["dc"], "__meta_consul_service": name},
                }


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    address, port, consul = sys.argv[1:]

    class Targets(BaseHTTPRequestHandler):
        def do_GET(self):
            wanted = dict(urllib.parse.parse_qsl(self.path.partition("?")[2], keep_blank_values=True))
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            try:
                code, content = 200, json.dumps(list(targets(consul, wanted, token)))
            except (OSError, ValueError, LookupError) as error:
                code, content = 500, f"{error}"
            self.send_response(code)
            self.send_header("Content-Type", "application/json" if code == 200 else "text/plain")
            self.send_header("Content-Length", str(len(content.encode())))
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_):
            pass

    ThreadingHTTPServer((address, int(port)), Targets).serve_forever()


main()
