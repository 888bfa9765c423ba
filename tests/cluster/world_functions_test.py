#!/usr/bin/env python3
"""Every function of mpi.h with a communicator is narrowed.

world_functions_test.py LIBRARY CC FLAGS... The compiler itself says what the header declares, so
that nothing that reads it for the library reads it here."""

import re
import subprocess
import sys
import tempfile

SWITCHES = ["-DOMPI_WANT_MPI_INTERFACE_WARNING=0", "-DOMPI_OMIT_MPI1_COMPAT_DECLS=0"]
# Handles for Fortran are numbers of the real communicators, and the world's is a constant there.
LEFT_ALONE = {"MPI_Comm_c2f"}


def functions_with_communicators(compiler):
    with tempfile.NamedTemporaryFile("r", suffix=".info") as info:
        subprocess.run([*compiler, *SWITCHES, "-x", "c", "-c", "-o", "/dev/null", "-aux-info",
                        info.name, "-"], input="#include <mpi.h>\n", text=True, check=True)
        declarations = re.findall(r"\b(MPI_[A-Z]\w*) \((.*)\);", info.read())
    return {name for name, parameters in declarations
            if re.search(r"\bMPI_Comm(?=,|$| *\))", parameters)}


def exported(library):
    listing = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True,
                             text=True, check=True).stdout
    return {line.split()[2] for line in listing.splitlines() if len(line.split()) == 3}


def main():
    library, *compiler = sys.argv[1:]
    wanted = functions_with_communicators(compiler) - LEFT_ALONE
    found = exported(library)
    missing = sorted(name for name in wanted if name not in found or "P" + name not in found)
    print(f"{len(wanted)} functions take a communicator, not narrowed: {missing}")
    return 1 if missing or len(wanted) < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
