"""Serves metrics in Prometheus' text format on loopback, made up after Loki's: exposition.py PORT BYTES."""
import contextlib
import socket
import sys
import threading

BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "25", "50", "100", "+Inf")


def text(size):
    """Histograms of many routes up to that size, and a few single series between them and at the end."""
    lines = ["# HELP wal_usage Share of the disk that is used", "# TYPE wal_usage gauge", "wal_usage 0.1028"]
    length = sum(len(line) + 1 for line in lines)
    route = 0
    while length < size:
        labels = f'method="GET",route="api_v1_route_{route}",status_code="200",ws="false"'
        family = [f'request_duration_seconds_bucket{{{labels},le="{bound}"}} {route * 7}' for bound in BOUNDS]
        family.append(f"request_duration_seconds_sum{{{labels}}} {route * 0.123:.6e}")
        family.append(f"request_failures_total{{{labels}}} 0")
        lines += family
        length += sum(len(line) + 1 for line in family)
        route += 1
    return "\n".join(lines) + "\n"


def serve(connection, response):
    with contextlib.suppress(OSError), connection:
        head = b""
        while piece := connection.recv(65536):
            head += piece
            if head.endswith(b"\r\n\r\n"):
                connection.sendall(response)
                head = b""


def main():
    port, size = (int(text) for text in sys.argv[1:])
    body = text(size).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(body)}\r\n\r\n"
    response = head.encode() + body
    listener = socket.create_server(("127.0.0.1", port), backlog=512)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, response), daemon=True).start()


if __name__ == "__main__":
    main()
