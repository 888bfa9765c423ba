"""What is measured through the whole path, beside which limit, and what it is to reach.

A case's figures are named "case: phase": MiB/s, for many files operations per s. Limits have the
names that measure_limits() gives them, legs that are measured around a case "leg beside case". A
target compares two figures of the same round.
"""

from dataclasses import dataclass
from statistics import harmonic_mean

from fio import fio
from record import lines_of


@dataclass(frozen=True)
class Case:
    """`mayfly bench` with `words`, in a session of its own."""

    name: str
    words: str
    servers: int = 1
    memory: str = "64M"
    legs: tuple[str, ...] = ()  # that limit it


@dataclass(frozen=True)
class Target:
    """Figures `ours` and `limit`; `least` is the ratio wanted, None where it is only shown."""

    name: str
    ours: str
    limit: str
    least: float | None = None


def scaling(pattern, size):
    """1 to 4 clients with 1 and 2 servers."""
    return [Case(f"{pattern}, {servers} + {clients}", f"{pattern} {size} --clients {clients}",
                 servers, "1G") for servers, clients in ((1, 1), (1, 2), (1, 4), (2, 2), (2, 4))]


CASES = [
    Case("easy, 8 in flight", "easy --size 1G --depth 8 --fsync"),
    Case("easy, 1 in flight", "easy --size 1G --fsync"),
    Case("easy, 2 clients", "easy --size 512M --clients 2 --fsync"),
    Case("hard, 2 clients", "hard --size 512M --clients 2 --fsync"),
    Case("strided, 2 clients", "strided --size 512M --clients 2 --fsync"),
    Case("checkpoint, 2 clients", "checkpoint --size 512M --clients 2"),
    Case("random, 32 in flight", "random --size 256M --depth 32 --fsync"),
    Case("random, 1 in flight", "random --size 256M --fsync", legs=("RPC leg",)),
    Case("easy in memory", "easy --size 512M", memory="2G", legs=("put leg", "get leg")),
    Case("metadata", "metadata --files 50000", legs=("RPC leg",)),
    Case("metadata-hard", "metadata-hard --files 20000", memory="1G", legs=("RPC leg",)),
]
SCALING = [*scaling("easy", "--size 256M"), *scaling("random", "--size 48M"),
           *scaling("metadata", "--files 20000")]

# What bench_rma_leg is told. As `easy in memory`: the client's one block, and all of the file at
# the server.
LEGS = {
    "RPC leg": "--op rpc",
    "put leg": "--op put --window 1 --places 512",
    "get leg": "--op get --window 1 --places 512",
}

TARGETS = [
    Target("easy write / fio, 8 in flight", "easy, 8 in flight: write", "fio write 1M", 0.90),
    Target("easy read / fio, 8 in flight", "easy, 8 in flight: read", "fio read 1M", 0.90),
    Target("easy write, 1 in flight / fio, 1", "easy, 1 in flight: write", "fio write 1M, 1"),
    Target("easy read, 1 in flight / fio, 1", "easy, 1 in flight: read", "fio read 1M, 1"),
    Target("write in memory / put leg", "easy in memory: write",
           "put leg beside easy in memory", 0.80),
    Target("read in memory / get leg", "easy in memory: read",
           "get leg beside easy in memory", 0.80),
    Target("hard write / easy, 2 clients", "hard, 2 clients: write", "easy, 2 clients: write",
           0.60),
    Target("hard read / easy, 2 clients", "hard, 2 clients: read", "easy, 2 clients: read", 0.60),
    Target("random write / fio, 32", "random, 32 in flight: write", "fio randwrite 4K", 0.65),
    Target("random read / fio, 32", "random, 32 in flight: read", "fio randread 4K", 0.65),
    Target("random write, 1: latency", "random, 1 in flight: write, 1/s",
           "round trip and randwrite, 1/s", 0.50),
    Target("random read, 1: latency", "random, 1 in flight: read, 1/s",
           "round trip and randread, 1/s", 0.50),
    Target("create, close / RPC leg", "metadata: create", "RPC leg beside metadata", 0.55),
    Target("stat / RPC leg", "metadata: stat", "RPC leg beside metadata", 0.75),
    Target("unlink / RPC leg", "metadata: remove", "RPC leg beside metadata", 0.60),
    Target("create, write, close / RPC leg", "metadata-hard: create",
           "RPC leg beside metadata-hard", 0.30),
    Target("open, read, close / RPC leg", "metadata-hard: read",
           "RPC leg beside metadata-hard", 0.40),
]
SCALING_TARGETS = [
    Target(f"{pattern} {phase}, 2 + 4 / 1 + 1", f"{pattern}, 2 + 4: {phase}",
           f"{pattern}, 1 + 1: {phase}", 0.70)
    for pattern, phases in (("easy", ("write", "read")), ("random", ("write", "read")),
                            ("metadata", ("create", "stat", "remove"))) for phase in phases
]


def measure_limits(build, scratch, size):
    """The drive by fio, as many bytes as the cases move, and the network within the cache."""
    file = scratch / "limit"
    limits = {}
    for operation, block, depth, name in (("write", "1M", 8, "fio write 1M"),
                                          ("read", "1M", 8, "fio read 1M"),
                                          ("write", "1M", 1, "fio write 1M, 1"),
                                          ("read", "1M", 1, "fio read 1M, 1")):
        limits[name] = fio(file, size, operation, block, depth, "--end_fsync=1")["mib_per_s"]
    for operation in ("randwrite", "randread"):
        deep = fio(file, "256M", operation, "4K", 32, "--end_fsync=1")
        limits[f"fio {operation} 4K"] = deep["mib_per_s"]
        limits[f"fio {operation} 4K, 1: us"] = fio(
            file, "256M", operation, "4K", 1, "--time_based", "--runtime=1")["latency_us"]
    file.unlink()
    for operation in ("put", "get"):
        limits[f"{operation} leg, in cache"] = leg_of(build, f"--op {operation}")
    return limits


def leg_of(build, words):
    """MiB/s, or round trips per s."""
    line = lines_of([build / "bench" / "bench_rma_leg", *words.split()])[0]
    return line["ours_mib_per_s"] if "ours_mib_per_s" in line else 1e6 / line["ours_us"]


def measure_legs(build, case):
    return {leg: leg_of(build, LEGS[leg]) for leg in case.legs}


def legs_beside(case, before, after):
    """From both sides of the case: a processor may come nearer to another, or leave it, at any
    second."""
    return {f"{leg} beside {case.name}": harmonic_mean([before[leg], after[leg]])
            for leg in case.legs}


def latency_limits(figures):
    """A round trip and one access of the drive after the other, if both are among the figures."""
    round_trips = figures.get("RPC leg beside random, 1 in flight")
    for operation in ("randwrite", "randread"):
        drive_us = figures.get(f"fio {operation} 4K, 1: us")
        if round_trips and drive_us:
            yield f"round trip and {operation}, 1/s", 1e6 / (1e6 / round_trips + drive_us)


def figures_of(case, run):
    """Of what `mayfly bench` says of the case."""
    figures = {}
    for phase in run["phases"]:
        name = f"{case.name}: {phase['phase']}"
        amount = phase["bytes"] / 2**20
        if case.words.startswith("metadata"):
            amount = phase["operations"]
        figures[name] = amount / phase["seconds"]
        figures[f"{name}, 1/s"] = 1e9 / max(1, phase["latency_ns"]["p50"])
    return figures
