#!/usr/bin/env python3
"""Staging into a session and out of it: staging_test.py MPI MAYFLY SERVER BEHAVIOUR"""

import filecmp
import json
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import threading
import time

from background_test import perform_behaviour
from job import check

MANIFEST = ".mayfly-manifest.jsonl"
PART = b".mayfly-part-"
BIG = 70_000_001  # several pieces, and an odd end


def plant(folder):
    """Everything that a tree may hold."""
    top = os.fsencode(folder)
    deep = os.path.join(top, b"a", b"b c", b"d")
    os.makedirs(deep)
    os.mkdir(os.path.join(top, b"empty directory"), 0o750)
    names = [b"plain", b"two words", b"line\nfeed", b"not \xff utf-8", b"quote\"s", b"-dash"]
    for number, name in enumerate(names):
        with open(os.path.join(deep, name), "wb") as file:
            file.write(os.urandom(number * 3000))
        os.chmod(os.path.join(deep, name), 0o600 + number)
    for number in range(300):
        with open(os.path.join(top, b"a", b"small%d" % number), "wb") as file:
            file.write(b"x" * number)
    with open(os.path.join(top, b"big"), "wb") as file:
        file.write(os.urandom(BIG))
    with open(os.path.join(top, b"sparse"), "wb") as file:
        for offset in (5_000_000, 300_000_000, 300_100_000):
            file.seek(offset)
            file.write(os.urandom(10_000))
        file.truncate(400_000_123)
    os.link(os.path.join(top, b"big"), os.path.join(top, b"a", b"same as big"))
    os.symlink(b"a/small1", os.path.join(top, b"link"))
    os.symlink(b"no\xffwhere", os.path.join(top, b"dangling"))
    os.setxattr(os.path.join(top, b"a", b"small2"), "user.colour", b"green\0blue")
    os.utime(os.path.join(top, b"a", b"small3"), ns=(10**18, 10**18 + 7))
    os.chmod(os.path.join(top, b"a", b"b c"), 0o2550)
    os.utime(os.path.join(top, b"a"), ns=(10**18, 10**18 + 9))
    return top


def describe(top):
    """What two trees must have in common, by path."""
    found = {}
    for folder, directories, files in os.walk(top):
        for name in [b"."] + directories + files:
            path = os.path.normpath(os.path.join(folder, name))
            if os.path.basename(path) == MANIFEST.encode():
                continue
            status = os.lstat(path)
            what = [stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode), status.st_mtime_ns,
                    status.st_uid]
            if stat.S_ISLNK(status.st_mode):
                what.append(os.readlink(path))
            if stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    what += [status.st_nlink, hash(file.read())]
                what.append({key: os.getxattr(path, key) for key in os.listxattr(path)
                             if key.startswith("user.")})
            found[os.path.relpath(path, top)] = what
    return found


def same(left, right):
    ours, theirs = describe(left), describe(right)
    differing = {path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path)}
    check(not differing, f"these differ: {[(p, ours.get(p), theirs.get(p)) for p in differing]}")


def is_sparse(path):
    status = os.lstat(path)
    return status.st_blocks * 512 < status.st_size // 10


def a_tree_in_and_out(session):
    tree = plant(session.job.folder / "in")
    out = session.job.folder / "out"
    session.start()
    said = session.run("stage-in", os.fsdecode(tree), "/mayfly/data")
    check("copied 308 files" in said, said)
    said = session.run("stage-out", "/mayfly/data/in", str(out))
    check("copied 308 files" in said, said)
    same(tree, os.fsencode(out / "in"))
    check(is_sparse(out / "in" / "sparse"), "the holes are filled")
    said = session.run("verify", str(out / MANIFEST))
    check("FAILED" not in said, said)
    # What was copied is there; what has changed since is copied again.
    check("copied 0 files" in session.run("stage-out", "/mayfly/data/in", str(out)), "all again")
    with open(tree + b"/a/small7", "ab") as file:
        file.write(b"more")
    check("copied 1 files" in session.run("stage-in", os.fsdecode(tree), "/mayfly/data"), "not one")
    check("copied 1 files" in session.run("stage-out", "/mayfly/data/in", str(out)), "not one")
    same(tree, os.fsencode(out / "in"))
    session.end()


