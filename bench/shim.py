#!/usr/bin/env python3
"""What the shim costs, by turns with and without it in the same run.

    bench/shim.py --scratch /local/nvme [--rounds N] [--json FILE]

Needs a release build; nothing else should run meanwhile. Calls on other paths: libc's, in one
program with the shim preloaded and without. Starts: a program that touches nothing, with and
without; and one whose first call is a stat in the mount, next to UCX's own start. Medians over the
rounds; ratios and differences are medians of those within each round.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from legs import ROOT, lines_of

STARTS_PER_ROUND = 5


class Shim:
    """A session of one server, and what its programs have in their environment."""

    def __init__(self, build, scratch):
        self.mayfly = build / "bin" / "mayfly"
        self.folder = tempfile.TemporaryDirectory(prefix="mayfly-bench-")
        self.plain = {**os.environ, "MAYFLY_SESSION": f"{self.folder.name}/session"}
        self.command("start", "--launcher", "env", "--servers-per-node", "1",
                     "--scratch", scratch, "--capacity", "1G")
        variables = self.command("exec", "--", "env", "-0").split("\0")
        self.preloaded = dict(word.split("=", 1) for word in variables if word)

    def command(self, *words):
        done = subprocess.run([self.mayfly, *words], env=self.plain, text=True, check=False,
                              capture_output=True)
        if done.returncode != 0:
            sys.exit(f"mayfly {' '.join(words)}: {done.stderr}")
        return done.stdout

    def end(self):
        self.command("stop")
        self.folder.cleanup()


def seconds_of(command, environment):
    begin = time.monotonic()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begin


def calls(program, scratch, environment):
    lines = lines_of([program, "--dir", scratch], environment)
    return {line["call"]: line["ns"] for line in lines}


def starts(build, shim):
    """Milliseconds, of each start by turns."""
    commands = {
        "true": (["true"], shim.plain),
        "true, shim": (["true"], shim.preloaded),
        "UCX": ([build / "bench" / "bench_ucx_start"], shim.plain),
        "stat, shim": (["stat", "/"], shim.preloaded),
        "stat in the mount": (["stat", "/mayfly"], shim.preloaded),
    }
    taken = {name: [] for name in commands}
    for _ in range(STARTS_PER_ROUND):
        for name, (command, environment) in commands.items():
            taken[name].append(seconds_of(command, environment) * 1000)
    return {name: statistics.median(all_taken) for name, all_taken in taken.items()}


def median(rounds, value):
    return statistics.median(value(one) for one in rounds)


def report(rounds):
    print(f"{'call, ns':24}{'plain':>10}{'shim':>10}{'ratio':>8}")
    for name in rounds[0]["plain"]:
        plain = median(rounds, lambda one: one["plain"][name])
        shim = median(rounds, lambda one: one["shim"][name])
        ratio = median(rounds, lambda one: one["shim"][name] / one["plain"][name])
        print(f"{name:24}{plain:10.0f}{shim:10.0f}{ratio:8.3f}")
    print(f"\n{'start, ms':24}")
    for name in rounds[0]["starts"]:
        print(f"{name:24}{median(rounds, lambda one: one['starts'][name]):10.1f}")
    for name, upper, lower in (("shim alone", ("true, shim",), ("true",)),
                               ("first touch without UCX", ("stat in the mount",),
                                ("stat, shim", "UCX"))):
        difference = median(rounds, lambda one: sum(one["starts"][word] for word in upper) -
                            sum(one["starts"][word] for word in lower))
        print(f"{name:24}{difference:10.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--scratch", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    shim = Shim(asked.build, asked.scratch)
    program = asked.build / "bench" / "bench_local_calls"
    rounds = []
    try:
        for _ in range(asked.rounds):
            rounds.append({"plain": calls(program, asked.scratch, shim.plain),
                           "shim": calls(program, asked.scratch, shim.preloaded),
                           "starts": starts(asked.build, shim)})
    finally:
        shim.end()
    report(rounds)
    if asked.json:
        asked.json.write_text(json.dumps(rounds, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
