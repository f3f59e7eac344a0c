"""The stand-in for Consul towards others: the servers of the other data center, and DNS."""

import http.client
import json
import socket
import threading
import time

import dns

# A server that is silent is failed after this time of gossip.
GOSSIP = 30


class Other:
    """The other data center."""

    def __init__(self, datacenter, address):
        self.datacenter, self.address = datacenter, address
        self.heard = time.monotonic()

    @property
    def failed(self):
        return time.monotonic() - self.heard > GOSSIP

    def ask(self, path, body=None, timeout=None):
        """Its answer, or None. A dead server is known at once; a silent one holds a question."""
        connection = http.client.HTTPConnection(self.address, 8300, timeout=timeout or (8 if self.failed else 30))
        try:
            connection.request("PUT" if body is not None else "GET", path, json.dumps(body) if body is not None else None)
            response = connection.getresponse()
            content = response.read()
            return json.loads(content) if response.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def watch(self):
        def gossip():
            while True:
                if self.ask("/ping", timeout=1) is not None:
                    self.heard = time.monotonic()
                time.sleep(1)

        threading.Thread(target=gossip, daemon=True).start()


def serve_names(address, resolve):
    """Answers DNS on port 53, each question in its own thread, as one may wait for the other side."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, 53))

        def reply(message, client):
            name, kind = dns.asked(message)
            found = resolve(name) if kind == dns.A else []
            server.sendto(dns.answer(message, found or [], 0 if found else dns.NXDOMAIN), client)

        while True:
            message, client = server.recvfrom(4096)
            threading.Thread(target=reply, args=(message, client), daemon=True).start()
