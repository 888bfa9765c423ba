#!/usr/bin/env python3
"""What the shim costs, by turns with and without it in the same run.

    bench/shim.py --scratch /local/nvme [--rounds N] [--json FILE]

Needs a release build; nothing else should run meanwhile. Calls on other paths: libc's, in one
program with the shim preloaded and without. Starts: a program that touches nothing, with and
without; and one whose first call is a stat in the mount, next to UCX's own start. Medians over the
rounds; ratios and differences are medians of those within each round.
"""

import argparse
import statistics
import subprocess
import time
from pathlib import Path

import record
from record import ROOT, lines_of, median
from session import Session

STARTS_PER_ROUND = 5


def seconds_of(command, environment):
    begin = time.monotonic()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begin


def calls(program, scratch, environment):
    lines = lines_of([program, "--dir", scratch], environment)
    return {line["call"]: line["ns"] for line in lines}


def starts(build, plain, preloaded):
    """Milliseconds, of each start by turns."""
    commands = {
        "true": (["true"], plain),
        "true, shim": (["true"], preloaded),
        "UCX": ([build / "bench" / "bench_ucx_start"], plain),
        "stat, shim": (["stat", "/"], preloaded),
        "stat in the mount": (["stat", "/mayfly"], preloaded),
    }
    taken = {name: [] for name in commands}
    for _ in range(STARTS_PER_ROUND):
        for name, (command, environment) in commands.items():
            taken[name].append(seconds_of(command, environment) * 1000)
    return {name: statistics.median(all_taken) for name, all_taken in taken.items()}


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
    program = asked.build / "bench" / "bench_local_calls"
    rounds = []
    with Session(asked.build, asked.scratch) as session:
        preloaded = session.preloaded
        for _ in range(asked.rounds):
            rounds.append({"plain": calls(program, asked.scratch, session.plain),
                           "shim": calls(program, asked.scratch, preloaded),
                           "starts": starts(asked.build, session.plain, preloaded)})
    report(rounds)
    if asked.json:
        record.write(asked.json, {"commit": record.commit(), "machine": record.machine(),
                                  "rounds": rounds})


if __name__ == "__main__":
    main()