def many_ranks(session):
    """Each file is copied by one of them, and the tree is whole when they end."""
    job = session.job
    tree = plant(job.folder / "in")
    out = job.folder / "out"
    session.start()

    def run(ranks, *words, status=0):
        job.program = session.mayfly
        done, said = job.run(ranks, *words)
        check((done != 0) == (status != 0), f"{words}: {done}\n{said}")
        return said

    job.environment["MAYFLY_SESSION"] = str(session.file)
    # Of all ranks one tells of the whole.
    said = run(3, "stage-in", "--json", "--verbose", f"{tree.decode()}/", "/mayfly/data")
    # Launchers may mix the lines of their ranks.
    copied = re.findall(r'"event":"copied","path":"([^"]*)"', said)
    check(len(copied) > 250 and len(copied) == len(set(copied)), "a file was copied twice")
    check(said.count('"event":"finished"') == 1 and '"files":308,' in said, said)
    run(4, "stage-out", "--direct", "/mayfly/data/", str(out))
    same(tree, os.fsencode(out))
    session.run("verify", str(out / MANIFEST))
    # Clients share the pieces of the big file too.
    for words in ([], ["--direct"]):
        said = run(4, "stage-in", "--json", "--by", "clients", *words, f"{tree.decode()}/big",
                   "/mayfly/parts")
        check(f'"bytes":{BIG},' in said and '"bytes_by_servers":0,' in said, said)
        run(3, "stage-out", "--by", "clients", *words, "/mayfly/parts/", str(job.folder / "parts"))
        copied = os.fsencode(job.folder / "parts" / "big")
        check(filecmp.cmp(tree + b"/big", copied, False), "the bytes differ")
        session.run("verify", str(job.folder / "parts" / MANIFEST))
        session.run("rm", "-r", "/mayfly/parts")
        shutil.rmtree(job.folder / "parts")
    names = {path.name for path in out.iterdir()}
    check(not [name for name in names if name.startswith(MANIFEST + ".")], str(names))
    check("party" not in session.run("ls", "-a", "/mayfly/"), "their meeting is left")
    # They go on where they were, whatever the number of ranks; and what is gone goes.
    with open(tree + b"/a/small7", "ab") as file:
        file.write(b"more")
    os.unlink(tree + b"/a/small8")
    said = run(2, "stage-in", "--delete", f"{tree.decode()}/", "/mayfly/data")
    check("copied 1 files" in said, said)
    said = run(3, "stage-out", "--delete", "/mayfly/data/", str(out))
    check("copied 1 files" in said, said)
    same(tree, os.fsencode(out))
    # What one fails in all fail in, and the rest is copied.
    os.mkfifo(tree + b"/pipe")
    said = run(3, "stage-in", f"{tree.decode()}/", "/mayfly/again", status=1)
    check(said.count("/pipe: is no file") == 1 and "1 FAILED" in said, said)
    os.unlink(tree + b"/pipe")
    said = run(3, "stage-in", f"{tree.decode()}/", "/mayfly/again")
    check("copied 0 files" in said, said)
    # One that is killed in the middle takes the others with it; the next go on.
    server, job.program_file = job.program_file, os.path.realpath(session.mayfly)
    for attempt in range(3):
        mpirun = job.start(3, "stage-out", "--limit", "10M", "/mayfly/again/",
                           str(job.folder / "third"))
        job.wait_for(lambda: len(job.processes()) >= 3, "the ranks do not start")
        time.sleep(0.3 + 0.4 * attempt)
        os.kill(int(job.processes()[-1]), signal.SIGKILL)
        check(mpirun.wait(timeout=60) != 0, "the others go on")
        job.forgive_killed_clients()
        if (job.folder / "third").exists():
            only_whole_files(tree, os.fsencode(job.folder / "third"))
    job.program_file = server
    run(3, "stage-out", "/mayfly/again/", str(job.folder / "third"))
    same(tree, os.fsencode(job.folder / "third"))
    # A command of a script is on its own.
    said = run(2, "exec", "--", "sh", "-c", f"test $OMPI_COMM_WORLD_RANK$PMI_RANK = 1 || "
               f"{session.mayfly} stage-in {tree.decode()}/link /mayfly/single; true")
    check("copied 0 files" in said, said)
    session.end()


