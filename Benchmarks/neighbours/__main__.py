"""Measures healthz beside HAProxy while neighbours take what both need, in namespaces of its own: see docs/benchmarks.md.

Prints markdown tables. Needs root, and says why where it cannot measure. What is started is ended; load is bounded.
"""
import argparse
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, f"{os.path.dirname(os.path.dirname(os.path.abspath(__file__)))}/bench")
import apart  # noqa: E402
import livez  # noqa: E402
import ports  # noqa: E402
import tasks  # noqa: E402
from machine import description  # noqa: E402

PARTS = {"tasks": tasks.run, "livez": livez.run, "ports": ports.run}


def main():
    parser = argparse.ArgumentParser(prog="make bench-neighbours", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("BENCH_SECONDS") or 20), help="of each state")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    if reason := apart.enter():
        sys.exit(f"not measured: {reason}")
    print("".join(f"- {name}: {value}\n" for name, value in description().items()))
    with tempfile.TemporaryDirectory() as folder:
        for part in options.parts or PARTS:
            try:
                print(PARTS[part](folder, options.seconds), flush=True)
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"{part} is not measured: {error}\n", flush=True)


main()
