#!/usr/bin/env python3
"""Checkpoint sets and their way out of a session: checkpoint_test.py MPI MAYFLY SERVER BEHAVIOUR"""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

from background_test import perform_behaviour
from job import check

MANIFEST = ".mayfly-manifest.jsonl"


def write_set(session, name, files=3, size=200_000):
    """A set with that many files, whose bytes follow from its name."""
    path = session.run("checkpoint", "begin", name).strip()
    check(path.startswith("/mayfly/checkpoints/"), path)
    tree = session.job.folder / f"source-{name}"
    tree.mkdir(exist_ok=True)
    for number in range(files):
        (tree / f"f{number}").write_bytes(random.Random(f"{name} {number}").randbytes(size))
    session.run("stage-in", "--manifest", f"/mayfly/manifest-{name}", f"{tree}/", path)
    return tree


def make_set(session, name, **how):
    tree = write_set(session, name, **how)
    session.run("checkpoint", "commit", name)
    return tree


def listed(session):
    said = session.run("checkpoint", "list", "--json")
    return [json.loads(line) for line in said.splitlines()]


def complete(session):
    return [entry["name"] for entry in listed(session) if entry["complete"]]


def is_copy(tree, copy):
    """Of all files, and no others but the set's own."""
    there = {path.name for path in copy.iterdir()} - {MANIFEST, ".mayfly-set"}
    return there == {path.name for path in tree.iterdir()} and all(
        (copy / path.name).read_bytes() == path.read_bytes() for path in tree.iterdir())


def sets_appear_whole(session):
    session.start()
    check(listed(session) == [], "sets from nowhere")
    write_set(session, "one")
    check([(entry["name"], entry["complete"]) for entry in listed(session)] == [("one", False)],
          str(listed(session)))
    check(session.run("ls", "/mayfly/checkpoints") == "", "it shows before it is complete")
    session.run("checkpoint", "commit", "one")
    check(session.run("ls", "/mayfly/checkpoints").split() == ["one"], "it does not show")
    make_set(session, "two")
    check(complete(session) == ["two", "one"], str(listed(session)))
    # What cannot be is said in a sentence.
    for words, why in ((["begin", "two"], "complete one"), (["commit", "two"], "complete one"),
                       (["commit", "none"], "none by that name"), (["begin", "a/b"], "no name"),
                       (["begin", ".x"], "no name"), (["drop", "none"], "none by that name"),
                       (["restore", "none"], "no complete set none")):
        said = session.run("checkpoint", *words, status=1)
        check(why in said and said.count("\n") == 1, said)
    session.run("checkpoint", status=2)
    check(session.run("checkpoint", "restore").strip() == "/mayfly/checkpoints/two", "not newest")
    write_set(session, "three")
    session.run("checkpoint", "drop", "three")
    session.run("checkpoint", "drop", "one")
    check([entry["name"] for entry in listed(session)] == ["two"], str(listed(session)))
    for name in ("four", "five"):
        make_set(session, name)
    write_set(session, "six")
    session.run("checkpoint", "commit", "six", "--keep", "2")
    check(complete(session) == ["six", "five"], str(listed(session)))
    session.end()


def ranks_commit_together(session):
    session.start()
    for attempt in range(5):
        name = f"set{attempt}"
        write_set(session, name, files=1)
        ranks = [subprocess.Popen([session.mayfly, "checkpoint", "commit", name, "--ranks", "4"],
                                  env=session.job.environment) for _ in range(3)]
        time.sleep(0.3)
        check(name not in complete(session), "it appears before all ranks have committed")
        check(all(rank.poll() is None for rank in ranks), "a rank did not wait")
        session.run("checkpoint", "commit", name, "--ranks", "4")
        check([rank.wait(timeout=20) for rank in ranks] == [0, 0, 0], "a rank failed")
        check(complete(session)[0] == name, str(listed(session)))
        said = session.run("ls", "-a", f"/mayfly/checkpoints/{name}")
        check("commits" not in said and "last" not in said, said)
    # Dropped while somebody waits.
    write_set(session, "gone")
    words = [session.mayfly, "checkpoint", "commit", "gone", "--ranks", "2"]
    with subprocess.Popen(words, env=session.job.environment, text=True,
                          stderr=subprocess.PIPE) as rank:
        time.sleep(0.5)
        session.run("checkpoint", "drop", "gone")
        said = rank.communicate(timeout=20)[1]
    check(rank.returncode == 1 and "dropped meanwhile" in said, said)
    session.end()


