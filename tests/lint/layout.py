"""clang-format leaves every file as it is, and every shell script is one that bash can read."""

import os
import re
import shutil
import subprocess
from pathlib import Path


def _check_scripts(sources):
    for source in sources:
        if source.path.suffix != ".sh":
            continue
        run = subprocess.run(["bash", "-n", str(source.path)], capture_output=True, check=False)
        if run.returncode != 0:
            yield f"{source.name}: bash cannot read it"
        if source.text.startswith("#!") and not os.access(source.path, os.X_OK):
            yield f"{source.name}: starts with #! but is not executable"


def _check_format(root, sources):
    """Nothing to say where clang-format is not installed; tests/run.sh installs it."""
    program = shutil.which("clang-format") or shutil.which("clang-format-14")
    files = [str(source.path) for source in sources if source.is_code]
    if program is None or not files:
        return
    run = subprocess.run(
        [program, "--dry-run", "-Werror", "--style=file", *files],
        cwd=root, capture_output=True, text=True, check=False,
    )
    if run.returncode != 0:
        places = re.findall(r"^(\S+?):(\d+):\d+: error:", run.stderr, re.MULTILINE)
        if not places:
            yield f"clang-format: {run.stderr.strip()}"
        # The first place of each file is enough: `clang-format -i` mends them all.
        for name, number in dict(reversed(places)).items():
            relative = Path(name).relative_to(root).as_posix()
            yield f"{relative}:{number}: not as clang-format -i leaves it"


def check(root, sources):
    yield from _check_scripts(sources)
    yield from _check_format(root, sources)
