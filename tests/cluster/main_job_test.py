#!/usr/bin/env python3
"""The main job under mpirun, one behaviour per run: main_job_test.py MPI PROGRAM BEHAVIOUR"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

from job import SKIPPED, Job, Skip, as_nobody, check, private_folder

SIZE = ("--checkpoint", "32M")


def check_verified(job, ranks, *arguments):
    status, output = job.run(ranks, *SIZE, "--tree", job.plant_tree(), *arguments)
    check(status == 0, f"exit status {status}:\n{output}")
    check("\nverified:" in output, f"nothing verified:\n{output}")
    check("1 symbolic links left out" in output, f"links are not counted:\n{output}")
    check(" error:" not in output and " NO\n" not in output, output)
    job.check_nothing_left()


def copies_and_verifies(job):
    check_verified(job, 4, "--scratch", str(job.scratch))


def two_servers_per_node(job):
    check_verified(job, 4, "--scratch", str(job.scratch), "--servers-per-node", "2")


def chosen_server_ranks(job):
    job.environment["MAYFLY_LOG"] = "info"
    check_verified(job, 4, "--scratch", str(job.scratch), "--server-ranks", "1,3")
    roles = re.findall(r"^mayfly \[(\w+ \d) on .*\] info: rank (\d) of 4$", job.output(), re.M)
    expected = {("client 0", "0"), ("server 0", "1"), ("client 1", "2"), ("server 1", "3")}
    check(set(roles) == expected, f"roles: {roles}")


def two_drives(job):
    second = job.folder / "second"
    second.mkdir()
    check_verified(job, 4, "--scratch", f"{job.scratch},{second}", "--servers-per-node", "2")
    check(not list(second.iterdir()), "the second scratch directory is not empty")


def one_client(job):
    check_verified(job, 2, "--scratch", str(job.scratch))


def rendezvous_path(job):
    if job.mpi == "mpich":
        raise Skip("MPICH itself speaks UCX and hangs in MPI_Finalize over its TCP, without us too")
    job.environment["UCX_TLS"] = "tcp,self"
    check_verified(job, 4, "--scratch", str(job.scratch))


def shared_memory_path(job):
    job.environment["UCX_TLS"] = "posix,cma,self"
    check_verified(job, 4, "--scratch", str(job.scratch))


def small_memory(job):
    check_verified(job, 4, "--scratch", str(job.scratch), "--memory", "4M", "--transfer", "1M")


def in_private_folder(job):
    del job.environment["TMPDIR"]
    check_verified_private(job)


def leftover_folder(job):
    """What a crashed run left is used again, and gone afterwards."""
    del job.environment["TMPDIR"]
    private_folder().mkdir(mode=0o700, exist_ok=True)
    job.watches_private_folder = True
    check_verified_private(job)


def check_verified_private(job):
    status, output = job.run(3, *SIZE, "--tree", job.plant_tree())
    check(status == 0, f"exit status {status}:\n{output}")
    job.check_nothing_left()


def check_refused(job, words, ranks, *arguments, prefix=()):
    """One sentence, from one rank, that names what is wrong; and an end."""
    status, output = job.run(ranks, *SIZE, "--tree", "/etc/passwd", *arguments, prefix=prefix)
    check(status != 0, f"accepted:\n{output}")
    said = [line for line in output.splitlines() if line.startswith("mayfly")]
    check(len(said) == 1, f"{len(said)} sentences instead of one:\n{output}")
    for word in words:
        check(word in said[0], f"{word!r} is not in: {said[0]}")
    job.check_nothing_left()


def missing_scratch(job):
    path = str(job.folder / "missing")
    check_refused(job, ["Server 0 (rank 0 on node", path, "does not exist"], 4, "--scratch", path)


def file_as_scratch(job):
    path = job.folder / "file"
    path.touch()
    check_refused(job, ["Server 0", str(path), "not a directory"], 4, "--scratch", str(path))


def unwritable_scratch(job):
    prefix = as_nobody(job)
    job.scratch.chmod(0o555)
    check_refused(job, ["Server 0", str(job.scratch), "cannot be written"], 4,
                  "--scratch", str(job.scratch), prefix=prefix)


def full_scratch(job):
    """A file system of 512 KiB: no room for a data file worth the name."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        raise Skip("only root may mount")
    mount = ("unshare", "--mount", "sh", "-c",
             'mount -t tmpfs -o size=512k none "$0" && exec "$@"', str(job.scratch))
    if subprocess.run([*mount, "true"], check=False, capture_output=True).returncode != 0:
        raise Skip("mount namespaces are not allowed here")
    check_refused(job, ["Server 0", str(job.scratch), "free space"], 3,
                  "--scratch", str(job.scratch), prefix=mount)