def drained_and_restored(session):
    out = session.job.folder / "out"
    session.start()
    trees = {name: make_set(session, name) for name in ("a", "b", "c")}
    write_set(session, "begun")
    said = session.run("drain", str(out))
    order = [line.split()[-1] for line in said.splitlines() if line.startswith("draining")]
    check(order == ["c", "b", "a"], said)
    for name, tree in trees.items():
        check(is_copy(tree, out / name), f"{name} is another")
        session.run("verify", str(out / name / MANIFEST))
    check(sorted(path.name for path in out.iterdir()) == ["a", "b", "c"], "more than the sets")
    check(all(entry["drained_to"] == [str(out)] for entry in listed(session)
              if entry["complete"]),
          str(listed(session)))
    check("drained 0 sets" in session.run("drain", str(out)), "drained again")
    # To another place too, and it is known of both.
    other = session.job.folder / "other"
    check("drained 3 sets" in session.run("drain", str(other)), "not to the other place")
    check("drained 0 sets" in session.run("drain", str(out)), "drained again")
    check(all(is_copy(tree, other / name) for name, tree in trees.items()), "others there")
    # Another set by a name takes the place of the first one.
    session.run("checkpoint", "drop", "a")
    trees["a"] = make_set(session, "a", files=2, size=300_000)
    # Only what has been drained is dropped for want of room.
    session.run("checkpoint", "commit", "begun", "--keep", "1")
    check(complete(session) == ["begun", "a"], str(listed(session)))
    session.run("drain", "--keep", "1", str(out))
    check(complete(session) == ["begun"], str(listed(session)))
    check(is_copy(trees["a"], out / "a"), "the old one is left")
    session.end()
    session.start()
    said = session.run("checkpoint", "restore", status=1)
    check("no complete set" in said, said)
    check(session.run("checkpoint", "restore", "--from", str(out)).strip() ==
          "/mayfly/checkpoints/begun", "not the newest")
    check(session.run("checkpoint", "restore", "a", "--from", str(out)).strip() ==
          "/mayfly/checkpoints/a", "not a")
    session.run("stage-out", "/mayfly/checkpoints/a/", str(session.job.folder / "back"))
    check(is_copy(trees["a"], session.job.folder / "back"), "a came back as another")
    check("drained 0 sets" in session.run("drain", str(out)), "what was restored is drained again")
    # A copy that has changed since is no checkpoint.
    with open(out / "b" / "f1", "r+b") as file:
        file.write(b"!")
    said = session.run("checkpoint", "restore", "b", "--from", str(out), status=1)
    check("f1 is not what was drained" in said and "b" not in complete(session), said)
    lines = (out / "c" / MANIFEST).read_text().splitlines(keepends=True)
    (out / "c" / MANIFEST).write_text("".join(lines[:-1]))
    said = session.run("checkpoint", "restore", "c", "--from", str(out), status=1)
    check("its manifest is not complete" in said, said)
    session.end()


def start_drain(session, *words, **how):
    return subprocess.Popen([session.mayfly, "drain", *words], env=session.job.environment,
                            text=True, stderr=subprocess.PIPE, **how)


def watched(session):
    out = session.job.folder / "out"
    session.start()
    with start_drain(session, "--watch", "--keep", "1", str(out)) as drain:
        trees = {}
        for name in ("a", "b", "c"):
            trees[name] = make_set(session, name)
            deadline = time.monotonic() + 30
            while not (out / name).exists():
                check(time.monotonic() < deadline, f"{name} is not drained")
                time.sleep(0.05)
        deadline = time.monotonic() + 30
        while complete(session) != ["c"]:
            check(time.monotonic() < deadline, str(listed(session)))
        # Another drain waits for its turn, and finds nothing left to do.
        check("drained 0 sets" in session.run("drain", str(out)), "drained twice")
        session.run("stop")
        said = drain.communicate(timeout=60)[1]
    check(drain.returncode == 0 and "drained 3 sets" in said, said)
    for name, tree in trees.items():
        check(is_copy(tree, out / name), name)
    session.check_gone()


