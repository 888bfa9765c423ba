#!/usr/bin/env python3
"""random_calls_job under mpirun: random_calls_test.py MPI PROGRAM SERVERS"""

import os
import sys

from job import Job, check, perform

CLIENTS = 2
THREADS = 2
# Calls of each thread, on each of two trees; the four numbers of servers together make 200,000.
STEPS = os.environ.get("MAYFLY_MODEL_STEPS", "6500")


def main():
    mpi, program, servers = sys.argv[1:]
    with Job(mpi, program) as job:
        local = job.folder / "local"
        local.mkdir()
        status, output = job.run(
            int(servers) + CLIENTS, "--scratch", str(job.scratch), "--local", str(local),
            "--servers", servers, "--threads", str(THREADS), "--steps", STEPS)
        check(status == 0, f"exit status {status}:\n{output}")
        job.check_nothing_left()


if __name__ == "__main__":
    perform(main)
