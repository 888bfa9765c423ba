#!/usr/bin/env python3
"""Unmodified programs under mayfly run: run_test.py MPI MAYFLY PROGRAM BEHAVIOUR"""

import os
import stat
import subprocess
import sys
from pathlib import Path

from job import Job, Skip, check, perform

RANKS = 4


class Run:
    """One mpirun of `mayfly run`, with the home of its ranks in the job's folder."""

    def __init__(self, job, program):
        self.job = job
        self.program = program
        job.environment["HOME"] = str(job.folder)

    def run(self, *words, ranks=RANKS, servers=1, scratch=None):
        return self.job.run(ranks, "run", "--scratch", str(scratch or self.job.scratch),
                            "--capacity", "256M", "--servers-per-node", str(servers), "--", *words)

    def run_program(self, *end, servers=1):
        return self.run(self.program, str(RANKS - servers), "/mayfly/file", *end, servers=servers)


def mpi_program(run):
    for servers in (1, 2):
        status, output = run.run_program(servers=servers)
        check(status == 0, f"exit status {status}\n{output}")
        ranks = RANKS - servers
        check(all(f"{rank} of {ranks}: 0 wrong" in output for rank in range(ranks)), output)


def mpi_io_by_romio(run):
    if run.job.mpi != "openmpi":
        raise Skip("the MPI-IO of MPICH is ROMIO anyway")
    run.job.environment["OMPI_MCA_io"] = "romio321"
    mpi_program(run)


def maps_files_beside_ucx(run):
    """With the MPI's messages by UCX, whose hooks on mmap are there before the first touch."""
    run.job.flags = ["--oversubscribe", "--bind-to", "none", "--mca", "pml", "ucx",
                     "--mca", "pml_ucx_tls", "any", "--mca", "pml_ucx_devices", "any"]
    program = str(Path(run.program).with_name("mapping_calls"))
    status, output = run.run(program, "/mayfly/file", ranks=2)
    if "UCX absent" in output or "No components were able to be opened" in output:
        raise Skip("this Open MPI has no UCX")
    check(status == 0 and "UCX loaded, mapped right" in output, f"{status}\n{output}")


def parallel_hdf5(run):
    program = Path(run.program).with_name("hdf5_calls")
    if not program.exists():
        raise Skip("not built: libhdf5-openmpi-dev is missing")
    for component in ("ompio", "romio321"):
        run.job.environment["OMPI_MCA_io"] = component
        status, output = run.run(str(program), "/mayfly/file.h5")
        check(status == 0, f"{component}: exit status {status}\n{output}")
        check(all(f"{rank} of 3: 0 wrong" in output for rank in range(3)), output)


def plain_program(run):
    status, output = run.run("sh", "-c", "echo $$ > /mayfly/$$ && sleep 0.5 && ls /mayfly | wc -l")
    check(status == 0 and output.split() == [str(RANKS - 1)] * (RANKS - 1), output)


def takes_standard_input(run):
    command = run.job.command(2, ["run", "--scratch", str(run.job.scratch), "--", "cat"])
    done = subprocess.run(command, env=run.job.environment, input="a line\n", text=True,
                          capture_output=True, check=False, timeout=60)
    check(done.returncode == 0 and done.stdout == "a line\n", done.stdout + done.stderr)


def exit_code_is_the_programs(run):
    status, output = run.run("sh", "-c", "exit 5", ranks=2)
    check(status == 5, f"exit status {status}\n{output}")


def program_exits_without_finalize(run):
    status, output = run.run_program("exit")
    # MPICH's launcher kills such a job, and says so instead of the program's 3.
    check(status == (3 if run.job.mpi == "openmpi" else 9), f"exit status {status}\n{output}")


def program_aborts(run):
    status, output = run.run_program("abort")
    check(status == 7, f"exit status {status}\n{output}")


def program_crashes(run):
    status, output = run.run_program("crash")
    check(status in (139, 11), f"exit status {status}\n{output}")


def program_is_missing(run):
    status, output = run.run("/no/such/program", ranks=2)
    check(status == 127, f"exit status {status}\n{output}")
    said = [line for line in output.splitlines() if line.startswith("mayfly: ")]
    check(len(said) == 1 and "/no/such/program" in said[0], output)


def program_is_not_executable(run):
    plain = run.job.folder / "plain"
    plain.write_text("text", encoding="utf-8")
    plain.chmod(stat.S_IRUSR)
    status, output = run.run(str(plain), ranks=2)
    check(status == 126 and str(plain) in output, f"exit status {status}\n{output}")


def program_of_another_mpi(run):
    other = {"openmpi": "mpich", "mpich": "openmpi"}.get(run.job.mpi)
    program = Path(run.program).with_name(f"world_calls_{other}")
    if not program.exists():
        raise Skip("there is one MPI only")
    status, output = run.run(str(program), "1", "/mayfly/file", ranks=2)
    check(status not in (0, 134, 139), f"exit status {status}\n{output}")
    said = [line for line in output.splitlines() if line.startswith("mayfly: ")]
    check(len(said) == 1 and "start it with its own" in said[0], output)


def too_few_ranks(run):
    status, output = run.run("true", ranks=2, servers=2)
    said = [line for line in output.splitlines() if line.startswith("mayfly: ")]
    check(status == 1 and len(said) == 1 and "no rank is left" in said[0], output)


def missing_scratch(run):
    status, output = run.run("true", scratch=run.job.folder / "missing")
    check(status == 1 and "missing does not exist" in output, f"exit status {status}\n{output}")


def without_a_launcher(run):
    variables = {name: value for name, value in run.job.environment.items()
                 if not name.startswith(("OMPI_", "PMI", "SLURM_"))}
    done = subprocess.run([run.job.program, "run", "--", "true"], env=variables, text=True,
                          capture_output=True, check=False, timeout=60)
    check(done.returncode == 1 and "mpirun" in done.stderr, done.stderr)


def main():
    mpi, mayfly, program, behaviour = sys.argv[1:]
    with Job(mpi, mayfly) as job:
        run = Run(job, os.path.realpath(program))
        globals()[behaviour](run)
        job.check_nothing_left()


if __name__ == "__main__":
    perform(main)
