#!/usr/bin/env python3
"""The command mayfly beside a running job: session_test.py MPI PROGRAM MAYFLY BEHAVIOUR"""

import json
import os
import subprocess
import sys

from job import Job, check, perform

SERVERS = 3
CLIENTS = 2


class Session:
    """A job whose session is open, and the command beside it."""

    def __init__(self, job, mayfly):
        self.job = job
        self.mayfly = mayfly
        self.file = job.folder / "session"
        self.ready = job.folder / "ready"
        self.release = job.folder / "release"
        job.start(SERVERS + CLIENTS, *self.arguments())
        job.wait_for(self.ready.exists, "session")

    def arguments(self):
        return ("--scratch", str(self.job.scratch), "--servers", str(SERVERS),
                "--session-file", str(self.file), "--ready", str(self.ready),
                "--release", str(self.release))

    def run(self, *words, status=0, session=True):
        """What the command printed; both streams."""
        environment = dict(self.job.environment)
        if session:
            environment["MAYFLY_SESSION"] = str(self.file)
        done = subprocess.run([self.mayfly, *words], env=environment, text=True,
                              capture_output=True, check=False, timeout=60)
        check(done.returncode == status,
              f"{words}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def end(self):
        """What the job printed."""
        self.release.touch()
        check(self.job.process.wait(timeout=60) == 0, self.job.output())
        return self.job.output()


def stripes_a_directory(session):
    said = session.run("getstripe", "/d")
    check(said == "/d: stripe count all, chunk size 1.0 MiB, first server any\n", said)
    session.run("setstripe", "-c", "2", "-S", "4M", "-i", "1", "/d")
    said = session.run("getstripe", "/d")
    check(said == "/d: stripe count 2, chunk size 4.0 MiB, first server 1\n", said)
    # What is not given stays.
    session.run("setstripe", "--stripe-count", "1", "/d")
    line = json.loads(session.run("getstripe", "--json", "/d"))
    check(line == {"path": "/d", "stripe_count": 1, "chunk_bytes": 4 << 20,
                   "first_server": "1"}, str(line))
    session.run("setstripe", "-i", "local", "/d")
    check("first server local" in session.run("getstripe", "/d"), "local")
    session.run("setstripe", "-i", "2", "-c", "3", "-S", "64K", "/d")
    check(os.stat(session.file).st_mode & 0o777 == 0o600, "a session file that others may read")
    output = session.end()
    check("new file: 3 65536 2" in output, output)
    check(not session.file.exists(), "the session file is left")
    said = session.run("getstripe", "/d", status=1)
    check(str(session.file) in said, said)


def refuses_bad_input(session):
    for words in (["setstripe", "-c", "-1", "/d"], ["setstripe", "-c", "70000", "/d"],
                  ["setstripe", "-S", "huge", "/d"], ["setstripe", "-i", "first", "/d"],
                  ["setstripe"], ["getstripe"], ["getstripe", "--colour", "/d"]):
        session.run(*words, status=2)
    said = session.run("getstripe", "/d", status=1, session=False)
    check(".mayfly/session cannot" in said or "session file" in said, said)
    for words in (["getstripe", "/none"], ["setstripe", "-c", "1", "/none"],
                  # No such server; not a whole number of pages; no directory's.
                  ["setstripe", "-i", "7", "/d"], ["setstripe", "-S", "5000", "/d"]):
        said = session.run(*words, status=1)
        check(words[-1] in said and said.count("\n") == 1, said)
    said = session.run("getstripe", "/none", "/d", status=1)
    check("/d: stripe" in said and "/none" in said, said)
    session.end()


def cannot_write_its_file(job):
    status, output = job.run(
        SERVERS + CLIENTS, "--scratch", str(job.scratch), "--servers", str(SERVERS),
        "--session-file", str(job.folder / "missing" / "session"),
        "--ready", str(job.folder / "ready"), "--release", str(job.folder / "release"))
    check(status != 0 and "missing/session cannot be made" in output, output)


def main():
    mpi, program, mayfly, behaviour = sys.argv[1:]
    with Job(mpi, program) as job:
        if behaviour == "cannot_write_its_file":
            cannot_write_its_file(job)
        else:
            globals()[behaviour](Session(job, mayfly))
        job.check_nothing_left()


if __name__ == "__main__":
    perform(main)
