#!/usr/bin/env python3
"""The house style as a test: prints each offence and exits 1 if there is one.

Usage: lint.py [--root DIR]
"""

import argparse
import sys
from pathlib import Path

import includes
import layout
import names
import sizes
from source import sources as sources_of


def offences(root):
    sources = sources_of(root)
    return [
        *includes.check(root, sources),
        *sizes.check(sources),
        *names.check(root, sources),
        *layout.check(root, sources),
    ]


def main():
    here = Path(__file__).resolve()
    parser = argparse.ArgumentParser(description="Checks the house style.")
    parser.add_argument("--root", type=Path, default=here.parents[2])
    root = parser.parse_args().root.resolve()
    found = offences(root)
    for offence in found:
        print(offence)
    count = len(sources_of(root))
    print(f"lint: {count} files, {len(found)} offences")
    return 1 if found or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
