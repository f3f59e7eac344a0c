"""What is measured and what serves the measuring, each ready to answer when it is made."""
import os
import subprocess

from machine import LOAD, SERVER, Process, ask, free_port, wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILT = os.path.join(ROOT, ".build-bench")
HEALTHZ = os.path.join(ROOT, ".build-release", "healthz")


def build():
    os.makedirs(BUILT, exist_ok=True)
    for name in ("multi", "upstream", "clients"):
        compile_c(name, ["-lcurl"] if name == "multi" else [])
    subprocess.run(["go", "build", "-o", f"{BUILT}/rival", f"{ROOT}/Benchmarks/programs/rival.go"], check=True)


def compile_c(name, libraries):
    source = f"{ROOT}/Benchmarks/programs/{name}.c"
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", source, "-o", f"{BUILT}/{name}", *libraries], check=True)


class Upstreams(Process):
    """Grafana, Loki and Tempo as far as a probe can see, each after its delay in microseconds."""

    def __init__(self, delays=(0, 0, 0)):
        self.ports = [free_port() for _ in delays]
        self.statuses = (200, 404, 404)
        places = [f"{port}:{status}:{delay}" for port, status, delay in zip(self.ports, self.statuses, delays)]
        super().__init__([f"{BUILT}/upstream", *places], LOAD)
        wait_for(self.ports[0], "/count", self)
        self.urls = [f"http://127.0.0.1:{port}/" for port in self.ports]

    def count(self):
        """How many requests have come to all of them."""
        return int(ask(self.ports[0], "/count")[1])


class Healthz(Process):
    def __init__(self, upstreams, **settings):
        self.port = free_port()
        environment = {
            "HEALTHZ_LISTEN": f"127.0.0.1:{self.port}", "HEALTHZ_LOG_LEVEL": "error", "HEALTHZ_DRAIN": "0",
            **{f"HEALTHZ_{name.upper()}": value for name, value in settings.items()},
        }
        if upstreams:
            grafana, loki, tempo = (url.rstrip("/") for url in upstreams.urls)
            environment.update(GRAFANA_ENDPOINT=grafana, LOKI_ENDPOINT=loki, TEMPO_ENDPOINT=tempo)
        super().__init__([HEALTHZ], SERVER, environment)
        self.first_answer = wait_for(self.port, "/healthz", self)


class Nginx(Process):
    """The limit of an answer from memory."""

    def __init__(self, folder):
        self.port = free_port()
        path = os.path.join(folder, f"nginx-{self.port}.conf")
        with open(path, "w") as file:
            file.write(
                f"daemon off; master_process off; pid {folder}/nginx-{self.port}.pid; error_log stderr crit;"
                "worker_rlimit_nofile 20000; events { worker_connections 16000; }"
                "http { access_log off; keepalive_requests 100000000;"
                f"server {{ listen 127.0.0.1:{self.port} backlog=4096;"
                "location / { add_header Cache-Control no-store; return 200 'alive\n'; } } }")
        super().__init__(["/usr/sbin/nginx", "-c", path, "-e", "stderr"], SERVER)
        self.first_answer = wait_for(self.port, "/livez", self)


class HAProxy(Process):
    """The rival that tells the state of three servers from memory, which it checks every 2 s."""

    def __init__(self, folder, upstreams):
        self.port = free_port()
        path = os.path.join(folder, f"haproxy-{self.port}.cfg")
        names = ("grafana", "loki", "tempo")
        backends = "".join(
            f"backend {name}\n  option httpchk GET /\n  http-check expect status {status}\n"
            f"  server {name} 127.0.0.1:{port} check inter 2s\n"
            for name, port, status in zip(names, upstreams.ports, upstreams.statuses))
        failing = "".join(f"  acl failing nbsrv({name}) lt 1\n" for name in names)
        with open(path, "w") as file:
            file.write(
                # A connection that is answered from memory takes one descriptor, and not the two that it reckons with.
                "global\n  nbthread 1\n  maxconn 16000\n  no strict-limits\n"
                "defaults\n  mode http\n  timeout connect 1s\n  timeout client 75s\n  timeout server 5s\n"
                "  timeout http-request 5s\n"
                f"frontend node\n  bind 127.0.0.1:{self.port} backlog 4096\n  maxconn 15000\n  monitor-uri /livez\n"
                f"{failing}  monitor fail if failing\n{backends}")
        super().__init__(["/usr/sbin/haproxy", "-db", "-q", "-f", path], SERVER)
        self.first_answer = wait_for(self.port, "/livez", self)


class Go(Process):
    def __init__(self, upstreams, keeps=False):
        self.port = free_port()
        targets = [f"{status}@{url}" for status, url in zip(upstreams.statuses, upstreams.urls)]
        super().__init__([f"{BUILT}/rival", *(["-k"] if keeps else []), str(self.port), *targets], SERVER)
        self.first_answer = wait_for(self.port, "/healthz", self)


class CServer(Process):
    """One client at a time."""

    def __init__(self, upstreams, keeps=False):
        self.port = free_port()
        flags = ["-k"] if keeps else []
        super().__init__([f"{BUILT}/multi", *flags, "-l", str(self.port), *upstreams.urls], SERVER)
        self.first_answer = wait_for(self.port, "/", self)
