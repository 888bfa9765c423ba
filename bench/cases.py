"""What is measured through the whole path, beside which limit, and what it is to reach.

A case's figures are named "case: phase": MiB/s, for many files operations per s. Limits have the
names that measure_limits() gives them. A target compares two figures of the same round.
"""

from dataclasses import dataclass

from fio import fio
from record import lines_of


@dataclass(frozen=True)
class Case:
    """`mayfly bench` with `words`, in a session of its own."""

    name: str
    words: str
    servers: int = 1
    memory: str = "64M"


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
    Case("random, 1 in flight", "random --size 256M --fsync"),
    Case("easy in memory", "easy --size 512M", memory="2G"),
    Case("metadata", "metadata --files 50000"),
    Case("metadata-hard", "metadata-hard --files 20000", memory="1G"),
]
SCALING = [*scaling("easy", "--size 256M"), *scaling("random", "--size 48M"),
           *scaling("metadata", "--files 20000")]

TARGETS = [
    Target("easy write / fio, 8 in flight", "easy, 8 in flight: write", "fio write 1M", 0.90),
    Target("easy read / fio, 8 in flight", "easy, 8 in flight: read", "fio read 1M", 0.90),
    Target("easy write, 1 in flight / fio, 1", "easy, 1 in flight: write", "fio write 1M, 1"),
    Target("easy read, 1 in flight / fio, 1", "easy, 1 in flight: read", "fio read 1M, 1"),
    Target("write in memory / put leg", "easy in memory: write", "put leg", 0.80),
    Target("read in memory / get leg", "easy in memory: read", "get leg", 0.80),
    Target("hard write / easy, 2 clients", "hard, 2 clients: write", "easy, 2 clients: write",
           0.60),
    Target("hard read / easy, 2 clients", "hard, 2 clients: read", "easy, 2 clients: read", 0.60),
    Target("random write / fio, 32", "random, 32 in flight: write", "fio randwrite 4K", 0.65),
    Target("random read / fio, 32", "random, 32 in flight: read", "fio randread 4K", 0.65),
    Target("random write, 1: latency", "random, 1 in flight: write, 1/s",
           "round trip and randwrite, 1/s", 0.50),
    Target("random read, 1: latency", "random, 1 in flight: read, 1/s",
           "round trip and randread, 1/s", 0.50),
    Target("create, close / RPC leg", "metadata: create", "RPC leg", 0.55),
    Target("stat / RPC leg", "metadata: stat", "RPC leg", 0.75),
    Target("unlink / RPC leg", "metadata: remove", "RPC leg", 0.60),
    Target("create, write, close / RPC leg", "metadata-hard: create", "RPC leg", 0.30),
    Target("open, read, close / RPC leg", "metadata-hard: read", "RPC leg", 0.40),
]
SCALING_TARGETS = [
    Target(f"{pattern} {phase}, 2 + 4 / 1 + 1", f"{pattern}, 2 + 4: {phase}",
           f"{pattern}, 1 + 1: {phase}", 0.70)
    for pattern, phases in (("easy", ("write", "read")), ("random", ("write", "read")),
                            ("metadata", ("create", "stat", "remove"))) for phase in phases
]


def measure_limits(build, scratch, size):
    """The drive by fio, as many bytes as the cases move, and the legs of network and requests."""
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
    leg = build / "bench" / "bench_rma_leg"
    for operation in ("put", "get"):
        limits[f"{operation} leg, in cache"] = lines_of(
            [leg, "--op", operation])[0]["ours_mib_per_s"]
        # As `easy in memory`: the client's one block, and all of the file at the server.
        limits[f"{operation} leg"] = lines_of(
            [leg, "--op", operation, "--window", "1", "--places", "512"])[0]["ours_mib_per_s"]
    round_trip_us = lines_of([leg, "--op", "rpc"])[0]["ours_us"]
    limits["RPC leg"] = 1e6 / round_trip_us
    for operation in ("randwrite", "randread"):
        limits[f"round trip and {operation}, 1/s"] = 1e6 / (
            round_trip_us + limits[f"fio {operation} 4K, 1: us"])
    return limits


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
