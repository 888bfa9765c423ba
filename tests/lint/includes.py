"""Includes point down only. The arrows are the LAYERS of CMakeLists.txt's mayfly_layer lines."""

import re

# The folders of src/ that are no mayfly_layer: what they may include of ours, None for every layer.
EDGES_OF_PROGRAMS = {"cli": None, "fuse": {"client"}, "shim": set()}
# The public header is for whoever offers or uses it.
PUBLIC_HEADER_USERS = {"client", "cli", "fuse", "shim", "staging"}
# The public header of the linked way in needs MPI_Comm; test programs play the application.
MPI_ALLOWED = re.compile(r"mpi_launch/|tests/|include/mayfly/[a-z_]*mpi[a-z_]*\.h$")


def read_layers(cmake_text):
    """{layer: set of the layers that it may include}, in the order of the file."""
    text = re.sub(r"#[^\n]*", "", cmake_text)
    layers = {}
    for body in re.findall(r"\bmayfly_layer\s*\(([^)]*)\)", text):
        words = body.split()
        lower = set()
        if "LAYERS" in words:
            for word in words[words.index("LAYERS") + 1 :]:
                if word in ("LIBRARIES", "HEADER", "TOGETHER"):
                    break
                lower.add(word)
        layers[words[0]] = lower
    return layers


def check_order(layers):
    """A layer names only layers that stand above its own line, so the arrows make no circle."""
    declared = set()
    for layer, lower in layers.items():
        for name in sorted(lower - declared):
            yield f"CMakeLists.txt: layer {layer} names {name}, which is not declared before it"
        declared.add(layer)


def _refusal_in_src(folder, form, target, layers):
    """Why src/`folder` may not include `target`; None if it may."""
    head, slash, _ = target.partition("/")
    is_ours = head in layers or head in EDGES_OF_PROGRAMS
    if target.startswith("mayfly/"):
        if folder not in PUBLIC_HEADER_USERS:
            return f"{folder} is below the public header"
    elif is_ours and slash:
        allowed = layers[folder] if folder in layers else EDGES_OF_PROGRAMS.get(folder, set())
        if folder != head and head not in (layers if allowed is None else allowed):
            return f"{folder} may not include {head} (see its LAYERS in CMakeLists.txt)"
    elif form == '"':
        return 'ours are included as "folder/file.h", all others as <file.h>'
    return None


def _refusal(source, form, target, layers):
    if target == "mpi.h" and not MPI_ALLOWED.match(source.name):
        return "only mpi_launch includes mpi.h"
    parts = source.name.split("/")
    if parts[0] == "src" and len(parts) > 2:
        return _refusal_in_src(parts[1], form, target, layers)
    if parts[0] == "include" and form == '"' and not target.startswith("mayfly/"):
        return "the public header includes nothing of src/"
    if parts[0] == "include" and target.partition("/")[0] in layers:
        return "the public header includes nothing of src/"
    return None


def check(root, sources):
    layers = read_layers((root / "CMakeLists.txt").read_text(encoding="utf-8"))
    yield from check_order(layers)
    for folder in sorted(path.name for path in (root / "src").iterdir() if path.is_dir()):
        if folder not in layers and folder not in EDGES_OF_PROGRAMS:
            yield f"src/{folder}: no mayfly_layer line in CMakeLists.txt"
    for source in sources:
        for number, form, target in source.includes if source.is_code else []:
            refusal = _refusal(source, form, target, layers)
            if refusal:
                yield f"{source.name}:{number}: includes {target}: {refusal}"
