#!/usr/bin/env python3
"""What servers and clients count: statistics_test.py MPI MAYFLY SERVER BEHAVIOUR"""

import html.parser
import json
import os
import re
import subprocess

from background_test import SERVERS, perform_behaviour
from job import check

MIB = 1 << 20
FILES = 3
BYTES = 5 * MIB + 123


def write_and_read(session):
    """Files with a known number of bytes, in and out by way of a program."""
    script = "".join(f"head -c {BYTES} /dev/zero > /mayfly/f{number};" for number in range(FILES))
    session.run("exec", "--", "sh", "-c", script + "cat /mayfly/f* > /dev/null")


def sum_of(servers, operation, key):
    return sum(server["operations"].get(operation, {key: 0})[key] for server in servers)


def counts(session):
    session.start("--measure")
    write_and_read(session)
    servers = json.loads(session.run("stats", "--json"))["servers"]
    check(len(servers) == SERVERS, str(servers))
    for operation in ("write", "read"):
        check(sum_of(servers, operation, "bytes") == FILES * BYTES, operation)
        check(sum_of(servers, operation, "errors") == 0, operation)
    dirty = sum(server["dirty_bytes"] for server in servers)
    written = sum(server["device"]["write"]["bytes"] for server in servers)
    # In whole pages.
    check(0 < dirty < FILES * (BYTES + MIB), f"{dirty} dirty")
    check(dirty + written >= FILES * BYTES, f"{dirty} dirty, {written} written")
    for server in servers:
        # What takes its time is timed each time, and the buckets are all of it.
        for operation in ("write", "read"):
            counted = server["operations"][operation]
            time = counted["time"]
            check(time["count"] == counted["requests"], str(counted))
            check(sum(count for _, count in time["buckets"]) == time["count"], str(time))
            check(0 < time["p50_ns"] <= time["p99_ns"] <= time["max_ns"], str(time))
        newest = dict(zip(server["history_fields"], server["history"][-1]))
        check(newest["bytes_in"] == server["operations"]["write"]["bytes"], str(newest))
        check(server["device_peak"]["write_bytes_per_second"] > MIB, str(server["device_peak"]))
    refused = sum_of(servers, "look_up", "errors")
    session.run("stat", "/mayfly/none", status=1)
    session.run("exec", "--", "sync", "/mayfly/f0")
    servers = json.loads(session.run("stats", "--json"))["servers"]
    check(sum_of(servers, "look_up", "errors") == refused + 1, "a refusal is not counted")
    check(sum(server["dirty_bytes"] for server in servers) < dirty, "never synced")
    written = sum(server["device"]["write"]["bytes"] for server in servers)
    check(written >= BYTES, f"{written} of {BYTES} synced bytes are on the drives")
    said = session.run("stats")
    check("write " in said and "server 1 on " in said, said)
    prometheus(session)
    watch(session)
    session.run("stats", "--json", "--prometheus", status=2)
    session.end()


def prometheus(session):
    said = session.run("stats", "--prometheus")
    types, values = {}, {}
    for line in said.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            check(name not in types, f"{name} twice")
            types[name] = kind
        elif not line.startswith("#"):
            parts = re.fullmatch(r'(\w+)\{(\w+="[^"]*"(?:,\w+="[^"]*")*)\} ([0-9.e+-]+)', line)
            check(parts, line)
            values[parts[1], parts[2]] = float(parts[3])
    for name, _ in values:
        base = re.sub("_(sum|count)$", "", name)
        check(name in types or types.get(base) == "summary", name)
    written = sum(value for (name, labels), value in values.items()
                  if name == "mayfly_request_bytes_total" and 'operation="write"' in labels)
    check(written == FILES * BYTES, str(written))


def watch(session):
    moved = 0
    operations = set()
    with subprocess.Popen([session.mayfly, "top", "--json", "-n", "60", "-i", "0.5"], text=True,
                          env=session.job.environment, stdout=subprocess.PIPE) as top:
        first = json.loads(top.stdout.readline())
        write_and_read(session)
        # Between which looks that was depends on the machine.
        while moved < 0.9 * FILES * BYTES:
            line = top.stdout.readline()
            check(line, f"{moved} bytes in all looks")
            look = json.loads(line)
            moved += sum(server["bytes_in_per_second"]
                         for server in look["servers"]) * look["seconds"]
            operations |= look["operations"].keys()
        top.terminate()
    check(first["operations"].get("write") is None, str(first))
    check("write" in operations, str(operations))
    check(moved < 1.1 * FILES * BYTES, str(moved))
    said = session.run("top", "-n", "1", "-i", "0.2")
    check("requests/s" in said and "\nall " in said and "\x1b" not in said, said)
    session.run("top", "-i", "0", status=2)


