"""What idle servers take from the users' computation."""

import os
import statistics
import subprocess
import sys
import time

SECONDS = 5
SERVERS = 2
TURNS = 5
# The same work every time, by a process per core.
WORK = "x = 0\nfor i in range(12_000_000):\n    x += i"


def compute_seconds():
    """Until as many processes as there are cores have done their work."""
    begin = time.monotonic()
    workers = [subprocess.Popen([sys.executable, "-c", WORK]) for _ in range(os.cpu_count())]
    for worker in workers:
        worker.wait()
    return time.monotonic() - begin


def measure(open_session):
    """Percent of a core that an idle server uses, and of its time that an application loses."""
    alone, beside, used = [], [], 0
    for turn in range(TURNS):
        alone.append(compute_seconds())
        with open_session() as session:
            # What they do at their start, and for the clients of that moment, is over.
            time.sleep(2)
            if turn == 0:
                used = used_by_servers(session)
            beside.append(compute_seconds())
    slower = statistics.median(beside) / statistics.median(alone) - 1
    return {"idle server, % of a core": used,
            "application beside idle servers, % slower": 100 * slower}


def used_by_servers(session):
    begin = session.servers()
    time.sleep(SECONDS)
    end = session.servers()
    used = max(late["processor_ns"] - early["processor_ns"] for early, late in zip(begin, end))
    passed = min(late["uptime_ns"] - early["uptime_ns"] for early, late in zip(begin, end))
    return 100 * used / passed
