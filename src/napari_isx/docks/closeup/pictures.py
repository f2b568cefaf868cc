"""All pictures of one cell and its events, one after another as they are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.event_clips import (
    AFTER_S,
    BEFORE_S,
    MAX_CLIPS,
    Loop,
    loop_clips,
    read_loop,
)
from napari_isx.analysis.event_image import (
    Crop,
    EventImage,
    Extent,
    crop_around,
    event_image,
    extent_um,
    frames_at,
    whole_field,
)
from napari_isx.analysis.rois import Roi
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.movies.base import Movie
from napari_isx.session.groups import CellGroup
from napari_isx.session.plot_rows import TraceRow
from napari_isx.timeline.placed import Placed

_MAX_LOOP_BYTES: Final = 64 << 20
_NO_FOOTPRINT: Final = "Open the cell set of these events to see the footprint"
_NO_PIXELS: Final = "This cell has no pixels, so there is no place to look at"
NO_EVENTS: Final = "This cell has no events"
_NO_EVENTS_NOW: Final = "This cell has no events while the movie runs"
_NO_MOVIE: Final = "Open the movie to see it around the cell's events"
_NOWHERE: Final[Extent] = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Subject:
    """A cell, and where its pictures are read from.

    Attributes
    ----------
    roi : Roi or None
        None without a cell set.
    footprint_crop : (slice, slice) or None
        Rows and columns of the cell set around the cell; None where there is no footprint.
    movie : Placed or None
        None where there are no pictures of it.
    movie_crop : (slice, slice) or None
        Rows and columns of the movie around the cell; all of them without a cell set.
    event_times_s, amplitudes : numpy.ndarray
        ``(n,)``: the cell's events in session time.
    no_footprint, no_movie : str
        Why there are none.
    """

    cells: CellSet | None
    cell: int
    roi: Roi | None
    footprint_crop: Crop | None
    movie: Placed | None
    movie_crop: Crop | None
    event_times_s: npt.NDArray[np.float64]
    amplitudes: npt.NDArray[np.float32]
    no_footprint: str = ""
    no_movie: str = ""

    @property
    def footprint_um(self) -> Extent:
        if self.cells is None or self.footprint_crop is None:
            return _NOWHERE
        return extent_um(self.footprint_crop, self.cells.spacing)

    @property
    def movie_um(self) -> Extent:
        if self.movie is None or self.movie_crop is None:
            return _NOWHERE
        return extent_um(self.movie_crop, _movie_of(self.movie).spacing)

    @property
    def place_um(self) -> Extent | None:
        """The part of the sensor to show; None where there is nothing to see."""
        if self.footprint_crop is not None:
            return self.footprint_um
        return self.movie_um if self.movie is not None else None

    @property
    def contour_um(self) -> npt.NDArray[np.float64]:
        """``(n, 2)``: the outline on the sensor; empty where none is known."""
        if self.cells is None or self.roi is None:
            return np.empty((0, 2))
        return self.cells.spacing.to_um(self.roi.contour)

    @property
    def known_footprint(self) -> npt.NDArray[np.float32] | None:
        """``(h, w)``, cropped: the footprint as far as it is known without reading it."""
        if self.roi is None or self.footprint_crop is None:
            return None
        rows, cols = self.footprint_crop
        known = np.zeros((rows.stop - rows.start, cols.stop - cols.start), np.float32)
        top, left = self.roi.top - rows.start, self.roi.left - cols.start
        weights = self.roi.weights[max(-top, 0) :, max(-left, 0) :]
        place = known[max(top, 0) :, max(left, 0) :][: weights.shape[0], : weights.shape[1]]
        place[...] = weights[: place.shape[0], : place.shape[1]]
        return known


def subject_of(
    group: CellGroup,
    cell: int,
    roi: Roi | None,
    row: TraceRow,
    movie: Placed | None,
    why_no_movie: str = "",
    no_events: str = NO_EVENTS,
) -> Subject:
    """Find out what can be shown of a cell around the events of its row.

    `why_no_movie` says why none is looked at, where some are open; `no_events` what is said where
    there are no events.
    """
    cells, footprint_crop, movie_crop = group.cells, None, None
    no_footprint = no_movie = ""
    if cells is None or roi is None:
        no_footprint = _NO_FOOTPRINT
        movie_crop = whole_field(_movie_of(movie)) if movie is not None else None
    else:
        footprint_crop = crop_around(roi, cells.spacing, cells.spacing)
        if footprint_crop is None:
            no_footprint = no_movie = _NO_PIXELS
        elif movie is not None:
            movie_crop = crop_around(roi, cells.spacing, _movie_of(movie).spacing)
    if not len(row.event_times_s):
        no_movie = no_movie or no_events
    elif movie is None:
        no_movie = no_movie or why_no_movie or _NO_MOVIE
    elif movie_crop is None:
        no_movie = no_movie or f"This cell lies outside {movie.recording.name}"
    if no_movie:
        movie = movie_crop = None
    events = row.event_times_s, row.event_values
    return Subject(
        cells, cell, roi, footprint_crop, movie, movie_crop, *events, no_footprint, no_movie
    )


@dataclass(frozen=True, eq=False)
class Pictures:
    """What was read so far; a sentence says why something could not be."""

    footprint: npt.NDArray[np.float32] | str | None = None
    image: EventImage | str | None = None
    loop: Loop | str | None = None

    @property
    def is_broken(self) -> bool:
        return any(isinstance(one, str) for one in (self.footprint, self.image, self.loop))

    @property
    def num_bytes(self) -> int:
        return sum(clip.nbytes for clip in self.loop.pixels) if isinstance(self.loop, Loop) else 0


def read_pictures(subject: Subject) -> Iterator[Pictures]:
    """Read a cell's footprint, the image around its events and the loop of the largest.

    What was read grows from step to step; what cannot be read does not keep the rest from it.
    """
    shown = Pictures()
    if subject.cells is not None and subject.footprint_crop is not None:
        try:
            footprint = subject.cells.footprint(subject.cell)[subject.footprint_crop]
            # Without the rest of the field, which would be kept with it.
            shown = replace(shown, footprint=np.nan_to_num(footprint, posinf=0, neginf=0))
        except (OSError, ValueError) as error:
            shown = replace(shown, footprint=f"The footprint cannot be read.\n{error}")
        yield shown
    if subject.movie is None:
        return
    movie, times_s = _movie_of(subject.movie), subject.movie.times_s
    frames = frames_at(subject.event_times_s, times_s)
    try:
        for image in event_image(movie, frames, subject.amplitudes, crop=subject.movie_crop):
            shown = replace(shown, image=image)
            yield shown
    except (OSError, ValueError) as error:
        shown = replace(shown, image=f"The movie cannot be read.\n{error}")
    period_s = movie.timing.period_s or 1.0
    most = _num_clips(movie, subject.movie_crop or whole_field(movie), period_s)
    clips = loop_clips(frames, subject.amplitudes, len(movie), period_s, max_clips=most)
    if not clips:
        yield replace(shown, loop=_NO_EVENTS_NOW)
        return
    try:
        for loop in read_loop(movie, clips, subject.event_times_s, times_s, subject.movie_crop):
            shown = replace(shown, loop=loop)
            yield shown
    except (OSError, ValueError) as error:
        yield replace(shown, loop=f"The movie cannot be read.\n{error}")


def _num_clips(movie: Movie, crop: Crop, period_s: float) -> int:
    """How many clips are played: fewer of cells so large that they would fill the memory."""
    rows, cols = crop
    frame_bytes = (rows.stop - rows.start) * (cols.stop - cols.start) * movie.dtype.itemsize
    clip_bytes = frame_bytes * max((BEFORE_S + AFTER_S) / period_s, 1)
    return min(max(int(_MAX_LOOP_BYTES / clip_bytes), 1), MAX_CLIPS)


def _movie_of(placed: Placed) -> Movie:
    assert isinstance(placed.recording, Movie)
    return placed.recording