def second_of_two_scratches_missing(job):
    path = str(job.folder / "missing")
    check_refused(job, ["Server 1 (rank 1 on node", path], 4, "--servers-per-node", "2",
                  "--scratch", f"{job.scratch},{path}")


def too_few_ranks(job):
    check_refused(job, ["has 2 ranks", "need 3"], 2, "--servers-per-node", "3",
                  "--scratch", str(job.scratch))


def no_clients(job):
    check_refused(job, ["All 2 ranks would be servers"], 2, "--servers-per-node", "2",
                  "--scratch", str(job.scratch))


def bad_server_ranks(job):
    for ranks in ("1,x", "1,1", "-1", ",", "70000"):
        check_refused(job, ["--server-ranks", f'"{ranks}"'], 4, f"--server-ranks={ranks}")


def missing_server_rank(job):
    check_refused(job, ["has 4 ranks", "server rank 4"], 4, "--server-ranks", "1,4",
                  "--scratch", str(job.scratch))


def bad_option(job):
    check_refused(job, ["--memory", "a lot"], 3, "--memory", "a lot")


def missing_tree(job):
    check_refused(job, ["/no/such/tree"], 3, "--scratch", str(job.scratch),
                  "--tree", "/no/such/tree")


def full_file_system(job):
    check_refused(job, ["No space left on device"], 3, "--scratch", str(job.scratch),
                  "--capacity", "8M")


def link_as_private_folder(job):
    del job.environment["TMPDIR"]
    if private_folder().exists():
        raise Skip(f"{private_folder()} is in use")
    private_folder().symlink_to(job.scratch)
    try:
        status, output = job.run(3, *SIZE, "--tree", "/etc/passwd")
    finally:
        private_folder().unlink()
    check(status != 0 and "not a directory but a file or a link" in output, output)
    job.check_nothing_left()


def start_long(job):
    job.start(4, "--scratch", str(job.scratch), "--checkpoint", "1G", "--tree", "/usr/include")


def in_the_middle(job):
    job.wait_for(lambda: len(job.processes()) == 4, "four processes")
    time.sleep(3)


def in_copy_out(job):
    job.wait_for(lambda: list(job.temporary.glob("mayfly-mainjob-*")), "temporary directory")
    time.sleep(0.2)


def check_killed(job, number, moment):
    start_long(job)
    moment(job)
    job.process.send_signal(number)
    job.process.wait(timeout=60)
    job.check_nothing_left()


def terminated_at_start(job):
    check_killed(job, signal.SIGTERM, lambda job: time.sleep(0.4))


def terminated(job):
    check_killed(job, signal.SIGTERM, in_the_middle)


def terminated_in_copy_out(job):
    check_killed(job, signal.SIGTERM, in_copy_out)


def killed(job):
    check_killed(job, signal.SIGKILL, in_the_middle)


def killed_in_copy_out(job):
    check_killed(job, signal.SIGKILL, in_copy_out)


def server_killed(job):
    """MPI ends the job when a rank dies; what the server had is gone with it."""
    start_long(job)
    in_the_middle(job)
    os.kill(int(min(job.processes(), key=int)), signal.SIGKILL)
    check(job.process.wait(timeout=60) != 0, "success without a server")
    job.check_nothing_left()


def main():
    mpi, program, name = sys.argv[1:]
    with Job(mpi, program) as job:
        try:
            globals()[name](job)
        except Skip as why:
            print(f"skipped: {why}")
            return SKIPPED
        except AssertionError as why:
            print(why)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
