"""The configuration, in generations: each has a mark, and differs from the one before in how it checks."""
import asyncio
import os
import signal
import time
from dataclasses import dataclass

from clients import Broken, Connection, head

BAD = ("services: {loki: {urll: http://a}}\n", "timeout: soon\n", "services:\n  - [\n", "interval: 1s\nrise: 0\n", "\0")
WAYS = ("", "reuse_connections: on\n", "interval: 200ms\n", "cache: 100ms\n")


@dataclass
class Generation:
    number: int

    @property
    def name(self):
        return f"generation-{self.number}"

    @property
    def unhealthy_status(self):
        return 500 if self.number % 2 == 0 else 503

    def text(self, port, upstreams):
        """`upstreams`: the ports of four, and the host by which the last one is probed once more."""
        *ports, host = upstreams
        grafana, loki, tempo, steady = (f"http://127.0.0.1:{upstream}/" for upstream in ports)
        return (
            f"listen: 127.0.0.1:{port}\ntimeout: 1s\ndeadline: 1200ms\ndrain: 1s\n"
            f"unhealthy_status: {self.unhealthy_status}\n{WAYS[self.number % len(WAYS)]}services:\n"
            f"  grafana: {{url: '{grafana}', body: {{contains: x}}}}\n"
            f"  loki: {{url: '{loki}', accept: 404, body: {{matches: '^x'}}}}\n"
            f"  tempo: {{url: '{tempo}', accept: 404, critical: false}}\n"
            f"  named: {{url: 'http://{host}:{ports[-1]}/', accept: 404}}\n"
            f"  {self.name}: {{url: '{steady}', accept: 404}}\n")


class Reloads:
    def __init__(self, path, port, upstreams, pid, world, chance, told, counts):
        self.path, self.port, self.upstreams, self.pid = path, port, upstreams, pid
        self.world, self.chance, self.told, self.counts = world, chance, told, counts

    async def run(self, until):
        while time.monotonic() < until:
            await asyncio.sleep(self.chance.uniform(4, 9))
            async with self.world.reloading:
                await (self.good() if self.chance.random() < 0.7 else self.bad())

    async def good(self):
        number = self.world.generations.now.number
        next = Generation(number + 1)
        self.write(next.text(self.port, self.upstreams))

        async def load():
            os.kill(self.pid, signal.SIGHUP)
            await self.until("/readyz", lambda answer: answer.body == b"ready\n", "a good reload has not ended")
            await self.until(f"/healthz/{next.name}", lambda answer: answer.status == 200, f"no {next.name}")

        await self.world.generations.change_slowly(next, load)
        self.counts["good reloads"] += 1

    async def bad(self):
        self.write(self.chance.choice(BAD))
        os.kill(self.pid, signal.SIGHUP)
        await self.until("/readyz", lambda answer: b"failed" in answer.body, "a bad reload is not told of")
        self.counts["bad reloads"] += 1

    def write(self, text):
        with open(f"{self.path}.new", "w") as file:
            file.write(text)
        os.replace(f"{self.path}.new", self.path)

    async def until(self, path, is_so, otherwise):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            connection = Connection(self.port)
            try:
                await connection.send(head(path, "Connection: close"))
                if is_so(await asyncio.wait_for(connection.receive(), 10)):
                    return
            except (Broken, OSError, asyncio.TimeoutError) as error:
                self.world.broken(f"{path}: {type(error).__name__}: {error}", self.told, self.counts)
            await asyncio.sleep(0.02)
        self.told(otherwise)
