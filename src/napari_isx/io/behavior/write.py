"""Writing behavior movies (`.isxb`) that `isx` and this package read back equal."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.signal import whole_microseconds
from napari_isx.io.base.spacing import Spacing, check_shape
from napari_isx.io.base.timing import Timing
from napari_isx.io.behavior.movie import HEADER
from napari_isx.io.format.atomic_write import new_file

_FORMAT_VERSION: Final = 100
_CAMERA: Final = "camera-1"


def write_behavior_movie(
    path: str | os.PathLike[str],
    frames: Iterable[npt.ArrayLike],
    *,
    timing: Timing | None = None,
    spacing: Spacing | None = None,
    timestamps_us: npt.ArrayLike | None = None,
    trackers: Sequence[Mapping[str, Any] | None] | None = None,
    session: Mapping[str, Any] | None = None,
    quality: int = 90,
) -> None:
    """Write a behavior movie frame by frame; only one frame is held in memory. Needs Pillow.

    Parameters
    ----------
    path : str or path-like
        Target; replaced if it exists.
    frames : iterable of array-like
        One ``(H, W)`` gray or ``(H, W, 3)`` color frame of uint8 for *every* sample. Those of
        invalid samples are not stored. JPEG loses some detail. `isx` reads frames whose width
        is a multiple of 64.
    timing : Timing, optional
        Default: as many samples as there are frames, 50 ms apart.
    spacing : Spacing, optional
        Default: 3 um pixels at the origin.
    timestamps_us : array-like, optional
        ``(T,)`` hardware counter of each sample in microseconds. Default: from the period.
    trackers : sequence, optional
        Of each sample what the tracker found, as
        :mod:`napari_isx.io.behavior.tracking` has it, or None.
    session : mapping, optional
        Acquisition session, as JSON values; what reading needs is added where it is missing.
    quality : int
        Of the pictures, 1 to 95.

    Raises
    ------
    ValueError
        No frames, frames of different or unsupported shape or type, or a number of frames,
        timestamps, trackers or pixels that does not fit; timestamps that are not whole numbers
        from 0, or NaN in a tracker.
    OSError
        The target cannot be written; what was there is unchanged.
    """
    counters = None if timestamps_us is None else whole_microseconds("timestamps", timestamps_us)
    shape: tuple[int, ...] | None = None
    count, stored = 0, []
    with new_file(path) as handle:
        handle.write(bytes(HEADER.size))
        for sample, pixels in enumerate(frames):
            frame = np.asarray(pixels)
            shape = shape or frame.shape
            if frame.shape != shape or frame.dtype != np.uint8:
                raise ValueError(
                    f"frame {sample} is {frame.shape} {frame.dtype}, not {shape} uint8"
                )
            count += 1
            if timing is None or timing.stored_index(sample) is not None:
                handle.write(_jpeg(frame, quality))
                stored.append(sample)
        if shape is None:
            raise ValueError("a behavior movie needs at least one frame")
        timing = timing or Timing(count)
        spacing = spacing or Spacing((shape[0], shape[1]))
        check_shape("frames", shape[:2], spacing)
        counts = {"samples": timing.num_samples}
        counts |= {} if counters is None else {"timestamps": counters.size}
        counts |= {} if trackers is None else {"trackers": len(trackers)}
        for what, number in counts.items():
            if number != count:
                raise ValueError(f"{count} frames, but {number} {what}")
        video_end = handle.tell()
        samples = [
            _sample(sample, timing, counters, None if trackers is None else trackers[sample])
            for sample in stored
        ]
        # Other readers refuse NaN and Infinity, which JSON does not have.
        values = {"droppedFrames": list(timing.dropped), "samples": samples}
        metadata = json.dumps(values, allow_nan=False).encode()
        text = json.dumps(_session(session or {}, timing, spacing), allow_nan=False).encode()
        handle.write(metadata + text)
        handle.seek(0)
        seconds = timing.stated_start_s
        header = (
            *(_FORMAT_VERSION, HEADER.size, max(seconds.num * 1000 // seconds.den, 0)),
            *(timing.utc_offset_s // 60, len(stored), count - len(stored)),
            *(HEADER.size, video_end - HEADER.size),
            *(video_end, len(metadata)),
            *(video_end + len(metadata), len(text)),
        )
        handle.write(HEADER.pack(*header))


def _jpeg(frame: npt.NDArray[np.uint8], quality: int) -> bytes:
    """Encode a frame; a gray one also with colors, which `isx` asks for."""
    from PIL import Image

    if frame.ndim == 2:
        luma = Image.fromarray(frame)
        gray = Image.new("L", luma.size, 128)
        picture = Image.merge("YCbCr", (luma, gray, gray))
    elif frame.ndim == 3 and frame.shape[2] == 3:
        picture = Image.fromarray(frame)
    else:
        raise ValueError(f"frames must be (H, W) or (H, W, 3), not {frame.shape}")
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=quality)
    return target.getvalue()


def _sample(
    sample: int,
    timing: Timing,
    counters: npt.NDArray[np.uint64] | None,
    tracker: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """One stored frame's metadata."""
    if counters is None:
        counter = round(sample * timing.period_s * 1e6)
    else:
        counter = int(counters[sample])
    entry = {"fc": sample, "tsc": counter}
    return entry if tracker is None else {**entry, "tracker": dict(tracker)}


def _session(session: Mapping[str, Any], timing: Timing, spacing: Spacing) -> dict[str, Any]:
    """The session with the camera, timing and spacing that readers need."""
    rows, cols = spacing.num_pixels
    name = session.get("cameraName", _CAMERA)
    field = {"width": cols, "height": rows, "originx": 0, "originy": 0}
    processing = session.get("processingInterface", {})
    camera = {"recordFov": field, **processing.get(name, {})}
    return {
        **session,
        "cameraName": name,
        "processingInterface": {**processing, name: camera},
        "timingInfo": timing.to_json(),
        "spacingInfo": spacing.to_json(),
    }
