"""A main job under a real mpirun, and what it must not leave behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
NOBODY = 65534
SECONDS_PER_JOB = 120
SECONDS_TO_VANISH = 10
OPENMPI_FLAGS = ["--oversubscribe", "--bind-to", "none",
                 "--mca", "pml", "ob1", "--mca", "btl", "self,vader"]
MPICH_FLAGS = ["-bind-to", "none"]


class Skip(Exception):
    """This machine cannot show the behaviour."""


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def is_alive(pid):
    return Path(f"/proc/{pid}").exists()


MARKED_FOR_REMOVAL = 0o1000  # SHM_DEST


def segments_of_the_dead():
    """The name and mode of each System V segment whose maker is dead."""
    for line in Path("/proc/sysvipc/shm").read_text(encoding="utf-8").splitlines()[1:]:
        words = line.split()
        if not is_alive(words[4]):
            yield f"shmid {words[1]}", int(words[2], 8)


def shared_memory():
    """Names of POSIX segments, and System V segments whose maker is dead."""
    names = {entry.name for entry in Path("/dev/shm").iterdir()}
    return names | {name for name, _ in segments_of_the_dead()}


def unmarked_segments():
    """Those that stay for ever. The others vanish with whoever still has them attached."""
    return [name for name, mode in segments_of_the_dead() if not mode & MARKED_FOR_REMOVAL]


def perform(main):
    """Runs a test, for its exit status."""
    try:
        main()
    except Skip as reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    except AssertionError as failure:
        print(failure, file=sys.stderr)
        sys.exit(1)


def private_folder(uid=None):
    return Path(f"/tmp/mayfly-{os.geteuid() if uid is None else uid}")


class Job:
    """One mpirun of the main job, in temporary directories of its own."""

    def __init__(self, mpi, program):
        self.mpi = mpi
        self.program = str(program)
        self.program_file = os.path.realpath(program)
        self.shared_before = shared_memory()
        self.watches_private_folder = False  # which all jobs have in common
        self.folder = Path(tempfile.mkdtemp(prefix="mayfly-test-"))
        self.scratch = self.folder / "scratch"
        self.temporary = self.folder / "tmp"
        self.tree = self.folder / "tree"
        for directory in (self.scratch, self.temporary):
            directory.mkdir()
        # Unix sockets of the launchers need short paths; all of this must be open to nobody.
        self.folder.chmod(0o755)
        self.temporary.chmod(0o1777)
        self.environment = {
            **{key: value for key, value in os.environ.items()
               if not key.startswith(("UCX_", "OMPI_", "MAYFLY_"))},
            "TMPDIR": str(self.temporary),
            # In sanitized builds: what MPI's own libraries leak is not ours to mend.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "detect_leaks=0"),
            # What a killed mpirun of Open MPI cannot remove goes with this job's folder.
            "OMPI_MCA_btl_vader_backing_directory": str(self.temporary),
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        }
        self.flags = OPENMPI_FLAGS if mpi == "openmpi" else MPICH_FLAGS
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.processes():
            os.kill(int(pid), signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def plant_tree(self):
        """Directories, empty and large files, odd sizes, modes, names and a symbolic link."""
        deep = self.tree / "a" / "b" / "c"
        deep.mkdir(parents=True)
        (self.tree / "empty directory").mkdir()
        (self.tree / "empty").touch()
        (self.tree / "link").symlink_to("empty")
        for number, size in enumerate((1, 4095, 4096, 4097, 1 << 20, (1 << 20) + 1, 40_000_001)):
            path = deep / f"file {number} of ünusual näme"
            path.write_bytes(os.urandom(size))
            path.chmod(0o400 + number)
        for number in range(200):
            (self.tree / "a" / f"small-{number}").write_bytes(b"x" * number)
        (self.tree / "a" / "b").chmod(0o2750)
        return str(self.tree)

    def command(self, ranks, arguments):
        return [f"mpirun.{self.mpi}" if shutil.which(f"mpirun.{self.mpi}") else "mpirun",
                *self.flags, "-n", str(ranks), self.program, *arguments]

    def start(self, ranks, *arguments, prefix=()):
        with open(self.folder / "output", "w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                [*prefix, *self.command(ranks, arguments)], stdout=output,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=self.environment,
                cwd="/", start_new_session=True)
        return self.process

    def output(self):
        return (self.folder / "output").read_text(encoding="utf-8", errors="replace")

    def run(self, ranks, *arguments, prefix=()):
        """Exit status and output; a job that hangs fails the test."""
        self.start(ranks, *arguments, prefix=prefix)
        try:
            status = self.process.wait(timeout=SECONDS_PER_JOB)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the job hangs; so far it said:\n{self.output()}") from None
        return status, self.output()

    def processes(self):
        """Processes of this job, known by their program and their TMPDIR."""
        mark = f"TMPDIR={self.temporary}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            try:
                # A zombie has neither; it belongs to whoever reaps orphans here.
                if entry.name.isdigit() and os.readlink(entry / "exe") == self.program_file \
                        and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(entry.name)
            except OSError:
                continue
        return found

    def leftovers(self):
        left = [f"process {pid}" for pid in self.processes()]
        left += [f"segment {name}" for name in sorted(shared_memory() - self.shared_before)]
        left += [f"scratch {path}" for path in self.scratch.iterdir()]
        left += [f"temporary {path}" for path in self.temporary.glob("mayfly*")]
        left += [f"home {path}" for path in (self.folder / ".mayfly").glob("*")]
        if self.watches_private_folder and private_folder().exists():
            left.append(f"folder {private_folder()}")
        return left

    def forgive_killed_clients(self):
        """UCX makes segments, POSIX and System V, that it marks for removal at once: who is killed
        before that leaves one."""
        for name in shared_memory() - self.shared_before:
            if name.startswith("ucx_shm_posix_"):
                os.unlink(f"/dev/shm/{name}")
        for segment in unmarked_segments():
            if segment not in self.shared_before:
                subprocess.run(["ipcrm", "-m", segment.split()[1]], check=True)

    def check_nothing_left(self):
        deadline = time.monotonic() + SECONDS_TO_VANISH
        while (left := self.leftovers()) and time.monotonic() < deadline:
            time.sleep(0.1)
        check(not left, f"left behind: {left}")

    def wait_for(self, condition, what):
        deadline = time.monotonic() + SECONDS_PER_JOB
        while not condition():
            check(self.process.poll() is None, f"ended before {what}:\n{self.output()}")
            check(time.monotonic() < deadline, f"no {what}:\n{self.output()}")
            time.sleep(0.02)


def as_nobody(job):
    """A command prefix that drops root's rights, which no mode can restrain."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        raise Skip("setpriv is not installed")
    prefix = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    if subprocess.run([*prefix, "test", "-x", job.program], check=False).returncode != 0:
        raise Skip("the program lies where nobody may not go")
    job.environment["HOME"] = str(job.temporary)
    return prefix
