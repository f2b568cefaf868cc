"""Joining opened recordings to a series, whatever they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from napari_isx.io.base.recording import Recording
from napari_isx.io.base.schedule import UNFIT_ADVICE
from napari_isx.io.base.series import BehaviorMovieSeries, MovieSeries, Series
from napari_isx.io.behavior.movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.cells.series import CellSetSeries
from napari_isx.io.errors import IsxFileError, UnsupportedIsxError
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.gpio.series import EventSetSeries, GpioSetSeries
from napari_isx.io.movies.isxd import Movie

_SERIES: Final[dict[type[Recording], type[Series[Any]]]] = {
    Movie: MovieSeries,
    BehaviorMovie: BehaviorMovieSeries,
    CellSet: CellSetSeries,
    EventSet: EventSetSeries,
    GpioSet: GpioSetSeries,
}
"""Kinds of recordings that can be parts, and the series that they make."""


def kind_of(recording: Recording) -> type[Recording] | None:
    """The kind that a recording is joined by, or None where it stands alone."""
    return next((kind for kind in _SERIES if isinstance(recording, kind)), None)


def description_of(recording: Recording) -> dict[str, object]:
    """What has to be the same in all parts of a series."""
    kind = kind_of(recording)
    return {} if kind is None else _SERIES[kind]._describe(recording)


def without_pieces(recordings: Sequence[Recording]) -> list[Recording]:
    """The recordings whose own file none of the others reads: an `.xml` reads its `.tif` files."""
    pieces = {path for one in recordings for path in one.paths if path != one.path}
    return [one for one in recordings if one.path not in pieces]


def join(parts: Sequence[Recording]) -> Recording:
    """Make a series of recordings, in any order; it closes them.

    Raises
    ------
    IsxFileError
        A part does not fit the others. Names the part and what differs.
    UnsupportedIsxError
        There are no series of this kind.
    """
    kind = kind_of(parts[0])
    if kind is None:
        raise UnsupportedIsxError(
            parts[0].path,
            f"it is of the kind {type(parts[0]).__name__}, which cannot be part of a series",
            UNFIT_ADVICE,
        )
    for part in parts[1:]:
        if not isinstance(part, kind):
            raise IsxFileError(
                part.path,
                f"it is of the kind {type(part).__name__}, but {parts[0].path.name} is of the kind "
                f"{kind.__name__}, so they are not parts of one series",
                UNFIT_ADVICE,
            )
    make: Callable[[Sequence[Recording]], Recording] = _SERIES[kind]
    return make(parts)
