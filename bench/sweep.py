#!/usr/bin/env python3
"""Sweeps over what a user can set: why the defaults are what they are.

    bench/sweep.py --scratch /local/nvme
    bench/sweep.py --scratch /local/nvme --only memory --variant other=../other/build/release

Needs a release build. Each value is measured in a session of its own, all values by turns; tables
give medians over the rounds, MiB/s, operations per s and 99th percentiles. Every figure goes to
bench/results/NAME.json. A constant of the code is swept by builds of it: --variant names one more.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import NamedTuple

import record
from session import Session


class Point(NamedTuple):
    """One value of a sweep: a run of `mayfly bench`."""
    sweep: str
    value: str
    words: str
    servers: int = 1
    memory: str = "64M"


def by_memory(sweep, memories, random_size):
    patterns = {"easy": "easy --size 512M --depth 8 --fsync",
                "hard": "hard --size 256M --clients 2 --fsync",
                "random": f"random --size {random_size} --depth 32 --fsync",
                "small files": "metadata-hard --files 20000"}
    for memory in memories:
        for pattern, words in patterns.items():
            yield Point(f"{sweep}, {pattern}", memory, words, memory=memory)


def points():
    for size in ("64K", "256K", "1M", "4M", "16M"):
        yield Point("chunk size, easy", size, f"easy --size 512M --depth 8 --fsync -S {size}", 2)
        yield Point("chunk size, hard", size,
                    f"hard --size 256M --clients 2 --fsync -S {size}", 2)
        yield Point("chunk size, random", size,
                    f"random --size 64M --depth 32 --fsync -S {size}", 2)
    for depth in (1, 2, 4, 8, 16, 32):
        yield Point("in flight, easy", depth, f"easy --size 512M --fsync --depth {depth}")
    for depth in (1, 4, 16, 32, 64, 128):
        yield Point("in flight, random", depth, f"random --size 128M --fsync --depth {depth}")
    for size in ("4K", "8K", "12K", "16K", "64K", "256K", "1M", "4M", "16M"):
        yield Point("transfer, easy in memory", size, f"easy --size 128M --transfer {size}",
                    memory="1G")
    yield from by_memory("memory", ("16M", "32M", "64M", "128M", "512M", "2G"), "128M")
    # For builds that differ in a constant.
    yield Point("spin, in memory", "1M", "easy --size 512M", memory="2G")
    yield Point("spin, hard", "47008", "hard --size 128M --clients 2 --fsync")
    yield Point("spin, random", "4K", "random --size 64M --fsync")
    yield Point("spin, small files", "3901", "metadata-hard --files 20000", memory="1G")
    for depth in (8, 64, 256):
        yield Point("window, easy", depth, f"easy --size 1G --fsync --depth {depth}")
        yield Point("window, in memory", depth, f"easy --size 512M --depth {depth}", memory="2G")
    yield from by_memory("classes", ("16M", "64M"), "64M")
    yield Point("ring, easy", 8, "easy --size 512M --depth 8 --fsync")
    for depth in (32, 128):
        yield Point("ring, random", depth, f"random --size 128M --depth {depth} --fsync")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scratch", required=True, type=Path, help="a directory on the drive")
    parser.add_argument("--build", default=record.ROOT / "build/release", type=Path)
    parser.add_argument("--variant", action="append", default=[], metavar="NAME=BUILD",
                        help="one more build, measured in the same turns")
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--only", default="", help="sweeps whose name matches")
    parser.add_argument("--name", default="sweep", help="of the record in bench/results")
    return parser.parse_args()


def builds_of(options):
    builds = {"": options.build.resolve()}
    for variant in options.variant:
        name, _, path = variant.partition("=")
        builds[name] = Path(path).resolve()
    return builds


def measure(build, scratch, point):
    """Of each phase: MiB/s, operations per s, 99th percentile in us."""
    with Session(build, scratch, point.servers, point.memory, "8G") as session:
        phases = session.bench(*point.words.split())[0]["phases"]
    return {phase["phase"]: [phase["bytes"] / 2**20 / phase["seconds"],
                             phase["operations"] / phase["seconds"],
                             phase["latency_ns"]["p99"] / 1e3] for phase in phases}


def table(rounds, chosen, builds):
    for sweep in dict.fromkeys(point.sweep for point in chosen):
        yield f"\n{sweep:28}" + "".join(f"{unit:>12}" for unit in ("MiB/s", "per s", "p99 us"))
        for point in (point for point in chosen if point.sweep == sweep):
            for name in builds:
                key = f"{sweep}: {point.value} {name}".strip()
                for phase in rounds[0][key]:
                    medians = [record.median(rounds, lambda one: one[key][phase][i])
                               for i in range(3)]
                    yield (f"{point.value:>6} {name:10} {phase:10}"
                           + "".join(f"{value:12.1f}" for value in medians))


def command_of(options):
    words = ["bench/sweep.py", f"--rounds {options.rounds}"]
    if options.only:
        words.append(f"--only '{options.only}'")
    words += [f"--variant {variant.partition('=')[0]}=..." for variant in options.variant]
    return " ".join(words)


def main():
    options = parse()
    builds = builds_of(options)
    chosen = [point for point in points() if re.search(options.only, point.sweep)]
    if not chosen:
        sys.exit(f"No sweep matches '{options.only}'.")
    rounds = []
    for number in range(options.rounds):
        rounds.append({
            f"{point.sweep}: {point.value} {name}".strip():
                measure(build, options.scratch.resolve(), point)
            for point in chosen for name, build in builds.items()})
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
    print("\n".join(table(rounds, chosen, builds)))
    path = record.ROOT / "bench" / "results" / f"{options.name}.json"
    record.write(path, {"command": command_of(options), "commit": record.commit(),
                        "machine": record.machine(), "rounds": rounds})
    print(f"\nEvery figure: {path}")


if __name__ == "__main__":
    main()