def chosen_entries(session):
    tree = session.job.folder / "in"
    out = session.job.folder / "out"
    (tree / "keep" / "skip").mkdir(parents=True)
    for name in ("keep/a.txt", "keep/b.bin", "keep/skip/c.txt", "d.txt"):
        (tree / name).write_text(name)
    os.utime(tree / "d.txt", (1, 1))
    reference = session.job.folder / "reference"
    reference.touch()
    os.utime(reference, (1000, 1000))
    session.start()
    session.run("stage-in", f"{tree}/", "/")
    said = session.run("stage-out", "--dry-run", "/mayfly/", str(out))
    check(not out.exists() and "d.txt" in said and "would copy 4 files" in said, said)
    session.run("stage-out", "--include", "*.txt", "--exclude", "skip", "--newer", str(reference),
                "/mayfly/", str(out))
    found = sorted(str(path.relative_to(out)) for path in out.rglob("*.*") if path.name != MANIFEST)
    check(found == ["keep/a.txt"], str(found))
    # By a list, to names of their own.
    listed = session.job.folder / "list"
    listed.write_text(f"# SRC DST\n\n/mayfly/keep/a.txt \"{out}/two words\"\n/keep {out}/all\n")
    session.run("stage-out", "--list", str(listed), "--limit", "100M")
    check((out / "two words").read_text() == "keep/a.txt", "not by the list")
    check((out / "all" / "skip" / "c.txt").read_text() == "keep/skip/c.txt", "not by the list")
    # What the source has lost goes only if that is wished, and only what is meant.
    session.run("stage-out", "/mayfly/", str(out))
    session.run("exec", "--", "rm", "-r", "/mayfly/keep/skip", "/mayfly/keep/b.bin")
    session.run("stage-out", "/mayfly/", str(out))
    check((out / "keep" / "b.bin").exists(), "removed without --delete")
    said = session.run("stage-out", "--delete", "--dry-run", "/mayfly/", str(out))
    check((out / "keep" / "b.bin").exists() and f"removed {out}/keep/b.bin" in said, said)
    session.run("stage-out", "--delete", "--exclude", "*.bin", "/mayfly/", str(out))
    check((out / "keep" / "b.bin").exists() and not (out / "keep" / "skip").exists(), "exclude")
    session.run("stage-out", "--delete", "/mayfly/", str(out))
    check(not (out / "keep" / "b.bin").exists() and not (out / "two words").exists(), "left")
    session.run("verify", str(out / MANIFEST))
    session.end()


def events_of(said):
    return [json.loads(line) for line in said.splitlines()]


