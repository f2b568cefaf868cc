"""What `isx` reads from a file, asked in a process of its own: it crashes beside other HDF5."""

from __future__ import annotations

import glob
import os
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np


class IsxJudge:
    """A process that reads files with `isx`; started when it is first asked, and after a crash."""

    def __init__(self) -> None:
        self._process: Any = None

    def movie(self, path: Path) -> dict[str, Any]:
        """All that `isx` tells of a movie: shape, type, times, place, and the frames."""
        return self._ask("movie", path)

    def gpio(self, path: Path) -> dict[str, Any]:
        """Names, times and channels of a GPIO file."""
        return self._ask("gpio", path)

    def call(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Call a function of `isx`; raises RuntimeError where it fails or crashes."""
        answer = self._ask("call", (name, args, kwargs))
        if "error" in answer:
            raise RuntimeError(answer["error"])

    def close(self) -> None:
        if self._process is not None:
            self._pipe.close()
            self._process.join()

    def _ask(self, kind: str, what: Any) -> dict[str, Any]:
        if self._process is None or not self._process.is_alive():
            context = get_context("spawn")
            self._pipe, end = context.Pipe()
            self._process = context.Process(target=_answer_all, args=(end,), daemon=True)
            self._process.start()
            end.close()
        self._pipe.send((kind, str(what) if isinstance(what, Path) else what))
        try:
            answer: dict[str, Any] = self._pipe.recv()
        except EOFError:
            self._process.join()
            answer = {"error": f"isx crashed with {self._process.exitcode}"}
        return answer


def _answer_all(pipe: Connection) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    with suppress(EOFError):
        while True:
            kind, what = pipe.recv()
            try:
                pipe.send(_ANSWERS[kind](what))
            except Exception as error:  # noqa: BLE001 - isx raises bare Exceptions
                pipe.send({"error": str(error)})


def _read_movie(path: str) -> dict[str, Any]:
    import isx

    movie = isx.Movie.read(path)
    spacing = movie.spacing
    left, top, _, _ = spacing._pixel_coordinates
    return {
        **_times(movie),
        "dtype": np.dtype(movie.data_type),
        "num_pixels": spacing.num_pixels,
        "corner": (top, left),
        "frames": [movie.get_frame_data(i) for i in range(movie.timing.num_samples)],
    }


def _read_gpio(path: str) -> dict[str, Any]:
    import isx

    try:
        gpio = isx.GpioSet.read(path)
        return {
            **_times(gpio),
            "names": [gpio.get_channel_name(i) for i in range(gpio.num_channels)],
            "channels": [gpio.get_channel_data(i) for i in range(gpio.num_channels)],
        }
    finally:
        for left in glob.glob(f"/tmp/{glob.escape(Path(path).stem)}*.isxd"):
            os.unlink(left)


def _call(what: Any) -> dict[str, Any]:
    import isx

    name, args, kwargs = what
    getattr(isx, name)(*args, **kwargs)
    return {}


_ANSWERS = {"movie": _read_movie, "gpio": _read_gpio, "call": _call}


def _times(recording: Any) -> dict[str, Any]:
    timing = recording.timing
    return {
        "num_samples": timing.num_samples,
        "period_s": timing.period.secs_float,
        "start": timing.start.to_datetime(),
        "dropped": timing.dropped,
        "acquisition_info": recording.get_acquisition_info(),
    }
