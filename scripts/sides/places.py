"""Places for two data centers on one machine: network namespaces, and processes in them."""

import ctypes
import os
import signal
import subprocess
import time

ADDRESSES = {"dc1": "10.77.1.1", "dc2": "10.77.2.1"}
OUTSIDE = {"dc1": "10.77.1.254", "dc2": "10.77.2.254"}
CLONE_NEWNET = 0x40000000


class Failure(Exception):
    """What did not happen in time, or could not be done."""


def wait(what, condition, patience=60.0, pause=0.05):
    """Waits until the condition is true, and returns what it returned."""
    end, last = time.monotonic() + patience, None
    while time.monotonic() < end:
        try:
            last = condition()
        except (OSError, ValueError, LookupError) as error:
            last = error
        else:
            if last:
                return last
        time.sleep(pause)
    raise Failure(f"after {patience:.0f} s not: {what}; last seen: {last}")


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, timeout=20)
    if done.returncode:
        raise Failure(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


class Network:
    """Two namespaces, and a third one, outside, which routes between them. This process moves outside."""

    def __init__(self):
        self.names = {place: f"hz{os.getpid()}{place}" for place in ("outside", "dc1", "dc2")}
        self.made = []

    def open(self):
        for name in self.names.values():
            ip("netns", "add", name)
            self.made.append(name)
            ip("-n", name, "link", "set", "lo", "up")
        outside = self.names["outside"]
        for place in ("dc1", "dc2"):
            name = self.names[place]
            ip("-n", outside, "link", "add", place, "type", "veth", "peer", "name", "uplink", "netns", name)
            for where, device, address in ((outside, place, OUTSIDE[place]), (name, "uplink", ADDRESSES[place])):
                ip("-n", where, "address", "add", f"{address}/24", "dev", device)
                ip("-n", where, "link", "set", "dev", device, "up")
            # For a server of a real Consul beside the agent.
            ip("-n", name, "address", "add", f"{ADDRESSES[place][:-1]}2/24", "dev", "uplink")
            ip("-n", name, "route", "add", "default", "via", OUTSIDE[place])
        with open(f"/var/run/netns/{outside}") as file:
            if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET):
                raise Failure(f"setns: {os.strerror(ctypes.get_errno())}")
        self.join(True)

    def join(self, joined):
        """Without the route, packets between the sides are lost in silence, also those of open connections."""
        name = self.names["outside"]
        done = subprocess.run(
            ["ip", "netns", "exec", name, "sh", "-c", f"echo {int(joined)} >/proc/sys/net/ipv4/ip_forward"], timeout=20
        )
        if done.returncode:
            raise Failure("the link cannot be switched")

    def close(self):
        for name in self.made:
            subprocess.run(["ip", "netns", "delete", name], timeout=20, check=False)


class Place:
    """The processes of one side."""

    def __init__(self, datacenter, network, folder):
        self.datacenter, self.network = datacenter, network
        self.other = "dc2" if datacenter == "dc1" else "dc1"
        self.address, self.other_address = ADDRESSES[datacenter], ADDRESSES[self.other]
        self.folder = folder / datacenter
        self.folder.mkdir()
        self.commands, self.processes = {}, {}

    def command(self, *command):
        return ["ip", "netns", "exec", self.network.names[self.datacenter], *(str(part) for part in command)]

    def define(self, title, *command, environment=None):
        """How to start a program, which start() then does, as often as it is asked."""
        self.commands[title] = (command, environment)

    def start(self, *titles):
        for title in titles or self.commands:
            command, environment = self.commands[title]
            with (self.folder / f"{title}.log").open("a") as log:
                # ip and unshare replace themselves by the program, so the id is the program's.
                self.processes[title] = subprocess.Popen(
                    self.command(*command), stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                    env={**os.environ, **(environment or {})},
                )

    def run(self, *command, environment=None, patience=60):
        """A program that ends; its output."""
        done = subprocess.run(
            self.command(*command), capture_output=True, text=True, timeout=patience, env={**os.environ, **(environment or {})}
        )
        if done.returncode:
            raise Failure(f"{command[0]} in {self.datacenter}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def signal(self, number, *titles):
        for title in titles or self.processes:
            if self.processes[title].poll() is None:
                self.processes[title].send_signal(number)

    def kill(self, *titles):
        titles = titles or tuple(self.processes)
        self.signal(signal.SIGKILL, *titles)
        for title in titles:
            self.processes[title].wait(20)

    def ended(self):
        """Programs that should run and do not."""
        return [title for title, process in self.processes.items() if process.poll() is not None]

    def log(self, title, lines=15):
        path = self.folder / f"{title}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""
