"""healthz with imitated services, for pictures and tests of the status page."""

import http.server
import json
import os
import re
import select
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client may go at any time."""


class StandIn:
    """Answers on loopback, each request with the status and the body of `answer(path, content)`."""

    def __init__(self):
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                content = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                status, body = stand_in.answer(self.path, content)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_GET

            def log_message(self, *_):
                pass

        self.server = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Upstream(StandIn):
    """Answers after `delay(number)` seconds with the status `status(number)`."""

    def __init__(self, delay, status=lambda number: 200):
        self.count, self.delay, self.status = 0, delay, status
        super().__init__()

    def answer(self, path, content):
        self.count += 1
        time.sleep(self.delay(self.count))
        return self.status(self.count), b'{"database": "ok"}\n'


class Agent(StandIn):
    """A Consul agent that accepts all but what is of the service `refused`."""

    def __init__(self, refused):
        self.refused = refused
        super().__init__()

    def answer(self, path, content):
        if self.refused in path or f'"Name":"{self.refused}"' in content:
            return 403, b"Permission denied: token lacks permission 'service:write'"
        return 200, b""


class Sidecar:
    """Runs the program with this configuration, under its own host name if this is permitted."""

    def __init__(self, configuration, environment=()):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "healthz.yaml")
        with open(path, "w") as file:
            file.write(configuration)
        program = os.environ.get("HEALTHZ", os.path.join(ROOT, ".build/debug/healthz"))
        named = ["unshare", "--uts", "sh", "-c", 'hostname ip-10-0-7-12 && exec "$0" "$@"'] if os.getuid() == 0 else []
        settings = {"HEALTHZ_CONFIG": path, "HEALTHZ_LISTEN": "127.0.0.1:0", "HEALTHZ_DRAIN": "0s"}
        self.process = subprocess.Popen(
            [*named, program], env={"PATH": os.environ["PATH"], **settings, **dict(environment)},
            stderr=subprocess.PIPE)
        self.url = self.wait_for_url()
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def wait_for_url(self):
        text, end = b"", time.monotonic() + 30
        while time.monotonic() < end and select.select([self.process.stderr], [], [], 1)[0] is not None:
            some = os.read(self.process.stderr.fileno(), 4096)
            if not some:
                break
            text += some
            found = re.search(rb"listens on (http://[0-9.:]+)", text)
            if found:
                return found.group(1).decode()
        raise RuntimeError(f"healthz did not start: {text.decode()}")

    def get(self, target, accept="application/json"):
        request = urllib.request.Request(self.url + target, headers={"Accept": accept})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def status(self):
        return json.loads(self.get("/healthz"))["status"]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)
        self.folder.cleanup()
