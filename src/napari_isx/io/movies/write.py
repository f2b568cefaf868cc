"""Writing movies and images that `isx`, Inscopix' own software and this package read back equal.

Every writer fills a file beside the target and renames it when it is complete, so a
target is either the old file or the whole new one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.signal import whole_microseconds
from napari_isx.io.base.spacing import Spacing, check_shape
from napari_isx.io.base.timing import Timing
from napari_isx.io.format.atomic_write import new_file
from napari_isx.io.format.container import IsxKind, plain, write_footer
from napari_isx.io.movies.base import (
    LINES_BYTES,
    PIXEL_TYPES,
    TSC_WORD,
    gives_timestamps,
    pixel_code,
)

_SIGNATURE: Final = 0x0A0
_FRAME_COUNTER_WORD: Final = 1258
_OLDEST_WITH_TIMESTAMPS: Final = "1.1.1"


def write_movie(
    path: str | os.PathLike[str],
    frames: Iterable[npt.ArrayLike],
    *,
    timing: Timing | None = None,
    spacing: Spacing | None = None,
    timestamps_us: npt.ArrayLike | None = None,
    extra_properties: Mapping[str, Any] | None = None,
) -> None:
    """Write a movie frame by frame; only one frame is held in memory.

    Parameters
    ----------
    path : str or path-like
        Target; replaced if it exists.
    frames : iterable of array-like
        One ``(H, W)`` frame of uint16, float32 or uint8, or ``(H, W, 3)`` of uint8, for *every*
        sample, as a :class:`Movie` gives them. Those of invalid samples are not stored.
    timing : Timing, optional
        Default: as many samples as there are frames, 50 ms apart.
    spacing : Spacing, optional
        Default: 3 um pixels at the origin.
    timestamps_us : array-like, optional
        ``(T,)`` hardware counter of each sample in microseconds. Makes the file one with sensor
        lines around each frame, as raw recordings are.
    extra_properties : mapping, optional
        Acquisition session, as JSON values.

    Raises
    ------
    ValueError
        No frames, frames of different or unsupported shape or type, or a number of frames,
        timestamps or pixels that does not fit `timing` or `spacing`.
    OSError
        The target cannot be written; what was there is unchanged.
    """
    counters = None if timestamps_us is None else whole_microseconds("timestamps", timestamps_us)
    if counters is not None and counters.ndim != 1:
        raise ValueError(f"timestamps must have one axis, not {counters.ndim}")
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise ValueError("a movie needs at least one frame")
    first = np.asarray(first)
    code = pixel_code(first.shape, first.dtype)
    spacing = spacing or Spacing(first.shape[:2])
    check_shape("frames", first.shape[:2], spacing)
    extra = plain(extra_properties)
    if counters is not None:
        extra = _with_timestamp_version(extra or {})
    with new_file(path) as handle:
        count = 0
        limits = [] if timing is None else [timing.num_samples]
        limits += [] if counters is None else [counters.size]
        for sample, frame in enumerate(chain([first], map(np.asarray, iterator))):
            if frame.shape != first.shape or frame.dtype != first.dtype:
                raise ValueError(
                    f"frame {sample} is {frame.shape} {frame.dtype}, "
                    f"the first is {first.shape} {first.dtype}"
                )
            count += 1
            if any(count > most for most in limits):
                raise ValueError(f"more frames than the {min(limits)} samples or timestamps")
            if timing is not None and timing.stored_index(sample) is None:
                continue
            before, after = _sensor_lines(counters, sample)
            handle.write(before)
            handle.write(np.ascontiguousarray(frame, PIXEL_TYPES[code]).data)
            handle.write(after)
        timing = timing or Timing(count)
        if count != timing.num_samples or (counters is not None and counters.shape != (count,)):
            raise ValueError(
                f"{count} frames for {timing.num_samples} samples"
                + (f" and {counters.size} timestamps" if counters is not None else "")
            )
        footer = {
            "type": int(IsxKind.MOVIE if count > 1 else IsxKind.IMAGE),
            "fileVersion": 1,
            "dataType": code,
            "hasFrameHeaderFooter": counters is not None,
            "timingInfo": timing.to_json(),
            "spacingInfo": spacing.to_json(),
            "extraProperties": extra,
        }
        write_footer(handle, footer)


def write_image(
    path: str | os.PathLike[str],
    data: npt.ArrayLike,
    *,
    spacing: Spacing | None = None,
    extra_properties: Mapping[str, Any] | None = None,
) -> None:
    """Write a single picture.

    Parameters and errors are those of :func:`write_movie`, with `data` for its one frame.
    """
    write_movie(path, [data], spacing=spacing, extra_properties=extra_properties)


def _with_timestamp_version(extra: dict[str, Any]) -> dict[str, Any]:
    """The session, with a recording software that is known to give timestamps."""
    producer = extra.get("producer")
    producer = producer if isinstance(producer, Mapping) else {}
    if gives_timestamps(producer.get("version")):
        return extra
    return {**extra, "producer": {**producer, "version": _OLDEST_WITH_TIMESTAMPS}}


def _sensor_lines(counters: npt.NDArray[np.uint64] | None, sample: int) -> tuple[bytes, bytes]:
    """The lines before and after a frame: a byte in each word, above 4 unused bits."""
    if counters is None:
        return b"", b""
    words = np.zeros(LINES_BYTES // 2, "<u2")
    words[0] = _SIGNATURE
    for at, size, value in (
        (_FRAME_COUNTER_WORD, 4, sample),
        (TSC_WORD, 8, int(counters[sample])),
    ):
        words[at : at + size] = np.frombuffer(value.to_bytes(size, "little"), np.uint8)
        words[at : at + size] <<= 4
    return words.tobytes(), bytes(LINES_BYTES)
