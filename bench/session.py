"""A background session of some servers on this node, for as long as a measurement needs it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path


class Session:
    """`mayfly start` to `mayfly stop`. `plain` is the environment of its commands, `preloaded` that
    of programs that see it below /mayfly."""

    def __init__(self, build, scratch, servers=1, memory="64M", capacity="4G"):
        self.mayfly = build / "bin" / "mayfly"
        self._folder = tempfile.TemporaryDirectory(prefix="mayfly-bench-")
        self.plain = {**os.environ, "MAYFLY_SESSION": f"{self._folder.name}/session",
                      "LD_LIBRARY_PATH": f"{build}:{os.environ.get('LD_LIBRARY_PATH', '')}"}
        launcher = "env" if servers == 1 else (
            f"mpirun --oversubscribe --bind-to none --allow-run-as-root -n {servers}")
        self.command("start", "--launcher", launcher, "--servers-per-node", str(servers),
                     "--scratch", str(scratch), "--capacity", capacity, "--memory", memory)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.command("stop")
        self._folder.cleanup()

    @property
    def preloaded(self):
        variables = self.command("exec", "--", "env", "-0").split("\0")
        return dict(word.split("=", 1) for word in variables if word)

    def command(self, *words):
        done = subprocess.run([self.mayfly, *map(str, words)], env=self.plain, text=True,
                              check=False, capture_output=True)
        if done.returncode != 0:
            sys.exit(f"mayfly {' '.join(map(str, words))}: {done.stderr}")
        return done.stdout

    def bench(self, *words):
        """The runs of `mayfly bench`: settings, and phases with latencies."""
        path = f"{self._folder.name}/bench.json"
        self.command("bench", *words, "--json", path)
        with open(path, encoding="utf-8") as file:
            return json.load(file)["runs"]

    def processes(self):
        """The pids of its servers: whoever has this session's file in its command line."""
        marked = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if self.plain["MAYFLY_SESSION"].encode() in words and b"mayfly-server" in words[0]:
                marked.append(int(folder.name))
        return marked

    def servers(self):
        """What `mayfly stats` says of each server."""
        return json.loads(self.command("stats", "--json"))["servers"]
