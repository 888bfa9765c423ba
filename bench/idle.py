"""What idle servers take from the users' computation."""

import os
import subprocess
import sys
import time

SECONDS = 5
SERVERS = 2
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
    alone = compute_seconds()
    with open_session() as session:
        # What they do at their start, and for the clients of that moment, is over.
        time.sleep(2)
        begin = session.servers()
        time.sleep(SECONDS)
        end = session.servers()
        beside = compute_seconds()
    alone_again = compute_seconds()
    used = max(late["processor_ns"] - early["processor_ns"] for early, late in zip(begin, end))
    passed = min(late["uptime_ns"] - early["uptime_ns"] for early, late in zip(begin, end))
    before = (alone + alone_again) / 2
    return {"idle server, % of a core": 100 * used / passed,
            "application beside idle servers, % slower": 100 * (beside / before - 1)}
