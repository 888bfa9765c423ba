#!/usr/bin/env python3
"""Every leg next to the machine's own limit, turn about in the same run.

    bench/legs.py --scratch /local/nvme [--json FILE]

Needs a release build and fio. The disk leg and fio work on the same blocks of the same file; the
network leg, and the metadata leg, take turns with plain UCX in one program; the latter stands
beside what the namespace does in process. One round measures everything once; the table gives
medians over the rounds, and the median of the ratios within each round. Nothing else should run
meanwhile. --json adds every single figure, the commit and the machine.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

import record
from fio import fio
from record import ROOT, lines_of

# (name in fio, block, depth) of the three ways to use a drive that matter here.
DISK_CASES = [("write", "1M", 16), ("read", "1M", 16), ("randread", "4K", 32)]
# Name of a ratio, its two figures, and the least that it should be.
RATIOS = [
    ("disk write 1M / fio", "disk write", "fio write", 0.95),
    ("disk read 1M / fio", "disk read", "fio read", 0.95),
    ("disk randread 4K / fio", "disk randread", "fio randread", None),
    ("put 1M / plain UCX", "put", "plain put", None),
    ("get 1M / plain UCX", "get", "plain get", None),
    ("rendezvous 1M / plain UCX", "am", "plain am", None),
    ("round trip / plain UCX", "rpc", "plain rpc", None),
    ("whole write 1M / lower leg", "whole write", "write legs", 0.85),
    ("whole read 1M / lower leg", "whole read", "read legs", 0.85),
    ("null write 1M / plain put", "null write", "plain put", 0.80),
    ("null read 1M / plain get", "null read", "plain get", 0.80),
    ("whole randread 4K / fio", "whole randread", "fio randread", 0.50),
    ("stat round trips / plain UCX", "stat", "plain rpc", 1 / 1.5),
    ("create, close / plain UCX", "create", "plain beside create", 0.30),
    ("stat of files / plain UCX", "stat of files", "plain beside stat of files", 0.60),
    ("stat at random / plain UCX", "stat_random", "plain beside stat_random", None),
    ("unlink / plain UCX", "unlink", "plain beside unlink", None),
    ("create in process / plain UCX", "namespace create", "plain beside create", None),
    ("stat in process / plain UCX", "namespace stat", "plain beside stat of files", None),
    ("unlink in process / plain UCX", "namespace unlink", "plain beside unlink", None),
    ("creates, last tenth / first", "create last", "create first", 0.80),
    ("readdirplus, entries / wanted", "readdirplus", "readdirplus wanted", 1.00),
]
READDIRPLUS_WANTED_PER_S = 200000


class DiskLeg:
    """bench_disk_leg, kept running so that fio can use its file between two measurements."""

    def __init__(self, program, scratch, size):
        self.process = subprocess.Popen(
            [program, "--dir", scratch, "--bytes", size], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.file = self._line()["file"]

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("bench_disk_leg ended early; its message is above")
        return json.loads(line)

    def measure(self, operation, block, depth, seconds):
        self.process.stdin.write(f"{operation} {block} {depth} {seconds}\n")
        self.process.stdin.flush()
        return self._line()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def rate(result):
    """The figure to compare: IOPS for small blocks, MiB/s for large ones."""
    return result["iops"] if result.get("block") == 4096 else result["mib_per_s"]


def measure_disk(leg, options, figures):
    for operation, block, depth in DISK_CASES:
        limit = fio(leg.file, options.size, operation, block, depth, "--time_based",
                    f"--runtime={options.seconds}")
        ours = leg.measure(operation, block, depth, options.seconds)
        is_random = operation == "randread"
        figures[f"fio {operation}"] = limit["iops" if is_random else "mib_per_s"]
        figures[f"disk {operation}"] = rate(ours)


def measure_network(build, options, figures):
    for operation in ("put", "get", "am", "rpc"):
        line = lines_of([build / "bench_rma_leg", "--op", operation, "--seconds",
                         2 * options.seconds])[0]
        if operation == "rpc":
            figures["rpc"] = 1e6 / line["ours_us"]
            figures["plain rpc"] = 1e6 / line["raw_us"]
        else:
            figures[operation] = line["ours_mib_per_s"]
            figures[f"plain {operation}"] = line["raw_mib_per_s"]


def measure_whole_path(build, options, figures):
    program = [build / "bench_whole_path", "--dir", options.scratch, "--seconds", options.seconds,
               "--pin"]
    for operation in ("write", "read"):
        figures[f"whole {operation}"] = lines_of([*program, "--op", operation])[0]["mib_per_s"]
        figures[f"null {operation}"] = lines_of(
            [*program, "--op", operation, "--null-store"])[0]["mib_per_s"]
    figures["whole randread"] = lines_of(
        [*program, "--op", "randread", "--block", "4K", "--depth", "32"])[0]["ops_per_s"]
    figures["stat"] = lines_of([*program, "--op", "stat"])[0]["ops_per_s"]
    figures["write legs"] = min(figures["disk write"], figures["put"])
    figures["read legs"] = min(figures["disk read"], figures["get"])


def measure_metadata(build, options, figures):
    lines = {line["op"]: line for line in lines_of(
        [build / "bench_metadata_leg", "--dir", options.scratch, "--seconds", options.seconds,
         "--pin"])}
    for operation in ("create", "stat", "stat_random", "unlink"):
        line = lines[operation]
        name = "stat of files" if operation == "stat" else operation
        figures[name] = line["per_s"]
        figures[f"plain beside {name}"] = line["plain_rpc_per_s"]
        figures[f"{name} / plain beside {name}"] = line["ratio"]
    # Both at the same speed of the machine.
    for tenth in ("first", "last"):
        line = lines["growth"]
        figures[f"create {tenth}"] = line[f"{tenth}_tenth_ratio"] * line["plain_rpc_per_s"]
    figures["readdirplus"] = lines["readdirplus"]["per_s"]
    figures["readdirplus wanted"] = READDIRPLUS_WANTED_PER_S


def measure_namespace(build, options, figures):
    for line in lines_of([build / "bench_namespace_leg", "--seconds", options.seconds]):
        figures[f"namespace {line['op']}"] = line["per_s"]


def check_space(build, options):
    """The metadata leg with a page in each file fails unless all of them come back."""
    lines_of([build / "bench_metadata_leg", "--dir", options.scratch, "--seconds", 1, "--files",
              10000, "--bytes-per-file", 4096, "--pin"])


def ratio_of(one, ours, limit):
    """As the program computed it from turns of a moment, if it did."""
    return one.get(f"{ours} / {limit}", one[ours] / one[limit])


def table(rounds):
    yield f"{'':32}{'ours':>10}{'limit':>10}{'ratio':>8}{'wanted':>8}"
    for name, ours, limit, wanted in RATIOS:
        ratio = statistics.median(ratio_of(one, ours, limit) for one in rounds)
        yield (f"{name:32}{statistics.median(one[ours] for one in rounds):10.0f}"
               f"{statistics.median(one[limit] for one in rounds):10.0f}{ratio:8.2f}"
               + (f"{wanted:8.2f}" if wanted else f"{'-':>8}"))


def command_of(options):
    """How to repeat the run elsewhere: no path of this machine."""
    return (f"bench/legs.py --scratch DIRECTORY_ON_THE_DRIVE --rounds {options.rounds} "
            f"--seconds {options.seconds} --size {options.size}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scratch", required=True, help="a directory on the drive")
    parser.add_argument("--build", default=ROOT / "build/release/bench", type=Path)
    parser.add_argument("--rounds", default=5, type=int)
    parser.add_argument("--seconds", default=2, type=int, help="of each measurement")
    parser.add_argument("--size", default="2G", help="of the file that the disk leg works on")
    parser.add_argument("--json", type=Path, help="where every single figure goes")
    options = parser.parse_args()
    check_space(options.build, options)
    rounds = []
    leg = DiskLeg(options.build / "bench_disk_leg", options.scratch, options.size)
    for number in range(options.rounds):
        figures = {}
        measure_disk(leg, options, figures)
        measure_network(options.build, options, figures)
        measure_whole_path(options.build, options, figures)
        measure_metadata(options.build, options, figures)
        measure_namespace(options.build, options, figures)
        rounds.append(figures)
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
    leg.close()
    lines = list(table(rounds))
    print("\n".join(lines))
    if options.json:
        record.write(options.json, {"command": command_of(options), "commit": record.commit(),
                                    "machine": record.machine(), "table": lines,
                                    "rounds": rounds})


if __name__ == "__main__":
    main()
