"""Movies as TIFF and NWB, beside a plain copy of the same bytes."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from benchmarks.files import Files
from benchmarks.measure import Row, side_by_side
from napari_isx import export_movie, export_nwb, open_isx

_ROUNDS = 3
_COPY_BYTES = 2 << 20
_POLL_S = 0.005


def rows(files: Files) -> Iterator[Row]:
    """All lines about it."""
    source = files.movie()
    folder = source.parent / "out"
    folder.mkdir(exist_ok=True)
    with open_isx(source) as movie:

        def tiff() -> None:
            export_movie(movie, folder / "a.tif", overwrite=True)

        def isx_tiff() -> None:
            export_movie(movie, folder / "b.tif", layout="isx", overwrite=True)

        def nwb(compress: bool = False) -> None:
            export_nwb(movie, folder / "a.nwb", movies=True, compress=compress, overwrite=True)

        def copy() -> None:
            plain_copy(source, folder / "copy")

        what = f"{len(movie):,} frames of {movie.shape[1]} x {movie.shape[2]}"
        export_nwb(movie, folder / "a.nwb", overwrite=True)  # pynwb itself does not count
        for title, call in (("TIFF", tiff), ("NWB", nwb)):
            yield Row(f"memory: {title}, {what}", added_mb(call), most=200, unit="MB")
        candidates = {"copy": copy, "tiff": tiff, "isx": isx_tiff, "nwb": nwb}
        seconds = side_by_side({k: _fresh(call, folder) for k, call in candidates.items()}, _ROUNDS)
        note = "floor: reading and writing the same bytes, 2 MB at a time; all to the disk (fsync)"
        for name, title, most in (
            ("tiff", "TIFF for ImageJ", 2),
            ("isx", "TIFF as isx lays it out", 2),
            ("nwb", "NWB", 5),
        ):
            work = f"{title}, {what}"
            yield Row(work, seconds[name], None, seconds["copy"], most_floor=most, note=note)
        start = time.perf_counter()
        nwb(compress=True)
        packed = time.perf_counter() - start
        yield Row(f"NWB packed, {what}", packed, None, seconds["copy"], note="gzip 1 with shuffle")


def plain_copy(source: Path, target: Path) -> None:
    """Read and write, and wait for the disk as our files do."""
    with source.open("rb", buffering=0) as reader, target.open("wb") as writer:
        buffer = bytearray(_COPY_BYTES)
        while count := reader.readinto(buffer):
            writer.write(memoryview(buffer)[:count])
        writer.flush()
        os.fsync(writer.fileno())


def _fresh(call: Callable[[], object], folder: Path) -> Callable[[], None]:
    """Without what the last round left, which would take time to be overwritten."""

    def run() -> None:
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                path.unlink()
        call()

    return run


def added_mb(call: Callable[[], object]) -> float:
    """How much more memory the process has at most while something runs."""
    process = psutil.Process()
    before = highest = process.memory_info().rss
    done = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(_POLL_S):
            highest = max(highest, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        call()
    finally:
        done.set()
        watcher.join()
    return (highest - before) / 1e6