def who_moves_the_bytes(session):
    tree = plant(session.job.folder / "in")
    out = session.job.folder / "out"
    session.start()
    # Servers do, past what they need not read.
    said = events_of(session.run("stage-in", "--json", f"{tree.decode()}/", "/mayfly/data"))[-1]
    check(BIG <= said["bytes_by_servers"] < said["bytes"] - 300_000_000, str(said))
    said = events_of(session.run("stage-out", "--json", "--direct", "/mayfly/data/", str(out)))[-1]
    check(BIG <= said["bytes_by_servers"] < said["bytes"] - 300_000_000, str(said))
    same(tree, os.fsencode(out))
    check(is_sparse(out / "sparse"), "the holes are filled")
    # Small files take one request each, but for what has attributes of its own.
    counted = json.loads(session.run("stats", "--json"))["servers"]
    put = sum(server["operations"]["put_file"]["requests"] for server in counted)
    check(put == 305, f"{put} small files were put")
    # Clients do if that is wished, or where chunks are smaller than blocks.
    session.run("mkdir", "/mayfly/fine")
    session.run("setstripe", "--chunk-size", "64K", "/mayfly/fine")
    for place, words in (("/mayfly/other", ["--by", "clients"]), ("/mayfly/fine", [])):
        said = events_of(session.run("stage-in", "--json", *words, f"{tree.decode()}/", place))[-1]
        check(said["bytes_by_servers"] < 2_000_000, str(said))
        session.run("stage-out", *words, f"{place}/", str(out / "again"))
        same(tree, os.fsencode(out / "again"))
        session.run("rm", "-r", place)
    # And where the servers do not see the files: here, a mount that only the client has.
    hidden = session.job.folder / "hidden"
    hidden.mkdir()
    script = f"""mount -t tmpfs none {hidden} && cp -a {tree.decode()}/big {hidden} &&
        {session.mayfly} stage-in --json {hidden}/big /mayfly/hidden &&
        {session.mayfly} stage-out --json /mayfly/hidden/big {hidden}/out &&
        cmp {hidden}/big {hidden}/out/big"""
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], text=True, check=False,
                          env=session.job.environment, capture_output=True)
    if "unshare" not in done.stderr and "mount:" not in done.stderr:
        check(done.returncode == 0, done.stdout + done.stderr)
        said = events_of(done.stdout)
        check([event["bytes_by_servers"] for event in said] == [0, 0], done.stdout)
    session.end()


def killed_servers(session):
    tree = session.job.folder / "in"
    tree.mkdir()
    for number in range(20):
        (tree / f"f{number}").write_bytes(os.urandom(random.randrange(8_000_000)))
    for attempt in range(6):
        # One of its own, for what is there already takes no time.
        out = session.job.folder / f"out{attempt}"
        session.start()
        if attempt % 2 == 0:
            words = ["stage-in", f"{tree}/", "/mayfly/data"]
        else:
            session.run("stage-in", f"{tree}/", "/mayfly/data")
            words = ["stage-out", "/mayfly/data/", str(out)]
        victims = session.job.processes()
        if attempt < 4:
            victims = victims[-1:]
        with subprocess.Popen([session.mayfly, *words, "--limit", "20M"], text=True,
                              env={**session.job.environment, "MAYFLY_DEADLINE": "2"},
                              stderr=subprocess.PIPE) as stager:
            time.sleep(random.uniform(0.3, 1.5))
            for pid in victims:
                os.kill(int(pid), signal.SIGKILL)
            said = stager.communicate(timeout=90)[1]
        check(stager.returncode == 1 and "FAILED" in said, f"{stager.returncode}: {said}")
        if out.exists():
            only_whole_files(os.fsencode(tree), os.fsencode(out))
        deadline = time.monotonic() + 20
        while session.job.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        session.run("clean", MAYFLY_DEADLINE="2")
    # Another session ends what was begun.
    session.start()
    session.run("stage-in", f"{tree}/", "/mayfly/data")
    session.run("stage-out", "/mayfly/data/", str(out))
    same(os.fsencode(tree), os.fsencode(out))
    session.end()


def only_whole_files(tree, out):
    """Whatever has a name of its own at the destination is what the source is."""
    for folder, _, files in os.walk(out):
        for name in files:
            path = os.path.join(folder, name)
            if name.startswith((PART, MANIFEST.encode())) or os.path.islink(path):
                continue
            source = os.path.join(tree, os.path.relpath(path, out))
            with open(path, "rb") as copy, open(source, "rb") as original:
                check(copy.read() == original.read(), f"{path} is half there")


