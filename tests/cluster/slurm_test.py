#!/usr/bin/env python3
"""The job scripts on a real Slurm: slurm_test.py MAYFLY SERVER SCRIPTS BEHAVIOUR"""

import os
import shutil
import signal
import sys
from pathlib import Path

from job import Job, Skip, check, perform
from slurm import Slurm


class Cluster:
    """A Slurm, and what the scripts find in their environment."""

    def __init__(self, job, slurm, scripts, mayfly):
        self.job = job
        self.slurm = slurm
        self.scripts = Path(scripts)
        self.variables = {
            "HOME": str(job.folder), "SCRATCH": str(job.scratch), "TMPDIR": str(job.temporary),
            "PATH": f"{Path(mayfly).parent}{os.pathsep}{os.environ['PATH']}"}

    def batch(self, name, *options, statuses=(0,), **variables):
        got, output = self.slurm.batch(self.scripts / name, "--overcommit", *options,
                                       **{**self.variables, **variables})
        check(got in statuses, f"{name}: exit status {got}\n{output}")
        return output


def split(cluster):
    output = cluster.batch("split.sbatch")
    check("4 ranks, from step 0" in output and "every value right" in output, output)


def session(cluster):
    output = cluster.batch("session.sbatch")
    check("the parts make the whole" in output and "server 1 on " in output, output)


def checkpoint(cluster):
    kept = cluster.job.folder / "kept"
    output = cluster.batch("checkpoint.sbatch", OUTPUT=str(kept), ROUNDS="2")
    check(output.count("every value right") == 2 and "step 4 reached" in output, output)
    check((kept / "last").read_text(encoding="utf-8") == "4\n", output)
    # The next job goes on, and is told that its time is nearly up, as --signal does it.
    variables = {**cluster.variables, "OUTPUT": str(kept), "ROUNDS": "1000000"}
    job, said = cluster.slurm.submit(cluster.scripts / "checkpoint.sbatch", "--overcommit",
                                     **variables)
    cluster.slurm.wait_until(lambda: "step 8 reached" in output_of(said), "the second round")
    cluster.slurm.run("scancel", "--signal=USR1", "--batch", job)
    code = cluster.slurm.end_of(job)
    output = output_of(said)
    check(code == "0:0" and "from step 4" in output and "time is nearly up" in output, output)
    check(int((kept / "last").read_text(encoding="utf-8")) >= 8, output)


def sets(cluster):
    given = cluster.job.folder / "given"
    kept = cluster.job.folder / "kept"
    (given / "deep").mkdir(parents=True)
    for number in range(40):
        (given / "deep" / f"f{number}").write_bytes(os.urandom(number * 5000))
    output = cluster.batch("sets.sbatch", INPUT=str(given), OUTPUT=str(kept), STEPS="3")
    # Four tasks have copied the input together: one tells of it.
    check(output.count("copied 40 files") == 1, output)
    check(sorted(path.name for path in kept.iterdir()) == ["step1", "step2", "step3"], output)
    for part in kept.glob("step*/part*"):
        for path in (given / "deep").iterdir():
            check((part / "deep" / path.name).read_bytes() == path.read_bytes(), f"{part}")
    check(len(list(kept.glob("step*/part[0-3]"))) == 12, output)
    check("Slurm does not say" not in output, output)


def output_of(path):
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def fails_with_the_program(cluster):
    # Slurm ends the servers then, if they have not seen it yet: the highest status is the job's.
    cluster.batch("split.sbatch", statuses=(1, 128 + signal.SIGTERM), PROGRAM="false")


def benchmark(cluster, program, **variables):
    if shutil.which(program) is None:
        raise Skip(f"{program} is not on PATH")
    output = cluster.batch(f"{program}.sbatch", **variables)
    check("ERROR" not in output, output)


def ior(cluster):
    benchmark(cluster, "ior", BLOCK="8m")


def mdtest(cluster):
    benchmark(cluster, "mdtest", FILES="100")


def main():
    mayfly, server, scripts, behaviour = sys.argv[1:]
    with Job("openmpi", server) as job:
        folder = job.folder / "slurm"
        folder.mkdir()
        with Slurm(folder) as slurm:
            cluster = Cluster(job, slurm, scripts, mayfly)
            globals()[behaviour](cluster)
            job.check_nothing_left()


if __name__ == "__main__":
    perform(main)
