"""What shares the machine: it takes threads and descriptors away and gives them back, and names are answered by half."""
import asyncio
import os
import resource
import sys
import time

import apart
import names

BENCH = os.path.dirname(os.path.abspath(names.__file__))
# What docs/operations.md calls enough.
TASKS = 64
# Below what is open all the time, and above.
DESCRIPTORS = (64, 512, 1024)


class Threads:
    """Takes all tasks of the container, again and again. Every answer is what it would be without."""

    def __init__(self, chance, counts):
        self.chance, self.counts = chance, counts
        self.group = apart.PidsGroup(TASKS)
        self.child = apart.Child(f"{BENCH}/neighbour.py", preexec_fn=self.group.join)

    async def run(self, until):
        while time.monotonic() < until:
            await asyncio.sleep(self.chance.uniform(1, 4))
            self.child.tell("take")
            self.counts["times that no thread could be had"] += 1
            await asyncio.sleep(self.chance.uniform(1, 8))
            self.child.tell("give")

    def end(self):
        self.child.end()
        self.group.remove()


class Descriptors:
    """Lowers the limit of descriptors of healthz for a second or two. Probes may be `internal` by then, and connections wait or
    are closed."""

    def __init__(self, pid, world, chance, counts):
        self.pid, self.world, self.chance, self.counts = pid, world, chance, counts
        self.limit = resource.prlimit(pid, resource.RLIMIT_NOFILE)

    async def run(self, until):
        while time.monotonic() < until:
            await asyncio.sleep(self.chance.uniform(8, 15))
            # A reload needs descriptors, too, and is not tried again.
            async with self.world.reloading:
                await self.world.shortage.change_slowly(True, self.take)
                await asyncio.sleep(self.chance.uniform(0.5, 2))
                await self.world.shortage.change_slowly(False, self.give)

    async def take(self):
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (self.chance.choice(DESCRIPTORS), self.limit[1]))
        self.counts["times that no descriptor could be had"] += 1

    async def give(self):
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, self.limit)


class Names:
    """Changes how the name server answers. A service that has a name is healthy all the time, as its A is always answered."""

    def __init__(self, folder, chance, counts):
        self.chance, self.counts = chance, counts
        apart.ask_only(folder)
        self.child = apart.Child(f"{BENCH}/names.py")

    async def run(self, until):
        while time.monotonic() < until:
            self.child.tell(self.chance.choice(names.MODES))
            self.counts["changes of the name server"] += 1
            await asyncio.sleep(self.chance.uniform(2, 8))

    def end(self):
        self.child.end()


class Neighbours:
    """Those that can be had here; of the others, the reason is printed."""

    def __init__(self, folder, chance, counts, reason):
        self.threads = self.names = None
        if reason:
            return print(f"without neighbours: {reason}", file=sys.stderr)
        self.names = Names(folder, chance, counts)
        try:
            self.threads = Threads(chance, counts)
        except OSError as error:
            print(f"without a neighbour that takes threads: {error}", file=sys.stderr)

    @property
    def host(self):
        """Of the service that has a name, where one can be found."""
        return "half.test" if self.names else "127.0.0.1"

    @property
    def join(self):
        return self.threads.group.join if self.threads else None

    def running(self):
        return [one for one in (self.threads, self.names) if one]

    def end(self):
        for one in self.running():
            one.end()
