"""Source: one file of the tree: its text as it is, its code without comments and strings."""

import re
from functools import cached_property
from pathlib import Path

CODE_SUFFIXES = {".h", ".cc", ".c", ".hpp", ".cpp"}
TEXT_SUFFIXES = CODE_SUFFIXES | {".py", ".sh", ".cmake"}
FOLDERS = ("src", "include", "mpi_launch", "tests", "bench")

# What is blanked before braces and names are looked at. Raw strings first: they may hold the rest.
_BLANKED = re.compile(
    r'R"(?P<mark>[^ ()\\]{0,16})\(.*?\)(?P=mark)"'
    r"|//[^\n]*"
    r"|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)


def _blank(match):
    """Spaces for everything but the line breaks, so that line numbers stay true."""
    return re.sub(r"[^\n]", " ", match.group(0))


class Source:
    def __init__(self, root, path):
        self.path = path
        self.name = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.splitlines()

    @property
    def is_code(self):
        return self.path.suffix in CODE_SUFFIXES

    @cached_property
    def code(self):
        """The text with comments, strings and directives blanked; line numbers are kept."""
        return _DIRECTIVE.sub(_blank, _BLANKED.sub(_blank, self.text))

    @cached_property
    def includes(self):
        """(line number, path) of each include, in either form."""
        found = []
        for number, line in enumerate(self.lines, 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                found.append((number, match.group(1), match.group(2)))
        return found


def sources(root):
    """Every source of ours under `root`, in the order of their names."""
    found = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            wanted = path.suffix in TEXT_SUFFIXES or path.name == "CMakeLists.txt"
            if wanted and path.is_file() and "__pycache__" not in path.parts:
                found.append(Source(root, path))
    return found
