#!/usr/bin/env python3
"""The commands on a session's files: tools_test.py MPI MAYFLY SERVER BEHAVIOUR"""

import json
import os
import shutil
import subprocess

from background_test import SERVERS, perform_behaviour
from job import check


def lines(said):
    return [json.loads(line) for line in said.splitlines()]


def plant(session):
    """10 directories with 30 files each, some links, and a file of 3 MiB and a bit."""
    tree = session.job.folder / "tree"
    for number in range(10):
        folder = tree / f"d{number}"
        folder.mkdir(parents=True)
        for file in range(30):
            (folder / f"f{file}.txt").write_bytes(b"x" * (file * 1000))
    (tree / "big").write_bytes(os.urandom((3 << 20) + 5))
    (tree / "link").symlink_to("d0/f0.txt")
    (tree / ".hidden").touch()
    session.run("stage-in", f"{tree}/", "/mayfly/tree")
    return tree


def look(session):
    session.start()
    tree = plant(session)
    check(session.run("ls", "/mayfly/tree").split() == sorted(
        ["big", "link"] + [f"d{number}" for number in range(10)]), session.run("ls", "/tree"))
    check(".hidden" in session.run("ls", "-a", "/mayfly/tree"), "ls -a")
    said = session.run("ls", "-l", "/mayfly/tree")
    check("link -> d0/f0.txt" in said and "3.0 MiB" in said and "drwxr-xr-x" in said, said)
    entries = {entry["path"]: entry for entry in lines(session.run("ls", "--json", "/tree"))}
    check(entries["/tree/big"]["size"] == (3 << 20) + 5, str(entries))
    check(entries["/tree/link"]["target"] == "d0/f0.txt", str(entries))
    # Counted exactly, by the shell's find and by ours.
    for words, theirs in (((), ()), (("--type", "f"), ("-type", "f")),
                          (("--type", "d"), ("-type", "d")), (("--type", "l"), ("-type", "l")),
                          (("--name", "f1*.txt"), ("-name", "f1*.txt")),
                          (("--size", "+15000"), ("-size", "+15000c")),
                          (("--size", "-1K", "--type", "f"), ("-size", "-1024c", "-type", "f"))):
        ours = session.run("find", "/mayfly/tree", *words).splitlines()
        found = subprocess.run(["find", str(tree), *theirs, "!", "-name", ".mayfly*"], check=True,
                               capture_output=True, text=True).stdout.splitlines()
        ours = sorted(path.removeprefix("/tree") for path in ours if ".mayfly" not in path)
        check(ours == sorted(path.removeprefix(str(tree)) for path in found), f"{words}: {ours}")
    check(session.run("find", "/tree", "--count", "--name", "f*.txt") == "300\n", "count")
    counted = lines(session.run("find", "/tree", "--count", "--json", "--name", "f*.txt"))
    check(counted == [{"found": 300, "bytes": 10 * sum(range(30)) * 1000}], str(counted))
    session.run("exec", "--", "touch", "/mayfly/tree/d3/new")
    said = session.run("find", "/tree", "--type", "f", "--newer", "/mayfly/tree/big")
    check("/tree/d3/new" in said.split() and "/tree/d3/f1.txt" not in said.split(), said)
    said = lines(session.run("du", "--json", "/mayfly/tree/d0"))
    check(said == [{"path": "/mayfly/tree/d0", "used_bytes": said[0]["used_bytes"],
                    "size_bytes": sum(range(30)) * 1000, "files": 30}], str(said))
    check(said[0]["used_bytes"] >= said[0]["size_bytes"], str(said))
    room = lines(session.run("df", "--json"))[0]
    check(room["capacity_bytes"] == SERVERS << 30 and len(room["servers"]) == SERVERS, str(room))
    check(3 << 20 < room["used_bytes"] < 20 << 20, str(room))
    check(session.run("df").count("\n") == SERVERS + 2, session.run("df"))
    whole = lines(session.run("stat", "--json", "/mayfly/tree/big"))[0]
    check(sorted(whole["servers"]) == list(range(SERVERS)) and whole["chunk_bytes"] == 1 << 20,
          str(whole))
    said = session.run("stat", "/mayfly/tree/big", "/mayfly/tree/d0")
    check("on servers" in said and "directory" in said, said)
    session.end()


def change(session):
    session.start()
    tree = plant(session)
    session.run("mkdir", "-p", "/mayfly/a/b/c", "/mayfly/a/b/c")
    session.run("mkdir", "/mayfly/a/b/c", status=1)
    session.run("cp", "/mayfly/tree/big", "/mayfly/a/copy")
    session.run("cp", "-r", "/mayfly/tree/d1", "/mayfly/tree/link", "/mayfly/a/b/")
    with open(tree / "big", "rb") as file:
        done = subprocess.run([session.mayfly, "cat", "/mayfly/a/copy"], check=True,
                              env=session.job.environment, capture_output=True, timeout=60)
        check(done.stdout == file.read(), "cat gives other bytes")
    check(len(session.run("ls", "/a/b/d1").split()) == 30, session.run("ls", "/a/b/d1"))
    check("link ->" in session.run("ls", "-l", "/a/b"), "the link was followed")
    session.run("mv", "/mayfly/a/copy", "/mayfly/a/b/link", "/mayfly/a/b/c")
    session.run("mv", "/mayfly/a/b/c", "/mayfly/moved")
    check(session.run("ls", "/moved").split() == ["copy", "link"], session.run("ls", "/moved"))
    for words, text in ((("cp", "/mayfly/tree/d1", "/mayfly/x"), "needs -r"),
                        (("cp", "-r", "/mayfly/a", "/mayfly/a/b"), "into itself"),
                        (("cp", "/none", "/x"), "/none cannot be found"),
                        (("mv", "/a", "/tree", "/moved/copy"), "no directory"),
                        (("mv", "/none", "/x"), "/none cannot be moved"),
                        (("rm", "/mayfly/tree"), "without -r"), (("rm", "/none"), "/none"),
                        (("ls", "/none"), "/none cannot be found"), (("cat", "/none"), "/none"),
                        (("cat", "/tree"), "/tree"), (("stat", "/none"), "/none"),
                        (("find", "/none"), "/none"), (("du", "/none"), "/none")):
        said = session.run(*words, status=1)
        check(text in said, f"{words}: {said}")
    for words in (["mv", "one"], ["cp", "one"], ["find", "--size", "much", "/"], ["rm"]):
        session.run(*words, status=2)
    session.run("rm", "-f", "/none")
    session.run("rm", "-r", "/mayfly/tree", "/mayfly/a", "/mayfly/moved")
    check(session.run("ls", "-a", "/").split() == [".", ".."], session.run("ls", "-a", "/"))
    check(lines(session.run("df", "--json"))[0]["used_bytes"] == 0, session.run("df"))
    session.end()


