#!/usr/bin/env python3
"""A stand-in for Consul: server and agent of one data center, for tests.

usage: consul.py DATACENTER ADDRESS OTHER_ADDRESS STATE_FILE MANAGEMENT_TOKEN

It answers DNS, the agent's, the catalog's, the prepared queries' and the ACLs' API as far as compose/two-datacenters/ and healthz
use them, makes HTTP checks, and lets TTL checks expire. Measured on Consul 1.10: a critical instance leaves the names at once; a
query fails over at the next question; the other data center's servers dead are no answer at once; frozen or cut off, they hold a
question for 30 s, and for 8 s when gossip has noticed. /http-sd is not Consul's: Prometheus discovers by it.
"""

import json
import re
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from consul_agent import Agent
from consul_wan import Other, serve_names


class Refused(Exception):
    """A status and the text of its answer."""


class Consul:
    def __init__(self, datacenter, address, other_address, state, management):
        self.datacenter, self.management = datacenter, management
        self.agent = Agent(datacenter, state)
        self.other = Other("dc2" if datacenter == "dc1" else "dc1", other_address)
        self.address = address

    # Access: the rules of policies are read only as far as the setup writes them.

    def rules(self, secret):
        if secret == self.management:
            return None
        token = self.agent.state["tokens"].get(secret)
        if token is None:
            raise Refused(403, "ACL not found")
        return " ".join(self.agent.state["policies"].get(one["Name"], {}).get("Rules", "") for one in token["Policies"])

    def must(self, secret, pattern):
        rules = self.rules(secret)
        if rules is not None and not re.search(pattern, rules):
            raise Refused(403, "Permission denied")

    def must_write(self, secret, service):
        self.must(secret, r'service "%s" { policy = "write" }' % re.escape(service))

    # What DNS and queries answer.

    def usable(self, service, datacenter):
        if datacenter == self.datacenter:
            return self.agent.usable(service)
        return self.other.ask(f"/usable?service={service}") or []

    def execute(self, name):
        query = next((one for one in self.agent.state["queries"].values() if one["Name"] == name), None)
        if query is None:
            return None, []
        service = query["Service"]
        for datacenter in [self.datacenter, *service["Failover"]["Datacenters"]]:
            found = self.usable(service["Service"], datacenter)
            if service.get("OnlyPassing"):
                found = [one for one in found if one["Status"] == "passing"]
            if found:
                return datacenter, found
        return None, []

    def resolve(self, name):
        """Addresses for a name below consul, or None."""
        labels = name.split(".")
        if labels[-1] != "consul":
            return None
        if labels[1:-1] == ["query"]:
            found = self.execute(labels[0])[1]
        elif labels[1] == "service" and len(labels) in (3, 4):
            found = self.usable(labels[0], labels[2] if len(labels) == 4 else self.datacenter)
        else:
            return None
        return [one["Address"] for one in found]

    # The API.

    def get(self, path, ask, secret):
        if path == "/v1/status/leader":
            return f"{self.address}:8300"
        if path == "/v1/acl/token/self":
            self.rules(secret)
            return {"SecretID": secret}
        if path.startswith("/v1/acl/policy/name/"):
            self.must(secret, "acl")
            found = self.agent.state["policies"].get(path.rsplit("/", 1)[1])
            if found is None:
                raise Refused(404, "Requested policy does not exist")
            return found
        if path.startswith("/v1/agent/health/service/id/"):
            return self.health(urllib.parse.unquote(path.rsplit("/", 1)[1]))
        if path == "/v1/query":
            self.must(secret, "query")
            return list(self.agent.state["queries"].values())
        if re.fullmatch("/v1/query/[^/]+/execute", path):
            datacenter, found = self.execute(path.split("/")[3])
            return {"Datacenter": datacenter, "Nodes": found}
        if path.startswith("/v1/health/service/"):
            self.must(secret, "service_prefix")
            return self.usable(path.rsplit("/", 1)[1], ask.get("dc", self.datacenter))
        if path == "/http-sd":
            self.must(secret, "service_prefix")
            return self.targets(ask)
        raise Refused(404, f"no such path here: {path}")

    def health(self, service):
        """200 passing, 429 warning, 503 critical, 404 unknown."""
        if service not in self.agent.state["services"]:
            raise Refused(404, f"ServiceId {service} not found")
        status = self.agent.status(service)
        if status != "passing":
            raise Refused(429 if status == "warning" else 503, status)
        return status

    def targets(self, ask):
        datacenter = ask["dc"]
        services = self.agent.all() if datacenter == self.datacenter else self.other.ask("/all")
        if services is None:
            # As Consul's discovery: an error, and Prometheus keeps the targets that it has.
            raise Refused(500, "No path to datacenter")
        wanted, tags = ask.get("services", ""), set(filter(None, ask.get("tags", "").split(",")))
        return [
            {"targets": [f"{one['Address']}:{one['Port']}"],
             "labels": {"__meta_consul_dc": datacenter, "__meta_consul_service": one["Name"]}}
            for one in services
            if (not wanted or one["Name"] in wanted.split(",")) and tags <= set(one["Tags"])
        ]

    def put(self, path, body, secret):
        agent = self.agent
        if path == "/v1/agent/service/register":
            self.must_write(secret, body["Name"])
            return agent.register(body)
        if path.startswith("/v1/agent/service/deregister/"):
            return agent.deregister(path.rsplit("/", 1)[1])
        if path.startswith("/v1/agent/check/update/"):
            check = urllib.parse.unquote(path.rsplit("/", 1)[1])
            found = agent.of_check(check)
            if found is None:
                raise Refused(404, f'Unknown check ID "{check}". Ensure that the check ID is passed, not the check name.')
            self.must_write(secret, found[0]["Name"])
            return agent.update(check, body["Status"])
        if path.startswith("/v1/acl/"):
            self.must(secret, "acl = write")
            if self.datacenter != "dc1":
                # The primary writes; this side gets its copy by replication.
                if self.other.ask("/acl" + path, body) is None:
                    raise Refused(500, "the primary refused, or there is no path to it")
                return {}
            return self.write_acl(path, body)
        if path.startswith("/v1/query/"):
            self.must(secret, "query")
            return agent.save("queries", path.rsplit("/", 1)[1], body)
        raise Refused(404, f"no such path here: {path}")

    def write_acl(self, path, body):
        if path == "/v1/acl/token":
            self.agent.save("tokens", body["SecretID"], body)
        elif path == "/v1/acl/policy" and body["Name"] in self.agent.state["policies"]:
            raise Refused(500, f'A Policy with Name "{body["Name"]}" already exists')
        else:
            self.agent.save("policies", body["Name"], {"ID": body["Name"], **body})
        return {}

    def post(self, path, body, secret):
        self.must(secret, "query")
        if path != "/v1/query":
            raise Refused(404, f"no such path here: {path}")
        if any(one["Name"] == body["Name"] for one in self.agent.state["queries"].values()):
            raise Refused(500, f"name '{body['Name']}' aliases an existing query name")
        number = f"query-{body['Name']}"
        self.agent.save("queries", number, {"ID": number, **body})
        return {"ID": number}

    # Between servers.

    def rpc(self, path, ask, body):
        if path == "/usable":
            return self.agent.usable(ask["service"])
        if path == "/all":
            return self.agent.all()
        if path == "/acl":
            return {name: self.agent.state[name] for name in ("policies", "tokens")}
        if path.startswith("/acl/"):
            return self.write_acl(path[len("/acl"):], body)
        return "pong"

    def replicate(self):
        """dc2 copies policies and tokens from dc1."""
        while True:
            got = self.other.ask("/acl") if not self.other.failed else None
            if got:
                self.agent.copy(got)
            time.sleep(0.5)


def handler(answer):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self):
            path, _, query = self.path.partition("?")
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or "null") if length else None
            secret = self.headers.get("X-Consul-Token") or (self.headers.get("Authorization") or "")[len("Bearer "):]
            try:
                result = answer(self.command, path, dict(urllib.parse.parse_qsl(query)), body, secret)
                code, content = 200, b"" if result is None else json.dumps(result).encode()
            except Refused as refused:
                code, content = refused.args[0], refused.args[1].encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json" if code == 200 else "text/plain")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = reply

        def log_message(self, *_):
            pass

    return Handler


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    consul = Consul(*sys.argv[1:])

    def api(method, path, ask, body, secret):
        if method == "GET":
            return consul.get(path, ask, secret)
        return (consul.put if method == "PUT" else consul.post)(path, body, secret)

    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer.request_queue_size = 64
    servers = [
        ThreadingHTTPServer((consul.address, 8500), handler(api)),
        ThreadingHTTPServer((consul.address, 8300), handler(lambda _, path, ask, body, __: consul.rpc(path, ask, body))),
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    consul.other.watch()
    if consul.datacenter != "dc1":
        threading.Thread(target=consul.replicate, daemon=True).start()
    serve_names(consul.address, consul.resolve)


main()
