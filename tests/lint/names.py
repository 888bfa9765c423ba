"""Names that say nothing are refused, and every folder of src/ introduces itself."""

import re

_BANNED_IN_TYPE = re.compile(r"(Manager|Helper|Util|Context|Engine)s?(?![a-z])")
_BANNED_TYPES = {"Data"}
_BANNED_IN_FILE = {"manager", "helper", "helpers", "util", "utils", "context", "engine"}
_TYPE = re.compile(
    r"\b(?:class|struct|union|enum(?:\s+class)?|concept|using)\s+(?:\[\[\w+\]\]\s*)?(\w+)"
    r"|\btypedef\b[^;]*?(\w+)\s*;"
)
MAX_README_LINES = 25


def _types(code):
    """(line number, name) of each type that `code` names in a declaration."""
    for match in _TYPE.finditer(code):
        yield code.count("\n", 0, match.start()) + 1, match.group(1) or match.group(2)


def check(root, sources):
    for source in sources:
        words = set(re.split(r"[^a-z]+", source.path.stem.lower()))
        for word in sorted(words & _BANNED_IN_FILE):
            yield f"{source.name}: '{word}' in a file's name says nothing"
        for number, name in _types(source.code) if source.is_code else []:
            if _BANNED_IN_TYPE.search(name) or name in _BANNED_TYPES:
                yield f"{source.name}:{number}: the type name {name} says nothing"
    for folder in sorted(path for path in (root / "src").iterdir() if path.is_dir()):
        readme = folder / "README.md"
        if not readme.is_file():
            yield f"src/{folder.name}: no README.md"
        elif (lines := len(readme.read_text(encoding="utf-8").splitlines())) > MAX_README_LINES:
            yield f"src/{folder.name}/README.md: {lines} lines, over {MAX_README_LINES}"
