#!/usr/bin/env python3
"""Draws what bench/measure.py has recorded: docs/figures/*.svg, which docs/performance.md shows.

    bench/plot.py [bench/results/measure.json]

Needs python3-matplotlib.
"""

import argparse
import json
import statistics
from pathlib import Path

import matplotlib

import cases
from record import ROOT, median

matplotlib.use("svg")
# The same record gives the same file.
matplotlib.rcParams["svg.hashsalt"] = "mayfly"

from matplotlib import pyplot  # noqa: E402  (a backend is chosen first)

MOST_SHOWN = 1.4
OURS, LIMIT = "#2f6f9f", "#c4c9cf"
LATENCIES = [("random, 1 in flight", "read"), ("random, 1 in flight", "write"),
             ("random, 32 in flight", "read"), ("hard, 2 clients", "write"),
             ("metadata", "create"), ("metadata", "stat"), ("metadata-hard", "create")]


def save(figure, name):
    folder = ROOT / "docs" / "figures"
    folder.mkdir(exist_ok=True)
    figure.savefig(folder / f"{name}.svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)


def draw_targets(rounds):
    """Each target's ratio, a stroke for each round, a mark where it is to be."""
    shown = [target for target in cases.TARGETS
             if all(target.ours in one and target.limit in one for one in rounds)]
    figure, axes = pyplot.subplots(figsize=(8, 0.34 * len(shown) + 1))
    for row, target in enumerate(reversed(shown)):
        ratios = [one[target.ours] / one[target.limit] for one in rounds]
        axes.barh(row, statistics.median(ratios), color=OURS, height=0.6)
        axes.hlines(row, min(ratios), max(ratios), color="black", linewidth=1)
        if target.least:
            axes.vlines(target.least, row - 0.4, row + 0.4, color="#c0392b", linewidth=2)
        if statistics.median(ratios) > MOST_SHOWN:
            axes.text(MOST_SHOWN, row, f"{statistics.median(ratios):.1f} ", color="white",
                      ha="right", va="center")
    axes.set_xlim(0, MOST_SHOWN)
    axes.axvline(1, color=LIMIT, zorder=0)
    axes.set_yticks(range(len(shown)), [target.name for target in reversed(shown)])
    axes.set_xlabel("part of the limit beside it; median and range; red: wanted")
    save(figure, "targets")


def quantiles(runs, phase):
    """Latency in us against the part of operations that take no longer, over all rounds."""
    counts = {}
    for run in runs:
        for one in run["phases"]:
            if one["phase"] != phase:
                continue
            for most_ns, count in one["latency_ns"]["buckets"]:
                counts[most_ns] = counts.get(most_ns, 0) + count
    total, below, points = sum(counts.values()), 0, []
    for most_ns in sorted(counts):
        below += counts[most_ns]
        points.append((most_ns / 1e3, 1 - below / total))
    return points


def draw_latencies(rounds):
    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    for case, phase in LATENCIES:
        runs = [one[case] for one in rounds if case in one]
        points = [(us, over) for us, over in quantiles(runs, phase) if over > 1e-5]
        if points:
            axes.plot(*zip(*points), label=f"{case}: {phase}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("us")
    axes.set_ylabel("part of operations that take longer")
    axes.grid(color="#eeeeee")
    axes.legend(fontsize=8)
    save(figure, "latencies")


def draw_scaling(rounds):
    panels = [("easy", ("write", "read"), "MiB/s"), ("random", ("write", "read"), "MiB/s"),
              ("metadata", ("create", "stat", "remove"), "per s")]
    figure, all_axes = pyplot.subplots(1, len(panels), figsize=(11, 3.4), layout="constrained")
    for axes, (pattern, phases, unit) in zip(all_axes, panels):
        for phase in phases:
            for servers, style in ((1, "-"), (2, "--")):
                draw_line(axes, rounds, f"{pattern}, {servers} + {{}}: {phase}", style)
        axes.set_title(pattern, fontsize=10)
        axes.set_xlabel("clients")
        axes.set_ylabel(unit)
        axes.set_ylim(bottom=0)
        axes.set_xticks([1, 2, 4])
        axes.legend(fontsize=7)
    save(figure, "scaling")


def draw_line(axes, rounds, pattern, style):
    points = [(clients, median(rounds, lambda one: one[pattern.format(clients)]))
              for clients in (1, 2, 4) if pattern.format(clients) in rounds[0]]
    if points:
        axes.plot(*zip(*points), style, marker="o", markersize=3,
                  label=pattern.format("n").partition(", ")[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("record", nargs="?", type=Path,
                        default=ROOT / "bench" / "results" / "measure.json")
    rounds = json.loads(parser.parse_args().record.read_text(encoding="utf-8"))["rounds"]
    figures = [one["figures"] for one in rounds]
    draw_targets(figures)
    draw_latencies([one["runs"] for one in rounds])
    draw_scaling(figures)


if __name__ == "__main__":
    main()
