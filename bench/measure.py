#!/usr/bin/env python3
"""Everything that MayflyFS promises of its speed, beside the machine's own limits, by turns.

    bench/measure.py --scratch /local/nvme                  # all of it
    bench/measure.py --scratch /local/nvme --only 'hard|easy, 2'
    bench/measure.py --scratch /local/nvme --against ../before/build/release --only random

Needs a release build and fio; uses ior and mdtest if they are on PATH. Each round measures every
limit and every case once, each case in a session of its own, the legs of network and requests just
before and after the cases that they limit; tables give medians over the rounds, and medians of the
ratios within each round. Nothing else should run meanwhile. A record of every single figure, of all
latencies, the commit and the machine goes to bench/results/NAME.json, from which bench/plot.py
draws. With --against, each round runs each case with both builds, and the table gives the ratio of
this to that with its spread.
"""

import argparse
import re
import sys
from functools import partial
from pathlib import Path

import cases
import idle
import programs
import record
from session import Session

PROGRAM_CLIENTS = (1, 2)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scratch", required=True, type=Path, help="a directory on the drive")
    parser.add_argument("--build", default=record.ROOT / "build/release", type=Path)
    parser.add_argument("--against", type=Path, help="another build: A/B")
    parser.add_argument("--rounds", default=5, type=int)
    parser.add_argument("--size", default="1G", help="of fio's file")
    parser.add_argument("--only", default="",
                        help="cases whose name matches, and no limit of the drive")
    parser.add_argument("--limits", action="store_true", help="with --only: those of the drive too")
    parser.add_argument("--no-programs", action="store_true", help="leave out IOR and mdtest")
    parser.add_argument("--name", default="measure", help="of the record in bench/results")
    return parser.parse_args()


def chosen(options):
    every = [*cases.CASES, *cases.SCALING]
    return [case for case in every if re.search(options.only, case.name)]


def run_case(build, scratch, case):
    with Session(build, scratch, case.servers, case.memory) as session:
        return session.bench(*case.words.split())[0]


def measure_round(options):
    """Figures, and what `mayfly bench` said of each case."""
    figures = {}
    if not options.only or options.limits:
        figures.update(cases.measure_limits(options.build, options.scratch, options.size))
    runs = {}
    for case in chosen(options):
        before = cases.measure_legs(options.build, case)
        runs[case.name] = run_case(options.build, options.scratch, case)
        after = cases.measure_legs(options.build, case)
        figures.update(cases.figures_of(case, runs[case.name]))
        figures.update(cases.legs_beside(case, before, after))
    figures.update(cases.latency_limits(figures))
    if not options.only:
        figures.update(idle.measure(partial(Session, options.build, options.scratch,
                                            idle.SERVERS)))
        if programs.is_there() and not options.no_programs:
            open_session = partial(Session, options.build, options.scratch, 1, "2G")
            for clients in PROGRAM_CLIENTS:
                figures.update(programs.measure(open_session, options.scratch, clients))
    return {"figures": figures, "runs": runs}


def targets_table(rounds):
    """A line for each target of which there are both figures."""
    yield f"{'':36}{'ours':>10}{'limit':>10}{'ratio':>8}{'wanted':>8}"
    for target in [*cases.TARGETS, *cases.SCALING_TARGETS]:
        figures = [one["figures"] for one in rounds]
        if not all(target.ours in one and target.limit in one for one in figures):
            continue
        ratio = record.median(figures, lambda one: one[target.ours] / one[target.limit])
        yield (f"{target.name:36}{record.median(figures, lambda one: one[target.ours]):10.0f}"
               f"{record.median(figures, lambda one: one[target.limit]):10.0f}{ratio:8.2f}"
               + (f"{target.least:8.2f}" if target.least else f"{'-':>8}"))


def figures_table(rounds):
    yield f"{'':52}{'median':>11}{'least':>11}{'most':>11}"
    for name in rounds[0]["figures"]:
        least, _, middle, _, most = record.spread([one["figures"][name] for one in rounds])
        yield f"{name:52}{middle:11.5g}{least:11.5g}{most:11.5g}"


def compare_round(options, number):
    """Of each case the figures of both builds, in turns that change sides."""
    both = {"this": {}, "that": {}}
    builds = [("this", options.build), ("that", options.against)]
    for case in chosen(options):
        for side, build in builds[::-1] if number % 2 else builds:
            run = run_case(build, options.scratch, case)
            both[side].update(cases.figures_of(case, run))
    return both


def compare_table(rounds):
    yield f"{'':40}{'this':>10}{'that':>10}{'ratio':>8}{'quartiles':>14}{'range':>14}"
    for name in rounds[0]["this"]:
        ratios = [one["this"][name] / one["that"][name] for one in rounds]
        least, lower, middle, upper, most = record.spread(ratios)
        yield (f"{name:40}{record.median(rounds, lambda one: one['this'][name]):10.0f}"
               f"{record.median(rounds, lambda one: one['that'][name]):10.0f}{middle:8.2f}"
               f"{f'{lower:.2f}-{upper:.2f}':>14}{f'{least:.2f}-{most:.2f}':>14}")


def command_of(options):
    """How to repeat the run elsewhere: no path of this machine."""
    words = [f"--rounds {options.rounds}", f"--size {options.size}"]
    if options.only:
        words.append(f"--only '{options.only}'")
    if options.limits:
        words.append("--limits")
    if options.against:
        words.append("--against OTHER_BUILD")
    return " ".join(["bench/measure.py --scratch DIRECTORY_ON_THE_DRIVE", *words])


def main():
    options = parse()
    # Commands start elsewhere.
    options.build = options.build.resolve()
    options.scratch = options.scratch.resolve()
    if options.against:
        options.against = options.against.resolve()
    if not chosen(options):
        sys.exit(f"No case matches '{options.only}'.")
    rounds = []
    for number in range(options.rounds):
        rounds.append(compare_round(options, number) if options.against
                      else measure_round(options))
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
    if options.against:
        tables = {"compared": list(compare_table(rounds))}
    else:
        tables = {"targets": list(targets_table(rounds)), "figures": list(figures_table(rounds))}
    for lines in tables.values():
        print("\n".join(lines), end="\n\n")
    path = record.ROOT / "bench" / "results" / f"{options.name}.json"
    record.write(path, {"command": command_of(options), "commit": record.commit(),
                        "machine": record.machine(), "rounds": rounds})
    print(f"Every figure: {path}")


if __name__ == "__main__":
    main()
