#!/usr/bin/env python3
"""Unmodified programs on a background session and on the local file system: the same output.

programs_test.py MPI MAYFLY SERVER SCRIPT"""

import subprocess
import sys
from pathlib import Path

from background_test import Background
from job import Job, check, perform

SECONDS_PER_SCRIPT = 100


def run(script, directory, environment, prefix=()):
    """What it printed, with the directory's own name taken out."""
    done = subprocess.run([*prefix, *interpreter(script), script], check=False, text=True,
                          env={**environment, "D": str(directory)}, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=SECONDS_PER_SCRIPT, errors="replace")
    said = (done.stdout + f"exit status {done.returncode}\n").replace(str(directory), "D")
    return said.splitlines(), done.stderr


def interpreter(script):
    return ["bash"] if script.endswith(".sh") else []


def compare(session, script):
    local = session.job.folder / "t"
    local.mkdir()
    expected, _ = run(script, local, session.job.environment)
    session.start()
    # By its own command: what the session has must not depend on how long a program has it.
    session.run("exec", "--", "mkdir", "/mayfly/t")
    got, errors = run(script, "/mayfly/t", session.job.environment,
                      prefix=(session.mayfly, "exec", "--"))
    for line, (wanted, found) in enumerate(zip(expected, got)):
        check(wanted == found, f"line {line + 1}: {found!r} instead of {wanted!r}\n{errors}")
    check(len(expected) == len(got), f"{len(got)} lines instead of {len(expected)}\n{errors}")
    check(len(expected) > 5, f"the script says too little:\n{expected}\n{errors}")
    session.run("exec", "--", "sh", "-c", "rm -r /mayfly/t && test -z \"$(ls -A /mayfly)\"")
    session.end()


def main():
    mpi, mayfly, server, script = sys.argv[1:]
    check(Path(script).exists(), f"no {script}")
    with Job(mpi, server) as job:
        compare(Background(job, mpi, mayfly), script)


if __name__ == "__main__":
    perform(main)
