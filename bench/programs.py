"""IOR and mdtest, where they are on PATH: by the library, through the shim, and on the drive's own
file system."""

import json
import re
import shutil
import subprocess
import sys
import tempfile

# IOR's patterns as the field's comparisons have them; -w and -r come in one run.
IOR = {
    "easy": "-t 1m -b 256m -F",
    "hard": "-t 47008 -b 47008 -s 4000",
    "random": "-t 4k -b 64m -F -z",
}
MDTEST = {
    "easy": "-n 20000 -F",
    "hard": "-n 5000 -F -w 3901 -e 3901",
}
MDTEST_PHASES = {"File creation": "create", "File stat": "stat", "File read": "read",
                 "File removal": "remove"}


def is_there():
    return all(shutil.which(program) for program in ("ior", "mdtest", "mpirun"))


def has_backend():
    """Whether IOR was built with our backend: integrations/ior."""
    told = subprocess.run(["ior", "-h"], capture_output=True, text=True, check=False)
    return "MAYFLY" in told.stdout + told.stderr


def run(words, environment):
    # Whoever may not run mpirun as root is not root.
    environment = {**environment, "OMPI_ALLOW_RUN_AS_ROOT": "1",
                   "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    done = subprocess.run([str(word) for word in words], env=environment, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed: {done.stderr or done.stdout}")
    return done.stdout


def launch(clients):
    return ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", clients]


def ior(api, pattern, clients, folder, environment, *options):
    """MiB/s of write and read."""
    with tempfile.NamedTemporaryFile(mode="r", suffix=".json") as file:
        run([*launch(clients), "ior", "-a", api, "-w", "-r", *IOR[pattern].split(), *options, "-O",
             f"summaryFile={file.name}", "-O", "summaryFormat=JSON", "-o", f"{folder}/ior"],
            environment)
        summary = json.load(file)["summary"]
    return {one["operation"]: one["bwMeanMIB"] for one in summary}


def mdtest(api, pattern, clients, folder, environment, *options):
    """Files per s of each phase."""
    told = run([*launch(clients), "mdtest", "-a", api, *MDTEST[pattern].split(), *options,
                "-d", f"{folder}/mdtest"], environment)
    rates = {}
    for line in told.splitlines():
        found = re.match(r"\s*(File \w+)\s+([\d.]+)", line)
        if found and found[1] in MDTEST_PHASES and float(found[2]) > 0:
            rates[MDTEST_PHASES[found[1]]] = float(found[2])
    return rates


def measure(open_session, scratch, clients):
    """Figures "IOR easy, 2 clients, shim: write" of each way; `open_session` makes a fresh one."""
    figures = {}

    def note(what, way, rates):
        for phase, rate in rates.items():
            figures[f"{what}, {clients} clients, {way}: {phase}"] = rate

    ways = [("shim", "POSIX")] + ([("library", "MAYFLY")] if has_backend() else [])
    for name, program, patterns, local_ways in (
            ("IOR", ior, IOR, {"local": (), "local, fsync": ("-e",)}),
            ("mdtest", mdtest, MDTEST, {"local": ()})):
        for pattern in patterns:
            what = f"{name} {pattern}"
            for way, api in ways:
                with open_session() as session:
                    environment, folder = place_of(session, way)
                    note(what, way, program(api, pattern, clients, folder, environment))
            for way, options in local_ways.items():
                with tempfile.TemporaryDirectory(dir=scratch) as folder:
                    note(what, way,
                         program("POSIX", pattern, clients, folder, session.plain, *options))
    return figures


def place_of(session, way):
    """Environment and folder in which programs see the session."""
    if way == "library":
        return session.plain, ""
    return session.preloaded, "/mayfly"
