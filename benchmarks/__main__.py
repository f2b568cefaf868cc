"""Runs the benchmarks, each group in a process of its own, and prints the table."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.files import FULL, QUICK, Files
from benchmarks.group import measure
from benchmarks.measure import Row, table

GROUPS = {
    "reading": "movies",
    "cells_and_events": "cell sets and event sets",
    "other_kinds": "GPIO and behavior movies",
    "movies_out": "movies as TIFF and NWB",
    "tables_out": "cells and events as tables",
    "review": "metrics and the table of cells",
    "why": "event-triggered image, loop and heat map",
    "responses": "responses to events",
    "opening": "opening on a slow disk, and a session of the real size, in a real window",
    "together": "a whole recording in a real window",
    "window": "steps, dock, big cell sets and memory in a real window",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=GROUPS, action="append", help="this group alone")
    parser.add_argument("--quick", action="store_true", help="smaller inputs, fewer rounds")
    arguments = parser.parse_args()
    rows: list[Row] = []
    failed = []
    with tempfile.TemporaryDirectory(prefix="napari-isx-benchmarks-") as folder:
        os.environ["TMPDIR"] = folder  # where isx leaves files of its own
        files = Files(Path(folder), QUICK if arguments.quick else FULL)
        for group in arguments.only or GROUPS:
            start = time.monotonic()
            try:
                rows += run_alone(group, files)
            except Exception as error:  # noqa: BLE001
                failed.append(f"{group} failed: {type(error).__name__}: {error}")
            print(f"{group}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    print(f"\n{surroundings()}\n\n{table(rows)}", *failed, sep="\n")
    return 1 if failed else 0


def run_alone(group: str, files: Files) -> list[Row]:
    """Measure a group in a new process, whose memory no other group has shaped."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(measure, group, files).result()


def surroundings() -> str:
    """What was measured on, and with."""
    packages = [_version(name) for name in ("napari-isx", "isx", "napari", "numpy", "dask")]
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {', '.join(packages)}"
    )


def _version(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"no {name}"


if __name__ == "__main__":
    sys.exit(main())
