"""Which of the open movies shows the cells of a set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from napari_isx.io.base.recording import Recording
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.movies.isxd import Movie
from napari_isx.session.groups import CellGroup
from napari_isx.timeline.clock import Clock

# What of a recording says that a movie and what was made of it are of one microscope's image.
_SAME_IN_BOTH: Final = ("Recording UUID", "efocus", "channel")


def fitting_movies(group: CellGroup, movies: Iterable[Movie], clock: Clock) -> list[Movie]:
    """The movies that show some of a group's cells at some time that is in its file.

    Parameters
    ----------
    group : CellGroup
    movies : iterable of Movie
        The most welcome last, as the topmost layer is.
    clock : Clock
        That all of them are placed by.

    Returns
    -------
    list of Movie
        Those that the cells were most probably found in first: by start, recording UUID, focal
        plane and colour; of equals the most welcome.
    """
    source = group.recording
    if source is None or source not in clock:
        return []
    fitting = [
        movie for movie in movies if _same_time(source, movie, clock) and _same_place(group, movie)
    ]
    fitting.reverse()
    return sorted(fitting, key=lambda movie: -_likeness(source, group.timing, movie))


def _same_time(source: Recording, movie: Movie, clock: Clock) -> bool:
    """Whether both run at some moment."""
    if movie not in clock or not len(movie):
        return False
    a, b = clock.placed(source), clock.placed(movie)
    return a.offset_s < b.end_s and b.offset_s < a.end_s


def _same_place(group: CellGroup, movie: Movie) -> bool:
    """Whether both have some part of the sensor; of events alone nobody knows the place."""
    if group.cells is None:
        return True
    edges = zip(_edges_um(group.cells.spacing), _edges_um(movie.spacing), strict=True)
    return all(a[0] < b[1] and b[0] < a[1] for a, b in edges)


def _edges_um(spacing: Spacing) -> list[tuple[float, float]]:
    """Start and end of rows and of columns on the sensor."""
    axes = zip(spacing.top_left_um, spacing.pixel_size_um, spacing.num_pixels, strict=True)
    return [(first, first + size * count) for first, size, count in axes]


def _likeness(source: Recording, timing: Timing, movie: Movie) -> int:
    """How many things are the same: when it started, and what the files say of it."""
    ours, theirs = source.acquisition_info, movie.acquisition_info
    same: int = sum(key in ours and ours[key] == theirs.get(key) for key in _SAME_IN_BOTH)
    apart_s = timing.starts_after_s(movie.timing)
    near_s = max(timing.period_s, movie.timing.period_s)
    return same + (apart_s is not None and abs(apart_s) <= near_s)