def killed_stagers(session):
    tree = session.job.folder / "in"
    out = session.job.folder / "out"
    for number in range(40):
        folder = tree / f"d{number % 5}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"f{number}").write_bytes(os.urandom(random.randrange(3_000_000)))
    session.start()
    session.run("stage-in", f"{tree}/", "/mayfly/data")
    for direction, words in (("stage-in", (f"{tree}/", "/mayfly/again")),
                             ("stage-out", ("/mayfly/data/", str(out)))):
        for attempt in range(15):
            # Servers notice a death, and free the locks of a manifest, only after a while.
            manifest = f"/mayfly/m{attempt}" if direction == "stage-in" else f"{out}/{MANIFEST}"
            with subprocess.Popen([session.mayfly, direction, "--manifest", manifest, *words],
                                  env=session.job.environment, stderr=subprocess.DEVNULL) as stager:
                time.sleep(0.02 + attempt * 0.01)
                os.kill(stager.pid, signal.SIGKILL)
            session.job.forgive_killed_clients()
            if out.exists():
                only_whole_files(os.fsencode(tree), os.fsencode(out))
        session.run(direction, *words)
    same(os.fsencode(tree), os.fsencode(out))
    check(not [path for path in out.rglob("*") if path.name.startswith(PART.decode())], "parts")
    session.run("verify", str(out / MANIFEST))
    # Two at once: one copies, the other is told to wait its turn.
    with subprocess.Popen([session.mayfly, "stage-out", "--limit", "8M", "/mayfly/data/",
                           str(session.job.folder / "slow")], env=session.job.environment,
                          stderr=subprocess.DEVNULL) as slow:
        time.sleep(1)
        said = session.run("stage-out", "/mayfly/data/", str(session.job.folder / "slow"), status=1)
        check("another process is copying" in said, said)
        slow.kill()
    # What the killed ones have staged in is whole too.
    session.run("stage-out", "/mayfly/again/", str(session.job.folder / "third"))
    same(os.fsencode(tree), os.fsencode(session.job.folder / "third"))
    session.end()


def failures_are_told(session):
    tree = session.job.folder / "in"
    out = session.job.folder / "out"
    tree.mkdir()
    for number in range(5):
        (tree / f"f{number}").write_bytes(os.urandom(100_000))
    os.mkfifo(tree / "pipe")
    session.run("start", "--mpi", session.mpi, "--scratch", str(session.job.scratch),
                "--capacity", "64M")
    said = session.run("stage-in", f"{tree}/", "/mayfly/data", status=1)
    check(f"{tree}/pipe" in said and "1 FAILED" in said and "copied 5 files" in said, said)
    (tree / "pipe").unlink()
    # A destination that is full: what fits is there and whole.
    for number in range(6):
        (tree / f"large{number}").write_bytes(os.urandom(40_000_000))
    said = session.run("stage-in", "--json", f"{tree}/", "/mayfly/data", status=1)
    events = events_of(said)
    failed = [event for event in events if event["event"] == "failed"]
    check(failed and all("No space" in event["why"] for event in failed), said)
    check(events[-1]["event"] == "finished" and events[-1]["failures"] == len(failed), said)
    session.run("stage-out", "/mayfly/data/", str(out))
    only_whole_files(os.fsencode(tree), os.fsencode(out))
    check((out / "f4").exists(), "what fits is not there")
    # Destinations that cannot be written to, and sources that are not there.
    said = session.run("stage-out", "/mayfly/data/", "/proc/none", status=1)
    check("/proc/none" in said, said)
    (out / "f0").unlink()
    (out / "f0").mkdir()
    said = session.run("stage-out", "/mayfly/data/", str(out), status=1)
    check(f"{out}/f0" in said or "/data/f0" in said, said)
    said = session.run("stage-in", str(tree / "missing"), "/mayfly/x", status=1)
    check("missing: No such file" in said, said)
    (session.job.folder / "list").write_text("one\n")
    said = session.run("stage-in", "--list", str(session.job.folder / "list"), status=1)
    check("list:1:" in said and said.count("\n") == 1, said)
    for words in (["one"], ["--limit", "fast", "a", "b"], ["--threads", "0", "a", "b"], []):
        session.run("stage-in", *words, status=2)
    session.end()