class Page(html.parser.HTMLParser):
    """Checks that what is opened is closed, and that nothing is fetched."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.seen = []

    def handle_starttag(self, tag, attrs):
        check(not {"src", "href"} & dict(attrs).keys() and tag != "script", f"{tag} {attrs}")
        self.seen.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        check(self.open and self.open.pop() == tag, f"</{tag}>")


def check_report(file, seconds_at_least=0):
    report = json.loads(file.read_text())
    check(report["bytes_in"] == FILES * BYTES and report["bytes_out"] == FILES * BYTES, str(report))
    check(sum(row["bytes_in"] for row in report["balance"]) == FILES * BYTES, str(report))
    phases = report["phases"]
    check(abs(sum(phase["bytes_in"] for phase in phases) - FILES * BYTES) < MIB, str(phases))
    check(phases[0]["begin_seconds"] == 0 and report["seconds"] >= seconds_at_least, str(phases))
    check(all(left["end_seconds"] == right["begin_seconds"]
              for left, right in zip(phases, phases[1:])), str(phases))
    text = file.with_suffix(".html").read_text()
    page = Page()
    page.feed(text)
    check(not page.open and page.seen.count("svg") == 4 and "polyline" in page.seen, str(page.open))
    check("nan" not in text and "inf" not in text, "no numbers")
    return report


def reports(session):
    session.start()
    write_and_read(session)
    file = session.job.folder / "now.json"
    session.run("report", str(file))
    check_report(file)
    file = session.job.folder / "end.json"
    # By either name both are written.
    session.run("report", str(session.job.folder / "page.html"))
    check_report(session.job.folder / "page.json")
    # Whoever wants a report that cannot be written keeps the session.
    said = session.run("stop", "--report", "/proc/none/report.json", status=1)
    check("/proc/none/report.json" in said and session.file.exists(), said)
    session.run("stop", "--report", str(file))
    check_report(file)
    session.check_gone()


def report_of_a_run(session):
    job = session.job
    file = job.folder / "job.json"
    script = "".join(f"head -c {BYTES} /dev/zero > /mayfly/f{number};" for number in range(FILES))
    words = ["run", "--scratch", str(job.scratch), "--capacity", "256M", "--report", str(file),
             "--", "sh", "-c", script + "sleep 1; cat /mayfly/f* > /dev/null"]
    job.program = session.mayfly
    status, output = job.run(2, *words)
    check(status == 0, output)
    report = check_report(file, seconds_at_least=1)
    check(report["peaks"]["device_write_bytes_per_second"] > MIB, str(report["peaks"]))
    check(report["peaks"]["way_put_bytes_per_second"] > MIB, str(report["peaks"]))
    check("percent_of_device_write_peak" in report["phases"][0], str(report["phases"]))
    words[words.index(str(file))] = "/proc/none/job.json"
    status, output = job.run(2, *words)
    check(status != 0 and "/proc/none" in output, f"{status}: {output}")
    job.check_nothing_left()


def of_a_client(session):
    session.start()
    lines = session.job.folder / "clients"
    session.run("exec", "--", "sh", "-c", "echo hello > /mayfly/f; cat /mayfly/f",
                MAYFLY_STATISTICS=str(lines))
    clients = [json.loads(line) for line in lines.read_text().splitlines()]
    check(clients and len({client["pid"] for client in clients}) == len(clients), str(clients))
    writer = next(client for client in clients if "write" in client["requests"])
    check(writer["requests"]["write"]["requests"] == 1, str(writer))
    check(writer["requests"]["write"]["time"]["count"] == 1, str(writer))
    total = sum(request["requests"] for request in writer["requests"].values())
    check(writer["messages"] == total and writer["operations"] > 0, str(writer))
    said = session.run("exec", "--", "cat", "/mayfly/f", MAYFLY_STATISTICS="/proc/none")
    check("hello" in said and "/proc/none" in said, said)
    os.unlink(lines)
    session.end()


if __name__ == "__main__":
    perform_behaviour(globals())