def killed_drains(session):
    """Whatever is killed when: a set is in the destination as a whole or not at all."""
    out = session.job.folder / "out"
    for attempt in range(4):
        session.start()
        trees = {name: make_set(session, name, files=6, size=900_000) for name in ("a", "b")}
        for kill in range(5):
            with start_drain(session, "--drain-rate", "60M", str(out)) as drain:
                time.sleep(random.uniform(0.05, 0.4))
                if kill < 4:
                    drain.kill()
                else:
                    for pid in session.job.processes()[:1 + attempt % 2]:
                        os.kill(int(pid), signal.SIGKILL)
                    drain.communicate(timeout=90)
            session.job.forgive_killed_clients()
            for name, tree in trees.items():
                check(not (out / name).exists() or is_copy(tree, out / name), f"half of {name}")
                if (out / name).exists():
                    session.run("verify", str(out / name / MANIFEST))
        deadline = time.monotonic() + 20
        while session.job.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        session.run("clean", MAYFLY_DEADLINE="2")
    session.start()
    trees = {name: make_set(session, name, files=6, size=900_000) for name in ("a", "b")}
    session.run("drain", str(out))
    check(all(is_copy(tree, out / name) for name, tree in trees.items()), "another")
    check(sorted(path.name for path in out.iterdir()) == ["a", "b"], "something is left")
    session.end()


def in_time(session):
    out = session.job.folder / "out"
    session.start()
    make_set(session, "a", files=4, size=4_000_000)
    said = session.run("drain", "--drain-rate", "6M", "--deadline", "2", str(out))
    check("will not end in time" in said and "will be missing" in said and "MiB are left" in said,
          said)
    check((out / "a").exists(), "given up")
    session.run("checkpoint", "drop", "a")
    make_set(session, "a", files=4, size=4_000_000)
    said = session.run("drain", "--drain-rate", "8M", "--deadline", "1h", str(out))
    check("will not" not in said and "time is up in 60.0 min" in said, said)
    end = str(int(time.time()) + 1)
    make_set(session, "b", files=4, size=4_000_000)
    said = session.run("drain", "--drain-rate", "6M", "--before", "job end", str(out),
                       SLURM_JOB_END_TIME=end)
    check("will not end in time" in said, said)
    said = session.run("drain", "--before", "job end", str(out), status=1, SLURM_JOB_ID="")
    check("no Slurm job" in said and said.count("\n") == 1, said)
    said = session.run("drain", "--deadline", "soon", str(out), status=1)
    check("no deadline" in said and said.count("\n") == 1, said)
    said = session.run("drain", "/proc/none", status=1)
    check("cannot be made" in said and said.count("\n") == 1, said)
    # A destination that is full, or cannot be written to.
    tiny = session.job.folder / "tiny"
    tiny.mkdir()
    script = (f"mount -t tmpfs -o size=3m none {tiny} && {session.mayfly} drain {tiny}; "
              f"echo exit $?; ls -A {tiny}")
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], text=True, check=False,
                          env=session.job.environment, capture_output=True)
    if "unshare" not in done.stderr and "mount:" not in done.stderr:
        check("exit 1" in done.stdout and "No space left" in done.stderr, done.stdout + done.stderr)
        names = done.stdout.split("exit 1")[1].split()
        check(not [name for name in names if not name.startswith(".")], "half a set has a name")
    session.end()


def by_the_c_calls(session):
    """A program of three ranks, each with its own membership, and no MPI."""
    program = Path(session.mayfly).parents[1] / "tests" / "cluster" / "checkpoint_calls"
    source = session.job.folder / "source"
    source.mkdir()
    (source / "input").write_text("of the program\n")
    out = session.job.folder / "out"
    session.start()
    ranks = [subprocess.Popen([program, str(rank), "3", str(source), str(out)], text=True,
                              env=session.job.environment, stdout=subprocess.PIPE)
             for rank in range(3)]
    said = [rank.communicate(timeout=60)[0] for rank in ranks]
    check([rank.returncode for rank in ranks] == [0, 0, 0], str(said))
    check(complete(session) == ["second", "first"], str(listed(session)))
    check(sorted(path.name for path in (out / "second").iterdir() if path.name[0] != ".") ==
          ["rank0", "rank1", "rank2"], str(list(out.rglob("*"))))
    check((out / "input").read_text() == "of the program\n", "not staged")
    session.end()


if __name__ == "__main__":
    perform_behaviour(globals())
