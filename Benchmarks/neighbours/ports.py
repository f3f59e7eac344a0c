"""600 checks a second of one address and port, through 3,000 ports, by healthz and by HAProxy at the same time.

On loopback, Linux takes ports in TIME_WAIT again; so each has a network of its own, and the server has one, too.
"""
import os
import subprocess
import time

from rivals import HAProxy, Healthz, Upstream, table

SERVICES, PORTS = 600, (32768, 35767)
SERVER, CLIENTS = "10.9.0.1", {"healthz": "10.9.0.2", "HAProxy": "10.9.0.3"}
COLUMNS = ("program", "checks / s", "TIME_WAIT at most", "its CPU ms / s", "failures that were none")


class Network:
    """A network namespace, held by a process that sleeps."""

    def __init__(self, address):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        mine = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == mine:
            time.sleep(0.01)
        self.enter = ["nsenter", "-t", str(self.holder.pid), "-n"]
        index = address.rsplit(".", 1)[1]
        try:
            self.connect(index, address)
        except subprocess.CalledProcessError:
            self.end()
            raise

    def connect(self, index, address):
        sh("ip", "link", "add", f"b{index}", "type", "veth", "peer", "name", "v0", "netns", str(self.holder.pid))
        sh("ip", "link", "set", f"b{index}", "master", "br0", "up")
        for words in ((f"addr add {address}/24 dev v0", "link set lo up", "link set v0 up")):
            sh(*self.enter, "ip", *words.split())
        sh(*self.enter, "sysctl", "-qw", f"net.ipv4.ip_local_port_range={PORTS[0]} {PORTS[1]}")

    def count(self, state):
        """Sockets in that state, by its number (RFC 9293 has its name, and linux/net/tcp_states.h the number)."""
        with open(f"/proc/{self.holder.pid}/net/tcp") as file:
            return sum(line.split()[3] == state for line in file.readlines()[1:])

    def opened(self):
        with open(f"/proc/{self.holder.pid}/net/snmp") as file:
            names, values = [line.split() for line in file if line.startswith("Tcp:")]
        return int(values[names.index("ActiveOpens")])

    def end(self):
        self.holder.kill()
        self.holder.wait()


def sh(*words):
    subprocess.run(words, check=True)


def run(folder, seconds):
    sh("ip", "link", "add", "br0", "type", "bridge")
    sh("ip", "link", "set", "br0", "up")
    networks, running = {}, []
    try:
        for name, address in (*CLIENTS.items(), ("upstream", SERVER)):
            networks[name] = Network(address)
        far = networks["upstream"]
        running.append(Upstream(folder, SERVER, far.enter))
        time.sleep(0.5)
        servers = [f"  server s{index} {SERVER}:80 check inter 1s\n" for index in range(SERVICES)]
        services = [f"  s{index}: {{url: 'http://{SERVER}/s{index}'}}\n" for index in range(SERVICES)]
        programs = {
            "healthz": Healthz(folder, services, wait=False, prefix=networks["healthz"].enter),
            "HAProxy": HAProxy(folder, servers, wait=False, prefix=networks["HAProxy"].enter)}
        running += programs.values()
        rows = measure(programs, networks, max(60, seconds))
    finally:
        for one in running:
            one.end()
        for network in networks.values():
            network.end()
    return table(f"{SERVICES} services of one address and port, each checked every second", COLUMNS, rows)


def measure(programs, networks, seconds):
    # The first checks of all are together; what is told is what stays.
    time.sleep(3)
    before = {name: (program.cpu_milliseconds(), networks[name].opened()) for name, program in programs.items()}
    waiting, end = dict.fromkeys(programs, 0), time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(1)
        for name in programs:
            waiting[name] = max(waiting[name], networks[name].count("06"))
    return [
        (name, f"{(networks[name].opened() - before[name][1]) / seconds:.0f}", waiting[name],
         f"{(program.cpu_milliseconds() - before[name][0]) / seconds:.1f}", program.false_failures())
        for name, program in programs.items()]
