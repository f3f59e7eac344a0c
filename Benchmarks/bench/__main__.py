"""Measures the release build beside its rivals, in interleaved rounds on loopback: see docs/benchmarks.md.

Prints markdown tables, and writes JSON. What is started is ended; load is bounded in count and time.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import fresh
import memory
import metrics
import scale
import standing
from machine import ALL, description
from programs import BUILT, HEALTHZ, ROOT, build
from results import Results

PARTS = {
    "memory": memory.run,
    "fresh": fresh.run,
    "latency": fresh.run_latency,
    "standing": standing.run,
    "idle": standing.run_idle,
    "services": scale.run_services,
    "metrics": metrics.run,
    "connections": scale.run_idle_connections,
    "slow": scale.run_slow_clients,
}


def main():
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("BENCH_ROUNDS") or 5))
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("BENCH_SECONDS") or 2), help="of each load")
    parser.add_argument("--json", default=f"{ROOT}/.build-release/bench.json", metavar="FILE")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    if len(ALL) < 2:
        sys.exit("one processor for server and load says nothing: two are needed")

    build()
    results, failed = Results(), []
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    results.about = {
        **description(), "commit": commit.stdout.strip(), "rounds": options.rounds, "seconds": options.seconds,
        "stripped binary, MB": round(os.path.getsize(HEALTHZ) / 1e6, 1),
    }
    with tempfile.TemporaryDirectory() as folder:
        for part in options.parts or PARTS:
            print(f"measuring: {part}", file=sys.stderr)
            try:
                PARTS[part](results, folder, options.rounds, options.seconds)
            except SystemExit as error:
                print(f"{part} has failed: {error}", file=sys.stderr)
                failed.append(part)
            # After each part, so that a run that is cut short is not lost.
            with open(options.json, "w") as file:
                file.write(results.json())
    print("".join(f"- {name}: {value}\n" for name, value in results.about.items()))
    print(results.markdown())
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


main()
