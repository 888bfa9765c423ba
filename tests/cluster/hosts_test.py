#!/usr/bin/env python3
"""Several hosts, TCP between them: hosts_test.py MAYFLY SERVER PROGRAM CHECKPOINT BEHAVIOUR"""

import subprocess
import sys
import time

from hosts import HEAD, Hosts
from job import Job, check, perform

HOSTS = 3
RANKS_PER_HOST = 2


class Network:
    def __init__(self, job, hosts, mayfly):
        self.job = job
        self.hosts = hosts
        self.mayfly = mayfly
        self.environment = {**job.environment, "HOME": str(job.folder),
                            "TMPDIR": str(hosts.folder / "tmp")}
        self.environment.pop("OMPI_MCA_btl_vader_backing_directory", None)
        self.scratch = str(hosts.folder / "scratch")

    def run(self, words, status=0):
        done = subprocess.run(words, env=self.environment, text=True, capture_output=True,
                              check=False, timeout=100, stdin=subprocess.DEVNULL)
        check(done.returncode == status,
              f"exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def mpirun(self, *words, status=0):
        return self.run(self.hosts.mpirun(RANKS_PER_HOST, *words), status)

    def split(self, *words, status=0):
        return self.mpirun(self.mayfly, "run", "--scratch", self.scratch, "--capacity", "256M",
                           "--", *words, status=status)

    def command(self, *words, host="n0", status=0):
        return self.run(self.hosts.on(host, self.mayfly, *words), status)


def mpi_program(network, program, _):
    output = network.split(program, str(HOSTS), "/mayfly/file")
    check(all(f"{rank} of {HOSTS}: 0 wrong" in output for rank in range(HOSTS)), output)


def checkpoints(network, _, checkpoint):
    output = network.split(checkpoint, "/mayfly", "2", "8")
    check("every value right" in output, output)


def plain_program(network, *_):
    output = network.split("sh", "-c", "hostname > /mayfly/$(hostname); sleep 1; cat /mayfly/n?")
    words = sorted(line for line in output.split("\n") if line.startswith("n"))
    check(words == sorted(["n0", "n1", "n2"] * HOSTS), output)
    network.split("sh", "-c", "exit 5", status=5)


def background_session(network, _, checkpoint):
    launcher = " ".join([*network.hosts.launcher(1), "--map-by", "ppr:1:node"])
    network.command("start", "--scratch", network.scratch, "--capacity", "256M",
                    "--launcher", launcher, host=HEAD)
    said = network.command("status")
    check(all(f"server {number} on n{number}" in said for number in range(HOSTS)), said)
    network.command("exec", "--", "sh", "-c", "seq 100000 > /mayfly/f", host="n1")
    said = network.command("exec", "--", "md5sum", "/mayfly/f", host="n2")
    wanted = subprocess.run("seq 100000 | md5sum", shell=True, text=True, capture_output=True,
                            check=True).stdout.split()[0]
    check(said.startswith(wanted), said)
    output = network.mpirun(network.mayfly, "exec", "--", checkpoint, "/mayfly", "2", "4")
    check("every value right" in output, output)
    network.command("stop", host="n1")
    # The launcher ends when the servers have.
    deadline = time.monotonic() + 20
    while left := network.hosts.on_head():
        check(time.monotonic() < deadline, f"left on the head: {left}")
        time.sleep(0.05)


def main():
    mayfly, server, program, checkpoint, behaviour = sys.argv[1:]
    with Job("openmpi", server) as job:
        folder = job.folder / "hosts"
        folder.mkdir()
        with Hosts(folder, HOSTS) as hosts:
            network = Network(job, hosts, mayfly)
            globals()[behaviour](network, program, checkpoint)
            job.check_nothing_left()


if __name__ == "__main__":
    perform(main)
