"""The two that are compared, with the same services, which the kernel's loopback or a network of their own leads to."""
import os
import socket

from machine import ALL, Process, free_port, wait_for
from programs import HEALTHZ

HAPROXY = "/usr/sbin/haproxy"


class Healthz(Process):
    """`services`: lines of the configuration file."""

    def __init__(self, folder, services, wait=True, **options):
        self.port, self.log = free_port(), f"{folder}/healthz.log"
        path = f"{folder}/healthz.yaml"
        with open(path, "w") as file:
            file.write(f"listen: 127.0.0.1:{self.port}\ndrain: 0\ninterval: 1s\nservices:\n" + "".join(services))
        self.start([HEALTHZ, "--config", path], wait, options)

    def start(self, arguments, wait, options):
        prefix = options.pop("prefix", [])
        with open(self.log, "w") as log:
            super().__init__([*prefix, *arguments], set(ALL), stdout=log, stderr=log, **options)
        if wait:
            wait_for(self.port, "/livez", self)

    def tasks(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def false_failures(self):
        with open(self.log) as log:
            return sum(f" {word}" in line for line in log for word in ("is unhealthy", "is DOWN"))


class HAProxy(Healthz):
    """`servers`: one backend's, and `resolvers`: what is said of name servers."""

    def __init__(self, folder, servers, resolvers="", wait=True, **options):
        self.port, self.log = free_port(), f"{folder}/haproxy.log"
        path = f"{folder}/haproxy.cfg"
        with open(path, "w") as file:
            file.write(
                "global\n  nbthread 1\n  maxconn 4000\n"
                "defaults\n  mode http\n  timeout connect 1s\n  timeout client 75s\n  timeout server 5s\n  timeout check 3s\n"
                f"{resolvers}frontend node\n  bind 127.0.0.1:{self.port}\n  monitor-uri /livez\n"
                "frontend verdict\n"
                f"  bind 127.0.0.1:{self.port + 1}\n  acl failing nbsrv(all) lt {len(servers)}\n"
                "  monitor-uri /healthz\n  monitor fail if failing\n"
                "backend all\n  option httpchk GET /\n  http-check expect status 200\n" + "".join(servers))
        self.start([HAPROXY, "-db", "-f", path], wait, options)


class Upstream:
    """A server with one process and one answer."""

    def __init__(self, folder, address, prefix=()):
        self.port = free_port() if address == "127.0.0.1" else 80
        path = f"{folder}/nginx.conf"
        with open(path, "w") as file:
            file.write(
                f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr crit;"
                "worker_rlimit_nofile 20000; events { worker_connections 16000; } http { access_log off;"
                f" server {{ listen {address}:{self.port} backlog=4096; location / {{ return 200 'ok'; }} }} }}")
        self.process = Process([*prefix, "/usr/sbin/nginx", "-c", path, "-e", "stderr"], set(ALL))

    def end(self):
        self.process.end()


def status(port, path, timeout=5):
    """Of one request on a connection of its own; 0 without an answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            return int(connection.recv(4096).split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def table(title, columns, rows):
    lines = [f"### {title}", "", f"| {' | '.join(columns)} |", "| " + " | ".join(["---"] * len(columns)) + " |"]
    return "\n".join(lines + [f"| {' | '.join(map(str, row))} |" for row in rows]) + "\n"
