"""Which of the open movies shows the cells of a set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from napari_isx.io.base.provenance import Provenance
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.movies.base import Movie
from napari_isx.session.groups import CellGroup
from napari_isx.timeline.clock import Clock


class FittingMovie(NamedTuple):
    """A movie in which cells can be looked at, and what shows that they were found in another one.

    Such a contradiction is "efocus 700 and not 400"; empty where there is none.
    """

    movie: Movie
    contradiction: str


def fitting_movies(group: CellGroup, movies: Iterable[Movie], clock: Clock) -> list[FittingMovie]:
    """The movies that show some of a group's cells at some time that is in its file.

    First those that the cells were most probably found in: by what both files say of plane, color,
    recording and animal, by their names, and by start; of equals the last given, as the topmost
    layer is. Those that the cells cannot have been found in come last.
    """
    source = group.recording
    if source is None or source not in clock:
        return []
    ours = Provenance.of(source)
    found = []
    for movie in movies:
        if _same_time(source, movie, clock) and _same_place(group, movie):
            theirs = Provenance.of(movie)
            against = theirs.contradiction(ours)
            rank = (not against, *ours.likeness(theirs), _starts_with(group.timing, movie))
            found.append((rank, FittingMovie(movie, against)))
    found.reverse()
    return [one for _, one in sorted(found, key=lambda ranked: ranked[0], reverse=True)]


def _same_time(source: Recording, movie: Movie, clock: Clock) -> bool:
    """Whether both run at some moment, and not just look so as sittings all start at 0 s."""
    if movie not in clock or not len(movie):
        return False
    a, b = clock.placed(source), clock.placed(movie)
    known = "assumed" not in (a.method, b.method)
    if known and a.sitting != b.sitting:
        return False
    return a.offset_s < b.end_s and b.offset_s < a.end_s


def _same_place(group: CellGroup, movie: Movie) -> bool:
    """Whether both have some part of the sensor; of events alone nobody knows the place."""
    if group.cells is None:
        return True
    edges = zip(_edges_um(group.cells.spacing), _edges_um(movie.spacing), strict=True)
    return all(a[0] < b[1] and b[0] < a[1] for a, b in edges)


def _edges_um(spacing: Spacing) -> list[tuple[float, float]]:
    axes = zip(spacing.top_left_um, spacing.pixel_size_um, spacing.num_pixels, strict=True)
    return [(first, first + size * count) for first, size, count in axes]


def _starts_with(timing: Timing, movie: Movie) -> bool:
    apart_s = timing.starts_after_s(movie.timing)
    return apart_s is not None and abs(apart_s) <= max(timing.period_s, movie.timing.period_s)
