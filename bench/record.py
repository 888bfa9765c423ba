"""What every measuring script needs: the build's programs, and what a record says of its origin."""

import json
import platform
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def lines_of(command, environment=None):
    """The JSON lines that a program prints; a program that fails ends the run."""
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                         check=False, env=environment)
    if run.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed: {run.stderr.strip()}")
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]


def median(rounds, value):
    return statistics.median(value(one) for one in rounds)


def spread(values):
    """The least, the quartiles and the most of at least one value."""
    values = sorted(values)
    if len(values) == 1:
        return [values[0]] * 5
    quartiles = statistics.quantiles(values, n=4, method="inclusive")
    return [values[0], *quartiles, values[-1]]


def machine():
    processors = [line.partition(":")[2].strip()
                  for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
                  if line.startswith("model name")]
    memory = Path("/proc/meminfo").read_text(encoding="utf-8").split("MemTotal:")[1].split()[0]
    return {"kernel": platform.release(), "cores": len(processors),
            "processor": processors[0] if processors else platform.machine(),
            "memory_gib": round(int(memory) / 2**20),
            "huge_pages": chosen("enabled"), "shared_huge_pages": chosen("shmem_enabled")}


def chosen(setting):
    """What stands in brackets in a setting of transparent huge pages; None: there are none."""
    path = Path("/sys/kernel/mm/transparent_hugepage") / setting
    return path.read_text(encoding="ascii").partition("[")[2].partition("]")[0] \
        if path.exists() else None


def commit():
    run = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT,
                         capture_output=True, text=True, check=False)
    return run.stdout.strip()


def write(path, record):
    """One line for each round keeps the file small and its differences readable."""
    head = {key: value for key, value in record.items() if key != "rounds"}
    text = json.dumps(head, indent=1)[:-2]
    rounds = ",\n  ".join(json.dumps(one, separators=(",", ":")) for one in record["rounds"])
    path.write_text(f'{text},\n "rounds": [\n  {rounds}\n ]\n}}\n', encoding="utf-8")
