"""Movies as files of other programs: TIFF, OME-Zarr, MP4, GIF."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from napari_isx.export.common import Progress, check_target
from napari_isx.export.frame_range import FrameRange
from napari_isx.export.tiff import TiffLayout, tiff_layout, write_tiff
from napari_isx.export.video import VIDEO_SUFFIXES, Quality, write_video
from napari_isx.export.zarr_movie import check_folder_target, write_zarr
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.movies.base import Movie

TIFF_SUFFIXES: Final = (".tif", ".tiff")
MOVIE_SUFFIXES: Final = (*TIFF_SUFFIXES, ".zarr", *VIDEO_SUFFIXES)


class ExportedMovie(NamedTuple):
    """What became of a movie.

    Attributes
    ----------
    paths : tuple of Path
        What was written: of Inscopix' layout a file for every 65,535 frames, else one.
    codec : str
        What a clip is encoded with, "H.264 (libx264)"; empty for other formats.
    """

    paths: tuple[Path, ...]
    codec: str = ""


def export_movie(
    movie: Movie | BehaviorMovie,
    path: str | os.PathLike[str],
    *,
    frames: slice | None = None,
    times_s: tuple[float, float] | None = None,
    rows: slice | None = None,
    cols: slice | None = None,
    plane: int | None = None,
    color: bool = False,
    layout: TiffLayout | None = None,
    write_invalid_frames: bool = True,
    speed: float = 1,
    quality: Quality = "good",
    height: int | None = None,
    contrast: tuple[float, float] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> ExportedMovie:
    """Write a movie, or a part of it, as a file of another program.

    Parameters
    ----------
    movie : Movie or BehaviorMovie
    path : str or path-like
        The suffix says what is written:

        - ``.tif``, ``.tiff``: a stack with ImageJ's description: micrometers, seconds, and for
          each frame its time and whether it holds nothing. Over 4 GB it is a BigTIFF.
        - ``.ome.tif``, ``.ome.tiff``: an OME-TIFF, always a BigTIFF.
        - ``.zarr``, ``.ome.zarr``: a folder, OME-Zarr 0.5 (extra ``zarr``).
        - ``.mp4``, ``.gif``: a clip.
    frames : slice, optional
        Which frames, from 0; a step takes every so many.
    times_s : (float, float), optional
        The same in seconds from the start of the movie: frames that begin from the first on,
        before the second.
    rows, cols : slice, optional
        What is cut out of each frame.
    plane : int, optional
        Which of ``movie.planes`` is exported.
    color : bool
        Whether a behavior movie is exported in color.
    layout : {"imagej", "ome", "isx"}, optional
        Of TIFFs, by the name by default. "isx" is what ``isx.export_movie_to_tiff`` writes: a
        BigTIFF without any description, and another file after 65,535 frames.
    write_invalid_frames : bool
        Whether dropped, cropped and blank frames are written, as zeros. They can be left out of
        the layout "isx" alone.
    speed : float
        Of clips: 1 is real time, 10 ten times as fast. Frames that cannot be shown are left out.
    quality : {"small", "good", "best"}
        Of MP4.
    height : int, optional
        Of clips, in pixels.
    contrast : (float, float), optional
        The values that are black and white in clips; by default by a few frames.
    overwrite : bool
        Whether what is there may be replaced.
    progress : callable, optional
        Called with the fraction done; what it raises stops the export, and nothing is left.

    Returns
    -------
    ExportedMovie
        The files, and what a clip was encoded with: H.264 where there is an encoder for it.

    Raises
    ------
    ValueError
        Another suffix, or a range in which there is nothing.
    OSError
        The file cannot be written, or is there.
    IsxFileError
        The movie is broken.
    ImportError
        An extra is not installed; the message says which.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in MOVIE_SUFFIXES:
        raise ValueError(f"{target.name}: movies are written as {', '.join(MOVIE_SUFFIXES)}")
    part = FrameRange.of(
        movie, frames=frames, times_s=times_s, rows=rows, cols=cols, plane=plane, color=color
    )
    if suffix == ".zarr":
        check_folder_target(target, overwrite)
        write_zarr(part, target, progress)
        return ExportedMovie((target,))
    check_target(target, overwrite, [movie])
    if suffix in TIFF_SUFFIXES:
        written = write_tiff(
            part,
            target,
            layout or tiff_layout(target),
            keep_invalid=write_invalid_frames,
            overwrite=overwrite,
            progress=progress,
        )
        return ExportedMovie(tuple(written))
    codec = write_video(
        part,
        target,
        speed=speed,
        quality=quality,
        height=height,
        contrast=contrast,
        progress=progress,
    )
    return ExportedMovie((target,), codec)
