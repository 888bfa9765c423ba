"""fio as the limit of the drive: the same blocks, the same bytes in flight, no page cache."""

import json
import os
import subprocess
import sys


def fio(file, size, operation, block, depth, *options):
    """MiB/s, IOPS and latency of fio with registered buffers and files, as the ring has them.

    `operation` is one of fio's --rw; `options` end the run or sync, as --runtime=2 --time_based.
    """
    command = ["fio", "--name=limit", f"--filename={file}", f"--size={size}", f"--rw={operation}",
               f"--bs={block}", f"--iodepth={depth}", "--ioengine=io_uring", "--direct=1",
               "--fixedbufs", "--registerfiles", "--thread", "--output-format=json", *options]
    # Huge pages for fio's buffers too: they double what some drives give.
    environment = {**os.environ, "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/",
                         env=environment)
    if run.returncode != 0:
        sys.exit(f"fio failed: {run.stderr.strip()}")
    side = json.loads(run.stdout)["jobs"][0]["write" if "write" in operation else "read"]
    return {"mib_per_s": side["bw_bytes"] / 2**20, "iops": side["iops"],
            "latency_us": side["lat_ns"]["mean"] / 1e3}
