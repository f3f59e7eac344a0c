"""Honest load, slow clients, resets, nonsense, reloads, failing upstreams and bad neighbours at once, on loopback and bounded.

Every answer is held against what was true when it was asked for. Descriptors and memory are read each second. Prints a
summary; exits with 1 where anything was found.
"""
import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter

from clients import Honest, Rude
from reloads import Generation, Reloads
from upstreams import MODES
from world import CRITICAL, OPTIONAL, World

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{ROOT}/Benchmarks/bench")
import apart  # noqa: E402
from neighbours import Descriptors, Neighbours  # noqa: E402
from machine import ALL, Process, ask, free_port, wait_for  # noqa: E402
from programs import BUILT, HEALTHZ, compile_c  # noqa: E402

HONEST, RUDE, SLOW = 24, 8, 1000
# What may be more in the end than after the first minute, or after the first quarter of a short run.
MORE_MEMORY_MIB, MORE_DESCRIPTORS = 2, 64
# At rest, against what was open before the first request.
MORE_AT_REST = 4


class Soak:
    def __init__(self, seconds, seed, reason):
        """`reason`: why there are no neighbours; None where there are."""
        self.seconds, self.chance, self.reason = seconds, random.Random(seed), reason
        self.findings, self.counts = [], Counter()
        self.samples = []

    def told(self, finding):
        at = time.monotonic() - self.started
        self.findings.append(f"{at:.1f} s: {finding}")
        if len(self.findings) <= 30:
            print(f"found at {at:.1f} s: {finding}", file=sys.stderr)

    async def run(self, folder):
        self.started = time.monotonic()
        upstreams = subprocess.Popen(
            [sys.executable, "-B", f"{ROOT}/Benchmarks/soak/upstreams.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        try:
            ports = [int(port) for port in upstreams.stdout.readline().split()]
            await self.beside(folder, upstreams, ports)
        finally:
            upstreams.stdin.close()
            upstreams.wait(10)

    async def beside(self, folder, upstreams, ports):
        neighbours = Neighbours(folder, self.chance, self.counts, self.reason)
        try:
            await self.over(folder, upstreams, ports, neighbours)
        finally:
            if hasattr(self, "healthz"):
                self.healthz.end()
            neighbours.end()

    async def over(self, folder, upstreams, ports, neighbours):
        first, port, path = Generation(0), free_port(), f"{folder}/healthz.yaml"
        ports = (*ports, neighbours.host)
        with open(path, "w") as file:
            file.write(first.text(port, ports))
        with open(f"{BUILT}/soak.log", "w") as log:
            self.healthz = Process(
                [HEALTHZ, "--config", path], set(ALL), stderr=log, stdout=log, preexec_fn=neighbours.join)
        wait_for(port, "/healthz", self.healthz)
        self.at_first = self.descriptors()
        self.world = World(first)
        until = time.monotonic() + self.seconds
        slow = subprocess.Popen(
            [f"{BUILT}/clients", str(port), str(SLOW), "10", "300"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        reloads = Reloads(path, port, ports, self.healthz.pid, self.world, self.chance, self.told, self.counts)
        honest = [Honest(port, self.world, self.chance, self.told, self.counts) for _ in range(HONEST)]
        rude = [Rude(port, self.world, self.chance, self.told, self.counts) for _ in range(RUDE)]
        others = [*neighbours.running(), Descriptors(self.healthz.pid, self.world, self.chance, self.counts)]
        await asyncio.gather(
            self.fail(upstreams, until), self.watch(until), reloads.run(until),
            *(one.run(until) for one in honest + rude + others))
        slow.communicate("", timeout=30)
        await self.rest()
        self.end(port)

    async def fail(self, upstreams, until):
        """One after another, upstreams turn well or ill."""

        def turn(name, mode):
            upstreams.stdin.write(f"{(*CRITICAL, OPTIONAL).index(name)} {mode}\n")
            upstreams.stdin.flush()
            if upstreams.stdout.readline() != "done\n":
                raise RuntimeError("the upstreams have ended")

        while time.monotonic() < until:
            await asyncio.sleep(self.chance.uniform(2, 6))
            name = self.chance.choice((*CRITICAL, OPTIONAL))
            timeline = self.world.modes[name]
            mode = "up" if timeline.now != "up" else self.chance.choice(MODES[1:])
            timeline.change(mode, lambda: turn(name, mode))
            self.counts["changes of an upstream"] += 1
        for name, timeline in self.world.modes.items():
            timeline.change("up", lambda: turn(name, "up"))

    async def watch(self, until):
        while time.monotonic() < until:
            await asyncio.sleep(1)
            if self.healthz.process.poll() is not None:
                self.told(f"healthz has ended with {self.healthz.process.returncode}")
                return
            self.samples.append((self.descriptors(), self.healthz.memory()[0]))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.healthz.pid}/fd"))

    async def rest(self):
        """Without clients, what was open in the beginning is open, and what a kept connection to each upstream takes."""
        end = time.monotonic() + 10
        while self.descriptors() > self.at_first + MORE_AT_REST and time.monotonic() < end:
            await asyncio.sleep(0.1)
        if self.descriptors() > self.at_first + MORE_AT_REST:
            self.told(f"{self.descriptors()} descriptors at rest, {self.at_first} in the beginning")

    def end(self, port):
        self.healthz.process.terminate()
        time.sleep(0.3)
        status, body = ask(port, "/healthz")
        if status not in (500, 503) or b'"draining"' not in body:
            self.told(f"not draining: {status} {body!r}")
        try:
            if code := self.healthz.process.wait(10):
                self.told(f"healthz ended with {code}")
        except subprocess.TimeoutExpired:
            self.told("healthz does not end")

    def summary(self):
        first = min(60, self.seconds // 4)
        early, late = self.samples[first:first + 20], self.samples[-20:]
        lines = [f"soak of {self.seconds} s", *(f"- {name}: {count:,}" for name, count in sorted(self.counts.items()))]
        for index, name, most, unit in ((0, "descriptors", MORE_DESCRIPTORS, ""), (1, "RSS", MORE_MEMORY_MIB, " MiB")):
            if not early or not late:
                self.told("too short to say anything of memory")
                break
            before, after = (statistics.median(sample[index] for sample in part) for part in (early, late))
            lines.append(
                f"- {name}: {before:.1f}{unit} after {first} s, {after:.1f}{unit} in the end,"
                f" at most {max(sample[index] for sample in self.samples):.1f}{unit}")
            if after - before > most:
                self.told(f"{name} grew by {after - before:.1f}{unit}, and {most}{unit} is the most")
        lines.append(f"- findings: {len(self.findings)}")
        return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("SOAK_SECONDS") or 600))
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    reason = apart.enter()
    os.makedirs(BUILT, exist_ok=True)
    compile_c("clients", [])
    print(f"seed {options.seed}", file=sys.stderr)
    soak = Soak(options.seconds, options.seed, reason)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(soak.run(folder))
    print(soak.summary())
    sys.exit(1 if soak.findings else 0)


main()
