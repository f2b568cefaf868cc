"""Movies as OME-Zarr 0.5, which is Zarr version 3: a folder of compressed chunks."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_isx.export.common import Progress, needed
from napari_isx.export.frame_range import FrameRange

# A file for each frame would be too many of them for most disks.
_SHARD_BYTES: Final = 32 << 20


def check_folder_target(path: Path, overwrite: bool) -> None:
    """See that a Zarr folder can be made there; only another Zarr folder is ever replaced.

    Raises
    ------
    OSError
        It cannot.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(path.parent))
    if not path.exists():
        return
    if not overwrite:
        reason = "it exists already: choose another name, or allow to overwrite it"
        raise FileExistsError(errno.EEXIST, reason, str(path))
    if not (path / "zarr.json").is_file():
        reason = "it is not a Zarr folder, and never overwritten: choose another name"
        raise FileExistsError(errno.EEXIST, reason, str(path))


def write_zarr(frames: FrameRange, path: Path, progress: Progress | None = None) -> None:
    """Write frames as an image of one resolution, with the time and the status of each.

    Beside the picture, ``0``, there are ``times_s``, the seconds of each frame from the first of
    the movie by the hardware's counter, and ``frame_status``, as the attributes say.
    """
    zarr = needed("OME-Zarr", "zarr", "napari-isx[zarr]")
    partial = path.with_name(path.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        root = zarr.open_group(str(partial), mode="w", zarr_format=3, attributes=_metadata(frames))
        _write_frames(root, frames, progress)
        for name, values in (("times_s", frames.times_s), ("frame_status", frames.statuses)):
            root.create_array(name, data=values, dimension_names=["t"])
        _take_place(partial, path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _write_frames(root: Any, frames: FrameRange, progress: Progress | None) -> None:
    count, rows, cols, *rest = frames.shape
    frame_shape = (*rest, rows, cols)
    per_shard = min(max(_SHARD_BYTES * len(frames) // frames.num_bytes, 1), count)
    array = root.create_array(
        "0",
        shape=(count, *frame_shape),
        dtype=frames.dtype,
        chunks=(1, *frame_shape),
        shards=(per_shard, *frame_shape),
        dimension_names=[axis["name"] for axis in _axes(frames)],
    )
    block = np.empty((per_shard, *frame_shape), frames.dtype)
    for i, frame in enumerate(frames.read_all(progress)):
        block[i % per_shard] = np.moveaxis(frame, -1, 0) if rest else frame
        if (i + 1) % per_shard == 0 or i + 1 == count:
            first = i - i % per_shard
            array[first : i + 1] = block[: i + 1 - first]


def _axes(frames: FrameRange) -> list[dict[str, str]]:
    axes = [
        {"name": "t", "type": "time", "unit": "second"},
        {"name": "y", "type": "space", "unit": "micrometer"},
        {"name": "x", "type": "space", "unit": "micrometer"},
    ]
    if len(frames.frame_shape) == 3:
        axes.insert(1, {"name": "c", "type": "channel"})
    return axes


def _metadata(frames: FrameRange) -> dict[str, Any]:
    """OME's description, and what it has no place for."""
    size, edge = np.array(frames.spacing.pixel_size_um), np.array(frames.spacing.top_left_um)
    color = [1.0] if len(frames.frame_shape) == 3 else []
    scale = [frames.period_s, *color, *size.tolist()]
    first_s = frames.samples.start * frames.movie.timing.period_s
    # Places of pixels are those of their centers.
    translation = [first_s, *([0.0] if color else []), *(edge + size / 2).tolist()]
    start, low, high = frames.movie.timing.start, *frames.contrast
    channel = {
        "label": frames.movie.title,
        "color": "FFFFFF",
        "active": True,
        "window": {"min": low, "max": high, "start": low, "end": high},
    }
    ome: dict[str, Any] = {
        "version": "0.5",
        "multiscales": [
            {
                "name": frames.movie.title,
                "axes": _axes(frames),
                "datasets": [
                    {
                        "path": "0",
                        "coordinateTransformations": [
                            {"type": "scale", "scale": scale},
                            {"type": "translation", "translation": translation},
                        ],
                    }
                ],
            }
        ],
    }
    if not color:
        ome["omero"] = {"channels": [channel], "rdefs": {"model": "greyscale"}}
    own = {
        "file": frames.movie.name,
        "start": start.isoformat() if start else None,
        "frame_status": ["valid", "dropped", "cropped", "blank", "gap"],
        "missing_frames": frames.missing,
        "acquisition_info": {str(k): str(v) for k, v in frames.movie.acquisition_info.items()},
    }
    return {"ome": ome, "napari_isx": own}


def _take_place(partial: Path, path: Path) -> None:
    """Let a complete folder take the place of another."""
    old = path.with_name(path.name + ".old")
    if path.exists():
        shutil.rmtree(old, ignore_errors=True)
        os.replace(path, old)
    os.replace(partial, path)
    shutil.rmtree(old, ignore_errors=True)