def a_source_that_changes(session):
    tree = session.job.folder / "in"
    tree.mkdir()
    (tree / "steady").write_bytes(os.urandom(1_000_000))
    (tree / "moving").write_bytes(os.urandom(60_000_000))
    stop = threading.Event()

    def append():
        with open(tree / "moving", "ab", buffering=0) as file:
            while not stop.wait(0.002):
                file.write(b"more")

    session.start()
    writer = threading.Thread(target=append)
    writer.start()
    try:
        said = session.run("stage-in", f"{tree}/", "/mayfly/data", status=1)
    finally:
        stop.set()
        writer.join()
    check(f"{tree}/moving: has changed while it was copied" in said, said)
    out = session.job.folder / "out"
    session.run("stage-out", "/mayfly/data/", str(out))
    check((out / "steady").exists() and not (out / "moving").exists(), "a half file")
    session.run("stage-in", f"{tree}/", "/mayfly/data")
    session.run("stage-out", "/mayfly/data/", str(out))
    same(os.fsencode(tree), os.fsencode(out))
    # One that vanishes, after it was found and before its turn has come.
    for number in range(10):
        (tree / f"f{number}").write_bytes(os.urandom(1_000_000))
    with subprocess.Popen([session.mayfly, "stage-in", "--threads", "1", "--limit", "5M",
                           f"{tree}/", "/mayfly/vanishing"], env=session.job.environment,
                          stderr=subprocess.PIPE, text=True) as stager:
        time.sleep(0.7)
        (tree / "f9").unlink()
        said = stager.communicate(timeout=60)[1]
    check(stager.returncode == 1 and f"{tree}/f9: No such file" in said and "1 FAILED" in said,
          said)
    session.run("stage-in", f"{tree}/", "/mayfly/vanishing")
    session.run("stage-out", "/mayfly/vanishing/", str(session.job.folder / "vanishing"))
    same(os.fsencode(tree), os.fsencode(session.job.folder / "vanishing"))
    session.end()


def verification(session):
    tree = session.job.folder / "in"
    out = session.job.folder / "out"
    tree.mkdir()
    for number in range(10):
        (tree / f"f{number}").write_bytes(os.urandom(1_000_000 * number))
    session.start()
    session.run("stage-in", f"{tree}/", "/mayfly/data")
    session.run("stage-out", "/mayfly/data/", str(out))
    session.end()
    manifest = str(out / MANIFEST)
    session.run("verify", manifest)
    with open(out / "f9", "r+b") as file:
        file.seek(5_000_000)
        byte = file.read(1)
        file.seek(5_000_000)
        file.write(bytes([byte[0] ^ 1]))
    said = session.run("verify", manifest, status=1)
    check(f"{out}/f9: differs in bytes 4194304 to 5242879" in said, said)
    (out / "f9").unlink()
    (out / "f1").chmod(0o600)
    os.truncate(out / "f2", 5)
    said = session.run("verify", manifest, status=1)
    check("f9: No such file" in said and "f1: has mode" in said and "f2: has 5 bytes" in said, said)
    lines = (out / MANIFEST).read_text().splitlines(keepends=True)
    (out / MANIFEST).write_text("".join(lines[:-1]) + "{\"path\": \"half")
    check("not finished" in session.run("verify", manifest, status=1), "half a manifest is enough")
    (out / MANIFEST).write_text("something else\n")
    said = session.run("verify", manifest, status=1)
    check("is no manifest" in said and said.count("\n") == 1, said)
    said = session.run("verify", str(out / "none"), status=1)
    check("cannot be read" in said and said.count("\n") == 1, said)


if __name__ == "__main__":
    perform_behaviour(globals())