def bench(session):
    """Every pattern, with every byte checked; what it says of itself; and nothing is left."""
    session.start()
    patterns = ("easy", "hard", "random", "strided", "checkpoint", "metadata", "metadata-hard")
    file = session.job.folder / "bench.json"
    size, files, clients = 3 << 20, 50, 2
    said = session.run("bench", *patterns, "--verify", "--fsync", "--clients", str(clients),
                       "--depth", "2", "--size", str(size), "--files", str(files), "--repeat", "2",
                       "--json", str(file))
    check(all(said.count(f"{pattern} ") >= 2 for pattern in patterns), said)
    measured = json.loads(file.read_text())
    check([run["settings"]["pattern"] for run in measured["runs"]] == 2 * list(patterns), said)
    for run in measured["runs"]:
        settings = run["settings"]
        is_data = not settings["pattern"].startswith("metadata")
        operations = clients * (size // settings["transfer"] if is_data else files)
        check(operations > 0, str(settings))
        for phase in run["phases"]:
            check(phase["operations"] == operations, f"{settings}: {phase}")
            check(sum(count for _, count in phase["latency_ns"]["buckets"]) == operations,
                  f"{settings}: {phase}")
            check(len(phase["clients"]) == clients and phase["seconds"] > 0, str(phase))
            moves = phase["phase"] in ("write", "read")
            check(not (is_data and moves) or phase["bytes"] == operations * settings["transfer"],
                  f"{settings}: {phase}")
    session.run("bench", "random", "--seconds", "1", "--size", "1G", "--directory", "/mayfly/here")
    check(session.run("ls", "-a", "/").split() == [".", ".."], session.run("ls", "-a", "/"))
    session.run("bench", "hard", "--size", "1M", "--verify", "-S", "64K", "-c", "1", "-i", "1",
                "--json", str(file))
    settings = json.loads(file.read_text())["runs"][0]["settings"]
    check((settings["chunk_size"], settings["stripe_count"], settings["first_server"])
          == ("64K", 1, "1"), str(settings))
    said = session.run("bench", "easy", "-i", "99", "--directory", "/gone", status=1)
    check("/gone cannot be given this layout" in said, said)
    check(session.run("ls", "-a", "/").split() == [".", ".."], session.run("ls", "-a", "/"))
    session.run("mkdir", "/mayfly/taken")
    said = session.run("bench", "easy", "--directory", "/taken", status=1)
    check("/taken cannot be made" in said, said)
    said = session.run("bench", "easy", "--size", "1M", "--json", "/proc/none", status=1)
    check("/proc/none could not be written" in said, said)
    for words in (["none"], [], ["easy", "--size", "0"], ["easy", "--clients", "0"]):
        session.run("bench", *words, status=2)
    session.run("rm", "-r", "/mayfly/taken")
    check(session.run("ls", "-a", "/").split() == [".", ".."], session.run("ls", "-a", "/"))
    session.end()
    said = session.run("bench", "easy", status=1)
    check("is the job running" in said, said)


def manual(session):
    """Every command has a page that says what its --help says, and its options complete."""
    folder = session.job.folder / "man"
    session.run("manual", str(folder))
    said = session.run("--help").split("Subcommands:")[1]
    commands = [line.split()[0] for line in said.splitlines() if line.strip()]
    front = (folder / "mayfly.1").read_text()
    for command in commands:
        page = (folder / f"mayfly-{command}.1").read_text()
        check(page.startswith(".TH") and "EXIT STATUS" in page, page)
        check(command.replace("-", "\\-") in front, f"{command} is not on the front page")
        check(command == "version" or "Example" in page, f"{command} has no example")
        check("--help" in session.run(command, "--help"), command)
    if shutil.which("groff"):
        for page in folder.glob("*.1"):
            done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", str(page)], check=True,
                                  capture_output=True, text=True)
            check(not done.stderr, done.stderr)
    for words, wanted in (("mayfly fi", "find"), ("mayfly find --co", "--count"),
                          ("mayfly stage-in --ex", "--exclude")):
        script = (f"source {folder}/mayfly.bash; COMP_WORDS=({words}); "
                  "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _mayfly; echo ${COMPREPLY[@]}")
        done = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True)
        check(done.stdout == wanted + "\n" and not done.stderr, f"{words}: {done}")
    session.run("manual", "/proc/none/man", status=1)


if __name__ == "__main__":
    perform_behaviour(globals())
