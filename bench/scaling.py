#!/usr/bin/env python3
"""What a session costs as it grows: start-up, memory, descriptors, messages per operation.

    bench/scaling.py --scratch /local/nvme [--name NAME]

Many servers and clients on one node say nothing of speed; what each of them holds and sends is the
same as on many nodes. Each client creates, stats, reads and removes small files, which brings it to
every server. A record goes to bench/results/NAME.json; docs/scaling.md says what it means. With
UCX_TLS=tcp,self in the environment everything goes as between nodes without RDMA.
"""

import argparse
import json
import os
import subprocess
import time
from pathlib import Path

import record
from session import Session

SHAPES = [(1, 1), (1, 16), (1, 64), (4, 16), (4, 64), (16, 1), (16, 16), (16, 64)]
FILES = 200
# What servers do for their own sake, or once for each client.
NOT_OF_OPERATIONS = {"connect", "disconnect", "usage", "get_statistics", "ping"}


def children_of(process):
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(word) for word in path.read_text(encoding="utf-8").split()]


def held_by(process):
    """Memory of its own in KiB, what it shares divided among the sharers, and descriptors."""
    held = {}
    for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines():
        name, _, amount = line.partition(":")
        if name in ("Pss", "Private_Dirty"):
            held[name.lower() + "_kib"] = int(amount.split()[0])
    held["descriptors"] = len(list(Path(f"/proc/{process}/fd").iterdir()))
    return held


def most_held(processes):
    """Of the processes that are still there, the most of each."""
    most = {}
    for process in processes:
        try:
            for name, amount in held_by(process).items():
                most[name] = max(most.get(name, 0), amount)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return most


def load(session, clients):
    """Runs the clients; gives what the one that held most had, at any moment that was looked at,
    and the servers' descriptors at each."""
    bench = subprocess.Popen(
        [session.mayfly, "bench", "metadata-hard", "--files", str(FILES), "--clients",
         str(clients)], env=session.plain, stdout=subprocess.DEVNULL)
    held, descriptors = {}, [0]
    while bench.poll() is None:
        for name, amount in most_held(children_of(bench.pid)).items():
            held[name] = max(held.get(name, 0), amount)
        descriptors.append(most_held(session.processes()).get("descriptors", 0))
        time.sleep(0.2)
    if bench.returncode != 0:
        raise SystemExit(f"mayfly bench failed with {clients} clients")
    return held, descriptors


def requests_of(servers):
    return sum(operation["requests"] for server in servers
               for name, operation in server["operations"].items()
               if name not in NOT_OF_OPERATIONS)


def measure(options, servers, clients):
    begin = time.monotonic()
    with Session(options.build, options.scratch, servers, "16M", "256M") as session:
        ready = time.monotonic()
        session.bench("easy", "--size", "4K", "--clients", clients)
        first_byte = time.monotonic()
        before = session.servers()
        client, server_descriptors = load(session, clients)
        after = session.servers()
    operations = 4 * FILES * clients
    between = sum(server["requests_to_servers"] for server in after) - sum(
        server["requests_to_servers"] for server in before)
    return {"servers": servers, "clients": clients, "ready_s": ready - begin,
            "first_bytes_s": first_byte - ready,
            "messages_per_operation": (requests_of(after) - requests_of(before)) / operations,
            "of_these_between_servers": between / operations,
            "server_resident_mib": max(one["resident_bytes"] for one in after) / 2**20,
            "server_pinned_mib": max(one["pinned_bytes"] for one in after) / 2**20,
            "server_descriptors": max(server_descriptors),
            "client": client}


def table(rows):
    yield ("servers clients  ready s  bytes s  server MiB  pinned  fds  client KiB  private  fds  "
           "messages  between")
    for row in rows:
        client = row["client"]
        yield (f"{row['servers']:7}{row['clients']:8}{row['ready_s']:9.2f}"
               f"{row['first_bytes_s']:9.2f}{row['server_resident_mib']:12.1f}"
               f"{row['server_pinned_mib']:8.1f}{row['server_descriptors']:5}"
               f"{client.get('pss_kib', 0):12}{client.get('private_dirty_kib', 0):9}"
               f"{client.get('descriptors', 0):5}{row['messages_per_operation']:10.2f}"
               f"{row['of_these_between_servers']:9.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scratch", required=True, type=Path)
    parser.add_argument("--build", default=record.ROOT / "build/release", type=Path)
    parser.add_argument("--name", default="scaling", help="of the record in bench/results")
    options = parser.parse_args()
    options.build, options.scratch = options.build.resolve(), options.scratch.resolve()
    rows = []
    for servers, clients in SHAPES:
        rows.append(measure(options, servers, clients))
        print(json.dumps(rows[-1]), flush=True)
    print("\n".join(table(rows)))
    record.write(record.ROOT / "bench" / "results" / f"{options.name}.json",
                 {"command": "bench/scaling.py --scratch DIRECTORY_ON_THE_DRIVE",
                  "transports": os.environ.get("UCX_TLS", ""), "commit": record.commit(),
                  "machine": record.machine(), "rounds": rows})


if __name__ == "__main__":
    main()
