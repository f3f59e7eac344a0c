"""A real agent of Consul and a healthz beside it, on loopback, for scripts/consul-check."""

import http.client
import json
import random
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dns

DEV = ("-dev", "-node=here")


def free_ports(count):
    """Ports that are free for TCP and UDP, below those that the kernel gives to clients, so that they stay free."""
    found = []
    while len(found) < count:
        port = random.randrange(20000, 32000)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as trying:
                    trying.bind(("127.0.0.1", port))
        except OSError:
            continue
        if port not in found:
            found.append(port)
    return found


def until(condition, patience):
    """True as soon as the condition is true, else what it said last."""
    end = time.monotonic() + patience
    while True:
        try:
            seen = condition()
        except (OSError, LookupError, ValueError, http.client.HTTPException) as error:
            seen = repr(error)
        if seen is True or time.monotonic() > end:
            return seen
        time.sleep(0.01)


class Program:
    """A process that can be started again; its output is in a file."""

    def __init__(self, title, folder, command):
        self.title, self.folder, self.command = title, folder, command
        self.folder.mkdir(exist_ok=True)
        self.start()

    def start(self):
        with (self.folder / f"{self.title}.log").open("a") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait(10)

    def end(self):
        if self.process.poll() is None:
            self.kill()

    def log(self):
        return (self.folder / f"{self.title}.log").read_text(errors="replace")


class Agent(Program):
    def __init__(self, consul, folder, more, configuration):
        given = {one.partition("=")[0] for one in more}
        flags = [name for name in ("http", "dns", "server", "serf-lan", "serf-wan") if f"-{name}-port" not in given]
        ports = dict(zip(flags, free_ports(len(flags))))
        self.url, self.dns_port, self.secret = f"http://127.0.0.1:{ports['http']}", ports["dns"], None
        folder.mkdir()
        file = folder / "agent.json"
        file.write_text(json.dumps({"ports": {"grpc": -1}, "disable_update_check": True, **(configuration or {})}))
        command = [consul, "agent", "-bind=127.0.0.1", "-log-level=warn", f"-config-file={file}"]
        command += [f"-{name}-port={port}" for name, port in ports.items()]
        if "-dev" not in given:
            command += [f"-data-dir={folder}/data", f"-node={folder.name}"]
        super().__init__("agent", folder, [*command, *more])

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode())
        if self.secret:
            request.add_header("X-Consul-Token", self.secret)
        with urllib.request.urlopen(request, timeout=2) as response:
            content = response.read()
            return json.loads(content) if content else None

    def get(self, path):
        return self.call("GET", path)

    def put(self, path, body=None):
        return self.call("PUT", path, body)

    def check(self, name):
        return self.get("/v1/agent/checks")[f"service:{name}-1"]

    def resolve(self, name):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(2)
            asking.sendto(dns.question(name), ("127.0.0.1", self.dns_port))
            return dns.addresses(asking.recv(4096)) or []


class Healthz(Program):
    def __init__(self, program, folder, upstreams, services, consul, token=None, port=None):
        self.port = port or free_ports(1)[0]
        section = {
            "address": consul, "service_address": "127.0.0.9", "tags": ["metrics"], "meta": {"stack": "green"}, "ttl": "2s",
            "services": {name: {"port": port, "service_id": f"{name}-1"} for name, port in services.items()},
        }
        section["services"]["healthz"]["verdict"] = "node"
        if token:
            section["token_file"] = str(token)
        file = folder / "healthz.yaml"
        # JSON is YAML.
        file.write_text(json.dumps({
            "interval": "200ms", "listen": f"127.0.0.1:{self.port}", "drain": "1s", "detail": "full",
            "services": {name: {"url": f"{upstreams.url}/{name}", "critical": name == "grafana"} for name in upstreams.names},
            "discovery": {"consul": section},
        }))
        super().__init__("healthz", folder / "healthz", [program, "serve", "--config", str(file)])

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", path, headers={"Accept": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def duration(self):
        began = time.monotonic()
        self.get("/healthz")
        return time.monotonic() - began

    def discovery(self, name):
        return next(one for one in json.loads(self.get("/healthz")[1])["discovery"] if one["service"] == name)


class Upstreams:
    """Services that healthz asks; each is well or ill."""

    def __init__(self, *names):
        self.names, self.sick = names, set()
        sick = self.sick

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(500 if self.path[1:] in sick else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def ill(self, *names):
        self.sick.clear()
        self.sick.update(names)
