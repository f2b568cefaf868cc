"""GPIO sets and behavior movies."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.cells_and_events import plain_read
from benchmarks.files import Files
from benchmarks.measure import Row, isx, side_by_side, with_isx
from napari_isx import BehaviorMovie, GpioSet, open_isx

_ISX_CHANNELS = 2


def rows(files: Files) -> Iterator[Row]:
    """All lines about them."""
    yield all_channels(files)
    yield one_picture(files)


def all_channels(files: Files) -> Row:
    """Every channel of a `.gpio` file, opening included."""
    path = files.gpio()

    def ours() -> list[int]:
        with open_isx(path) as box:
            assert isinstance(box, GpioSet)
            return [len(box.channel(i)) for i in range(box.num_channels)]

    num_channels = len(ours())
    theirs = isx.GpioSet.read(str(path)) if isx else None
    calls = with_isx(
        {"ours": ours, "floor": lambda: plain_read(path)},
        isx=lambda _: [theirs.get_channel_data(i) for i in range(_ISX_CHANNELS)],
    )
    times = side_by_side(calls, files.sizes.few_rounds)
    their_time = times.get("isx")
    return Row(
        f"all {num_channels} channels of a .gpio file, {files.sizes.packets:,} packets",
        times["ours"],
        None if their_time is None else their_time / _ISX_CHANNELS * num_channels,
        times["floor"],
        most_isx=1 / 50,
        note=f"isx measured on {_ISX_CHANNELS} channels and multiplied, without its opening, "
        f"which converts the file; ours with opening; floor: a read of the file into one array",
    )


def one_picture(files: Files) -> Row:
    """One random frame of a behavior movie, decoded."""
    path = files.behavior()
    movie = open_isx(path)
    assert isinstance(movie, BehaviorMovie)
    movie.read_frame(len(movie) - 1)  # finds where all pictures are
    theirs = isx.Movie.read(str(path)) if isx else None
    calls = with_isx(
        {"ours": lambda: movie[random.randrange(len(movie))]},
        isx=lambda _: theirs.get_frame_data(random.randrange(len(movie))),
    )
    times = side_by_side(calls, files.sizes.rounds)
    movie.close()
    rows, cols = movie.shape[1:]
    return Row(
        f"one random frame of a behavior movie, {rows} x {cols}",
        times["ours"],
        times.get("isx"),
        most_isx=1,
        note="once the places of the pictures are known, with us and with isx",
    )
