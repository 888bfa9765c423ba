"""A real Slurm on this machine: munged, slurmctld and two slurmds, all of it in one folder."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from job import Skip, check

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "sinfo", "scontrol", "scancel")
NODES = ("n1", "n2")
CPUS_PER_NODE = 8
SECONDS_TO_START = 30
SECONDS_PER_JOB = 150

# Without cgroups and systemd. The nodes share the host, so each needs a TmpFS for PMIx of its own.
CONFIGURATION = """\
ClusterName=mayflytest
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/node.%n
TmpFS={folder}/node.%n/tmp
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,bf_interval=1
ReturnToService=2
KillWait=5
PropagateResourceLimits=NONE
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{node_ports}] CPUs={cpus}
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=YES
"""


def free_ports(count):
    """The first of so many in a row below those that the kernel gives to connections."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as text:
        end = int(text.read().split()[0])
    begin = end // 2
    at = begin + os.getpid() % (end - begin - count)
    for first in [*range(at, end - count), *range(begin, at)]:
        if all(is_free(first + i) for i in range(count)):
            return first
    raise Skip("no ports are free")


def is_free(port):
    with socket.socket() as probe:
        # As Slurm binds its own: connections that have ended are not in the way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


class Slurm:
    def __init__(self, folder):
        if os.geteuid() != 0 or any(shutil.which(program) is None for program in PROGRAMS):
            raise Skip("a Slurm of one's own needs root, slurmctld, slurmd, slurm-client and munge")
        self.folder = Path(folder)
        self.environment = {
            **os.environ, "SLURM_CONF": str(self.folder / "slurm.conf"),
            "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            # Both nodes are this host, whose shared memory Open MPI names by the node.
            "OMPI_MCA_btl": "tcp,self", "OMPI_MCA_mpi_yield_when_idle": "1"}
        self.daemons = []

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
        port = free_ports(1 + len(NODES))
        host = os.uname().nodename.split(".")[0]
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(
            folder=self.folder, port=port, host=host, cpus=CPUS_PER_NODE,
            node_ports=f"{port + 1}-{port + 2}"), encoding="utf-8")
        (self.folder / "cgroup.conf").write_text(
            "CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n"
            f"CgroupMountpoint={self.folder}/none\n", encoding="utf-8")
        munge = self.folder / "munge"
        munge.mkdir(mode=0o711)
        (self.folder / "key").write_bytes(os.urandom(128))
        (self.folder / "key").chmod(0o600)
        (self.folder / "state").mkdir()
        self.start_daemon("munged", "--foreground", f"--key-file={self.folder}/key",
                          f"--socket={munge}/socket", f"--pid-file={munge}/pid",
                          f"--log-file={self.folder}/munged.log", f"--seed-file={munge}/seed")
        self.wait_until((munge / "socket").exists, "munged")
        self.start_daemon("slurmctld", "-D")
        for node in NODES:
            (self.folder / f"node.{node}" / "tmp").mkdir(parents=True)
            self.start_daemon("slurmd", "-D", "-N", node)
        self.wait_until(self.nodes_are_idle, "the nodes")

    def start_daemon(self, *words):
        with open(self.folder / f"{words[0]}.out", "ab") as output:
            self.daemons.append(subprocess.Popen(words, env=self.environment, stdout=output,
                                                 stderr=output, stdin=subprocess.DEVNULL))

    def wait_until(self, condition, what):
        deadline = time.monotonic() + SECONDS_TO_START
        while not condition():
            check(time.monotonic() < deadline, f"{what}: not up\n{self.logs()}")
            time.sleep(0.1)

    def logs(self):
        return "\n".join(log.read_text(encoding="utf-8", errors="replace")[-2000:]
                         for log in self.folder.glob("*.log"))

    def nodes_are_idle(self):
        done = self.run("sinfo", "-h", "-N", "-t", "idle", "-o", "%N")
        return sorted(done.stdout.split()) == list(NODES)

    def run(self, *words, **variables):
        return subprocess.run(words, env={**self.environment, **variables}, text=True,
                              capture_output=True, check=False, timeout=SECONDS_PER_JOB)

    def batch(self, script, *options, **variables):
        """Exit status and output of a batch script."""
        output = self.folder / f"{Path(script).name}.txt"
        done = self.run("sbatch", "--wait", f"--output={output}", *options, str(script),
                        **variables)
        said = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
        return done.returncode, said + done.stderr

    def submit(self, script, *options, **variables):
        """The number of a batch job, and the file of its output."""
        output = self.folder / f"{Path(script).name}.{time.monotonic_ns()}.txt"
        done = self.run("sbatch", "--parsable", f"--output={output}", *options, str(script),
                        **variables)
        check(done.returncode == 0, done.stderr)
        return done.stdout.strip(), output

    def end_of(self, job):
        """Its exit code as squeue has it, when it has ended."""
        states = ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING")
        deadline = time.monotonic() + SECONDS_PER_JOB
        while True:
            said = self.run("scontrol", "show", "job", job).stdout
            words = dict(word.split("=", 1) for word in said.split() if "=" in word)
            if words.get("JobState") not in states:
                return words.get("ExitCode")
            check(time.monotonic() < deadline, f"job {job} does not end\n{said}")
            time.sleep(0.1)

    def stop(self):
        if self.daemons:
            try:
                subprocess.run(["scancel", "--user=root"], env=self.environment, check=False,
                               capture_output=True, timeout=20)
            except subprocess.TimeoutExpired:
                pass  # It waits for a controller that has not started: there are no jobs.
        # The nodes first, so that nothing of a job is left.
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(timeout=15)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self.daemons = []
