#!/usr/bin/env python3
"""Wrappers for all functions of mpi.h that take a communicator by value.

generate.py CC FLAGS... > FILE. Each line is MAYFLY_WRAP(type, name, (parameters), (arguments)), in
which communicators are narrowed."""

import re
import subprocess
import sys

# Written by hand in world.cc: what they do with the world is more than to narrow it.
BY_HAND = {"MPI_Abort", "MPI_Comm_get_attr", "MPI_Attr_get", "MPI_Comm_set_errhandler",
           "MPI_Errhandler_set", "MPI_Comm_c2f"}
SWITCHES = ["-DOMPI_WANT_MPI_INTERFACE_WARNING=0", "-DOMPI_OMIT_MPI1_COMPAT_DECLS=0"]
BY_VALUE = re.compile(r"(?:const )?MPI_Comm \w+")
NAME = re.compile(r"(\w+)\s*(?:\[[^\]]*\]\s*)*$")


def declarations(compiler):
    """Return type and parameters of each function, by name."""
    header = subprocess.run([*compiler, "-E", "-P", *SWITCHES, "-x", "c", "-"], check=True,
                            text=True, input="#include <mpi.h>\n", capture_output=True).stdout
    header = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", "", header)
    found = {}
    pattern = r"(?:extern\s+)?\b([A-Za-z_][\w ]*?[\s*]+)(MPI_[A-Z]\w*)\s*\(([^;{}]*)\)\s*;"
    for kind, name, parameters in re.findall(pattern, header):
        if name not in found and "typedef" not in kind:
            words = re.sub(r"\s+", " ", parameters).split(",")
            found[name] = (kind.strip(), [word.strip() for word in words])
    return found


def wrapper(name, kind, parameters):
    arguments = []
    for parameter in parameters:
        argument = NAME.search(parameter).group(1)
        is_communicator = BY_VALUE.fullmatch(parameter)
        arguments.append(f"narrow({argument})" if is_communicator else argument)
    return (f"MAYFLY_WRAP({kind}, {name[4:]}, ({', '.join(parameters)}),"
            f" ({', '.join(arguments)}))")


def main():
    for name, (kind, parameters) in sorted(declarations(sys.argv[1:]).items()):
        if name not in BY_HAND and any(map(BY_VALUE.fullmatch, parameters)):
            print(wrapper(name, kind, parameters))


if __name__ == "__main__":
    main()
