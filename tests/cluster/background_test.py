#!/usr/bin/env python3
"""Background sessions: background_test.py MPI MAYFLY BEHAVIOUR"""

import json
import os
import random
import signal
import subprocess
import sys
import time

from job import Job, Skip, as_nobody, check, is_alive, perform

SERVERS = 2
VERSION_AT = 7  # in a session file


class Background:
    """The command mayfly with a session file in the job's folder."""

    def __init__(self, job, mpi, mayfly):
        self.job = job
        self.mpi = mpi
        self.mayfly = mayfly
        self.file = job.folder / "session"
        # Without a scratch of its own a session would use the user's private folder.
        job.environment.update(MAYFLY_SESSION=str(self.file), HOME=str(job.folder))

    def run(self, *words, status=0, prefix=(), **variables):
        """Both streams of the command."""
        done = subprocess.run([*prefix, self.mayfly, *words], text=True, check=False, timeout=100,
                              env={**self.job.environment, **variables}, stdin=subprocess.DEVNULL,
                              capture_output=True)
        check(done.returncode == status,
              f"{words}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def start(self, *words, status=0, **variables):
        return self.run("start", "--mpi", self.mpi, "--scratch", str(self.job.scratch),
                        "--servers-per-node", str(SERVERS), "--capacity", "1G", *words,
                        status=status, **variables)

    def servers(self):
        return json.loads(self.run("status", "--json"))["servers"]

    def end(self):
        self.run("stop")
        check(not self.file.exists(), "the session file is left")
        self.check_gone()

    def check_gone(self):
        check(not list(self.job.folder.glob("session*")), str(list(self.job.folder.iterdir())))
        self.job.check_nothing_left()


def perform_behaviour(behaviours):
    """The one that the command line names, with a session of its own."""
    mpi, mayfly, server, behaviour = sys.argv[1:]

    def main():
        with Job(mpi, server) as job:
            behaviours[behaviour](Background(job, mpi, mayfly))

    perform(main)


def starts_and_stops(session):
    session.start()
    session.run("wait")
    servers = session.servers()
    check(len(servers) == SERVERS and all(server["answers"] for server in servers), str(servers))
    check(all(server["capacity_bytes"] == 1 << 30 for server in servers), str(servers))
    said = session.run("status")
    check("server 1 on " in said and "of 1.0 GiB used" in said, said)
    check(os.stat(session.file).st_mode & 0o777 == 0o600, "a session file that others may read")
    said = session.start(status=1)
    check("is running" in said and str(session.file) in said, said)
    session.run("setstripe", "-c", "1", "/")
    session.end()
    said = session.run("status", status=1)
    check(said.count("\n") == 1 and str(session.file) in said, said)


def without_mpi(session):
    """A launcher that becomes the server itself."""
    session.start("--launcher", "env")
    time.sleep(0.2)
    check(len(session.servers()) == 1, "no server")
    session.run("exec", "--", "sh", "-c", "echo text > /mayfly/a && grep -q text /mayfly/a")
    session.end()


def two_beside_each_other(session):
    session.start()
    other = session.job.folder / "other"
    session.start(MAYFLY_SESSION=str(other))
    session.run("setstripe", "-c", "1", "/")
    check("count all" in session.run("getstripe", "/", MAYFLY_SESSION=str(other)), "one session")
    session.run("stop", "--session", str(other))
    check(not other.exists(), "the other session is left")
    check("count 1" in session.run("getstripe", "/"), "the first session does not answer")
    session.end()


def in_the_default_place(session):
    del session.job.environment["MAYFLY_SESSION"]
    session.start()
    check((session.job.folder / ".mayfly" / "session").exists(), "not in $HOME/.mayfly")
    session.run("status")
    session.run("stop")
    session.start(SLURM_JOB_ID="7", PATH=path_without_srun(session))
    check((session.job.folder / ".mayfly" / "session-7").exists(), "not the job's")
    session.run("stop", SLURM_JOB_ID="7")
    session.job.check_nothing_left()


def path_without_srun(session):
    """A PATH on which there is this MPI's mpirun and no srun."""
    folder = session.job.folder / "programs"
    folder.mkdir()
    for directory in os.environ["PATH"].split(os.pathsep)[::-1]:
        for entry in os.scandir(directory) if os.path.isdir(directory) else ():
            link = folder / entry.name
            if entry.name != "srun" and not link.is_symlink():
                link.symlink_to(entry.path)
    return str(folder)


def replaces_a_stale_file(session):
    session.start()
    pids = session.job.processes()
    check(len(pids) == SERVERS, str(pids))
    kept = session.file.read_bytes()
    session.run("stop")
    session.file.write_bytes(kept)
    session.file.chmod(0o600)
    said = session.run("status", status=1, MAYFLY_DEADLINE="2")
    check("does not answer" in said, said)
    session.start(MAYFLY_DEADLINE="2")
    check(len(session.servers()) == SERVERS, "not replaced")
    session.end()


def a_killed_server(session):
    session.start()
    pids = session.job.processes()
    os.kill(int(pids[-1]), signal.SIGKILL)
    # Its launcher ends the others; whoever removes the file of a killed session says so.
    deadline = time.monotonic() + 60
    while any(is_alive(pid) for pid in pids):
        check(time.monotonic() < deadline, "the other servers live on")
        time.sleep(0.05)
    if session.file.exists():
        said = session.run("stop", status=1, MAYFLY_DEADLINE="2")
        check("clean" in said, said)
    session.run("clean", MAYFLY_DEADLINE="2")
    session.job.check_nothing_left()
    session.check_gone()


def programs_without_a_session(session):
    session.start()
    shim = session.run("env")
    check(shim.count("export ") == 3 and "LD_PRELOAD" in shim, shim)
    kept = session.file.read_bytes()
    # A program that has no session, one of servers that are gone, somebody else's: one sentence.
    look = f"{shim}\nls /mayfly; cat /mayfly/none 2>/dev/null; echo status $?"
    said = shell(session, f"{shim}\nunset MAYFLY_SESSION; ls /mayfly")
    check("mayfly exec" in said and said.count("mayfly: ") == 1, said)
    session.run("stop")
    said = shell(session, look)
    check(str(session.file) in said and "status 1" in said, said)
    session.file.write_bytes(kept)
    session.file.chmod(0o644)
    said = shell(session, look)
    check("yours alone" in said, said)
    session.file.chmod(0o600)
    said = shell(session, "export MAYFLY_DEADLINE=2\n" + look)
    check("status 1" in said, said)
    session.file.write_bytes(kept[:VERSION_AT] + b"\xff" + kept[VERSION_AT + 1:])
    said = shell(session, look)
    check("another version" in said and said.count("mayfly: ") == 1 and "status 1" in said, said)
    said = session.run("status", status=1)
    check("another version" in said and said.count("\n") == 1, said)
    session.file.write_bytes(b"no session")
    said = shell(session, look)
    check(str(session.file) in said and "status 1" in said, said)
    session.run("clean")
    # What never touches the mount needs neither.
    said = shell(session, f"{shim}\nulimit -n 256; ls /; grep -c libuc /proc/self/maps")
    check(said.endswith("\n0\n") and "mayfly: " not in said, said)
    session.check_gone()


def of_another_user(session):
    """Root's session is no other user's, whatever the file's mode."""
    prefix = as_nobody(session.job)
    if not prefix:
        raise Skip("only root can be two users")
    session.job.environment["HOME"] = str(session.job.folder)
    session.start()
    for mode, reason in ((0o600, "cannot be opened"), (0o644, "belongs to somebody else")):
        session.file.chmod(mode)
        for words in (["status"], ["stop"], ["exec", "--", "ls", "/mayfly"]):
            said = session.run(*words, prefix=prefix, status=1)
            check(reason in said and said.count("\n") == 1, f"{words}: {said}")
    said = session.run("clean", prefix=prefix, status=1)
    check("cannot be removed" in said, said)
    session.file.chmod(0o600)
    check(all(server["answers"] for server in session.servers()), "a server does not answer")
    session.end()


def little_locked_memory(session):
    """Servers that may not register their buffers serve all the same, and say what it takes."""
    prefix = as_nobody(session.job)
    session.job.folder.chmod(0o777)
    session.job.scratch.chmod(0o777)
    session.job.environment["HOME"] = str(session.job.temporary)
    said = session.start(prefix=(*prefix, "sh", "-c", 'ulimit -l 64; exec "$@"', "sh"))
    check("raise it with ulimit -l" in said, said)
    script = "cp /bin/ls /mayfly/a; cmp /bin/ls /mayfly/a; echo status $?"
    said = session.run("exec", "--", "sh", "-c", script, prefix=prefix)
    check("status 0" in said, said)
    session.run("stop", prefix=prefix)
    session.check_gone()


def shell(session, commands):
    done = subprocess.run(["sh", "-c", commands], env=session.job.environment, text=True,
                          capture_output=True, check=False, timeout=60)
    return done.stdout + done.stderr


def runs_programs(session):
    session.start()
    check(session.run("exec", "--", "sh", "-c", "exit 7", status=7) == "", "a word too many")
    check("none" in session.run("exec", "--", "none-such", status=127), "not found")
    check("/etc/passwd" in session.run("exec", "--", "/etc/passwd", status=126), "not executable")
    check("prefix" in session.run("exec", "--prefix", "x", "--", "true", status=1), "prefix")
    session.run("exec", "--prefix", "/a/b", "--", "sh", "-c", "echo > /a/b/f && cd /a/b && cat f")
    plain = session.job.folder / "plain"
    source = "int main(void) { return 3; }"
    subprocess.run(["gcc", "-static", "-x", "c", "-o", str(plain), "-"], input=source, text=True,
                   check=True)
    said = session.run("exec", "--", str(plain), status=3)
    check("statically linked" in said and "FUSE" in said and said.count("\n") == 1, said)
    plain.unlink()
    session.end()


def signals_do_no_harm(session):
    """A program that is ended in the middle of a call leaves its servers able to hear others."""
    session.start()
    seed = int.from_bytes(os.urandom(4), "little")
    print(f"seed {seed}")
    chance = random.Random(seed)
    # No mayfly exec: loading UCX makes a System V segment for a moment (docs/decisions.md).
    exports = [line.removeprefix("export ").split("=", 1)
               for line in session.run("env").splitlines()]
    shim = {name: value.strip("'") for name, value in exports}
    command = ["sh", "-c", "for n in 1 2 3 4 5 6 7 8 9; do echo $n > /mayfly/$$-$n; done"]
    for _ in range(60):
        with subprocess.Popen(command, env={**session.job.environment, **shim},
                              start_new_session=True,
                              stderr=subprocess.DEVNULL) as program:
            time.sleep(chance.uniform(0, 0.05))
            os.killpg(program.pid, signal.SIGTERM)
    check(all(server["answers"] for server in session.servers()), "a server does not answer")
    session.end()


def refuses_bad_input(session):
    said = session.start("--launcher", "no-such-launcher", status=1)
    check("no-such-launcher" in said and said.count("\n") == 1, said)
    said = session.run("start", "--mpi", session.mpi, "--scratch",
                       str(session.job.folder / "missing"), status=1)
    check("missing" in said and "could not be started" in said, said)
    said = session.start(status=1, MAYFLY_SESSION=str(session.job.folder / "missing" / "session"))
    check("missing" in said, said)
    said = session.start("--launcher", "sleep 100; true", "--timeout", "1", status=1)
    check("--timeout" in said or "could not be started" in said, said)
    for words in (["start", "--servers-per-node", "0"], ["start", "--memory", "much"],
                  ["status", "--colour"], ["exec"]):
        session.run(*words, status=2)
    said = session.run("wait", "--timeout", "0", status=1)
    check("mayfly start" in said and said.count("\n") == 1, said)
    for word in ("stop", "status", "env"):
        said = session.run(word, status=1)
        check(str(session.file) in said and said.count("\n") == 1, said)
    session.file.write_bytes(b"no session")
    session.file.chmod(0o600)
    said = session.run("status", status=1)
    check(str(session.file) in said and said.count("\n") == 1, said)
    session.file.unlink()
    session.run("clean")
    session.check_gone()


if __name__ == "__main__":
    perform_behaviour(globals())
