"""Several hosts on this machine: network, mount, host name, IPC, process namespaces of their own.

They share all files but /dev/shm, /proc, /etc/hosts and the folders named as private. From the one
named head mpirun starts the others: it sees the machine's processes."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from job import Skip, check

NETWORK = "10.77.0"
HEAD = "head"
SECONDS_TO_START = 20
# What the first process of a host does before it sleeps; $1 its name, $2 the folder of all hosts.
FIRST_PROCESS = """\
set -e
mount --make-rprivate /
hostname "$1"
for private in scratch tmp; do mount --bind "$2/$1/$private" "$2/$private"; done
mount -t tmpfs -o mode=1777 shm /dev/shm
mount --bind "$2/hosts" /etc/hosts
test "$1" = head || mount -t proc proc /proc
ip link set lo up
touch "$2/$1/ready"
exec sleep infinity
"""


class Hosts:
    def __init__(self, folder, count):
        needed = ("unshare", "nsenter", "ip", "mount")
        if os.geteuid() != 0 or any(shutil.which(program) is None for program in needed):
            raise Skip("hosts of one's own need root, util-linux and iproute2")
        self.folder = Path(folder)
        self.nodes = [f"n{number}" for number in range(count)]
        self.names = [HEAD, *self.nodes]
        self.holders = {}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        for private in ("scratch", "tmp"):
            (self.folder / private).mkdir()
        addresses = [f"{NETWORK}.{10 + number} {name}" for number, name in enumerate(self.names)]
        (self.folder / "hosts").write_text("\n".join(["127.0.0.1 localhost", *addresses, ""]),
                                           encoding="utf-8")
        self.hold("switch", "unshare", "--net", "sleep", "infinity")
        for name in self.names:
            for private in ("scratch", "tmp"):
                (self.folder / name / private).mkdir(parents=True)
            try:
                own = () if name == HEAD else ("--pid", "--fork", "--kill-child=KILL")
                self.hold(name, "unshare", "--net", "--mount", "--uts", "--ipc", *own, "sh", "-c",
                          FIRST_PROCESS, "host", name, str(self.folder))
            except OSError as error:
                raise Skip(f"this machine makes no namespaces: {error}") from error
            self.wait_for(name)
        self.connect()
        self.write_remote_shell()

    def hold(self, name, *words):
        with open(self.folder / f"{name}.out", "wb") as output:
            self.holders[name] = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output,
                                                  stderr=output, start_new_session=True)

    def wait_for(self, name):
        deadline = time.monotonic() + SECONDS_TO_START
        while not (self.folder / name / "ready").exists():
            said = (self.folder / f"{name}.out").read_text(encoding="utf-8")
            check(self.holders[name].poll() is None, f"{name} ended:\n{said}")
            check(time.monotonic() < deadline, f"{name} is not up:\n{said}")
            time.sleep(0.02)

    def pid(self, name):
        """Of the first process, as the machine sees it."""
        holder = self.holders[name].pid
        if name in ("switch", HEAD):
            return holder
        return int(Path(f"/proc/{holder}/task/{holder}/children").read_text().split()[0])

    def connect(self):
        """A cable from each host to a bridge in a namespace that has nothing else."""
        switch = ("nsenter", "-t", str(self.pid("switch")), "-n", "--")
        deadline = time.monotonic() + SECONDS_TO_START
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.pid('switch')}/ns/net") == own:
            check(time.monotonic() < deadline, "the switch is not up")
            time.sleep(0.02)
        self.order(*switch, "ip", "link", "add", "br0", "type", "bridge", "forward_delay", "0")
        self.order(*switch, "ip", "link", "set", "br0", "up")
        for number, name in enumerate(self.names):
            host = ("nsenter", "-t", str(self.pid(name)), "-n", "--")
            self.order(*switch, "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0",
                       "netns", str(self.pid(name)))
            self.order(*switch, "ip", "link", "set", name, "master", "br0", "up")
            self.order(*host, "ip", "addr", "add", f"{NETWORK}.{10 + number}/24", "dev", "eth0")
            self.order(*host, "ip", "link", "set", "eth0", "up")

    def order(self, *words):
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
        check(done.returncode == 0, f"{words}: {done.stderr}")

    def write_remote_shell(self):
        """For mpirun, like ssh: HOST WORD..."""
        cases = "\n".join(f"  {name}) pid={self.pid(name)} ;;" for name in self.names)
        script = self.folder / "rsh"
        script.write_text(f"#!/bin/sh\nhost=$1\nshift\ncase $host in\n{cases}\nesac\n"
                          "exec nsenter -t $pid -n -u -i -m -p -r --wd=/ -- sh -c \"$*\"\n",
                          encoding="utf-8")
        script.chmod(0o755)

    def on(self, name, *words):
        """The words that run others on a host."""
        own = () if name == HEAD else ("-p",)
        return ["nsenter", "-t", str(self.pid(name)), "-n", "-u", "-i", "-m", *own, "-r", "--wd=/",
                "--", *words]

    def mpirun(self, ranks_per_host, *words):
        return self.on(HEAD, *self.launcher(ranks_per_host), *words)

    def launcher(self, ranks_per_host):
        """The words of an mpirun on the head."""
        hosts = ",".join(f"{name}:{ranks_per_host}" for name in self.nodes)
        return ["mpirun.openmpi", "--mca", "plm", "rsh", "--mca", "plm_rsh_agent",
                str(self.folder / "rsh"), "--mca", "plm_rsh_no_tree_spawn", "1",
                "--mca", "oob_tcp_if_include", "eth0", "--mca", "btl_tcp_if_include", "eth0",
                "--mca", "pml", "ob1", "--mca", "btl", "self,vader,tcp", "--mca", "osc", "pt2pt",
                "--mca", "mpi_yield_when_idle", "1", "--bind-to", "none", "--oversubscribe",
                "--host", hosts]

    def on_head(self):
        """The processes there but the first: it has no process namespace of its own."""
        first = self.pid(HEAD)
        network = os.readlink(f"/proc/{first}/ns/net")
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.readlink(entry / "ns" / "net") == network:
                    found.append(int(entry.name))
            except OSError:
                continue
        return [pid for pid in found if pid != first]

    def stop(self):
        """All that runs on a host ends with its first process, but on the head."""
        if HEAD in self.holders and self.holders[HEAD].poll() is None:
            for pid in self.on_head():
                os.kill(pid, signal.SIGKILL)
        for holder in self.holders.values():
            holder.kill()
            holder.wait()
        self.holders = {}
