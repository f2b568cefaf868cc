"""The table of kinds: what there is to open, and what opens it.

Opening, folders, information, layers, and the tests of the manifest and of the docs read it. A new
kind is a new row here, beside its own folder, its layers and its page in the docs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from napari_isx.io.base.recording import Recording
from napari_isx.io.base.series import Series
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.behavior.movie import IsxbMovie
from napari_isx.io.behavior.series import BehaviorMovieSeries
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.cells.isxd import IsxdCellSet
from napari_isx.io.cells.series import CellSetSeries
from napari_isx.io.events.event_set import EventSet, EventSetSeries
from napari_isx.io.events.isxd import IsxdEventSet
from napari_isx.io.format.container import Footer, IsxKind
from napari_isx.io.format.source import FileSource
from napari_isx.io.gpio.gpio_file import GpioFile
from napari_isx.io.gpio.gpio_set import GpioSet, GpioSetSeries, IsxdGpioSet
from napari_isx.io.gpio.imu import ImuFile
from napari_isx.io.movies.base import Movie
from napari_isx.io.movies.compressed import CompressedMovie
from napari_isx.io.movies.isxd import Image, open_movie_or_image
from napari_isx.io.movies.series import MovieSeries
from napari_isx.io.vessels.isxd import IsxdVesselSet
from napari_isx.io.vessels.vessel_set import VesselSet


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of recording: what every one of it is, and its page of the docs.

    What reads it, by a `.isxd` footer's type or a suffix in lower case; and what several parts of
    one recording become.
    """

    interface: type[Recording]
    page: str
    isxd: dict[IsxKind, Callable[[FileSource, Footer], Recording]]
    suffixes: dict[str, Callable[[FileSource], Recording]]
    series: type[Series[Any]] | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return self.interface.kind


KINDS: Final[list[Kind]] = [
    Kind(
        Movie,
        "movies",
        {IsxKind.MOVIE: open_movie_or_image},
        {".isxc": CompressedMovie},
        MovieSeries,
    ),
    Kind(BehaviorMovie, "behavior-movies", {}, {".isxb": IsxbMovie}, BehaviorMovieSeries),
    Kind(Image, "images", {IsxKind.IMAGE: open_movie_or_image}, {}),
    Kind(VesselSet, "vessel-sets", {IsxKind.VESSEL_SET: IsxdVesselSet}, {}),
    Kind(CellSet, "cell-sets", {IsxKind.CELL_SET: IsxdCellSet}, {}, CellSetSeries),
    Kind(EventSet, "event-sets", {IsxKind.EVENT_SET: IsxdEventSet}, {}, EventSetSeries),
    Kind(
        GpioSet,
        "gpio-and-imu",
        {IsxKind.GPIO: IsxdGpioSet, IsxKind.IMU: IsxdGpioSet},
        {".gpio": GpioFile, ".imu": ImuFile},
        GpioSetSeries,
    ),
]
"""In the order in which lists show them."""

ISXD: Final = ".isxd"


def kind_of(recording: Recording) -> Kind | None:
    """The row of a recording, or None for one of no known kind."""
    return next((kind for kind in KINDS if isinstance(recording, kind.interface)), None)


def own_suffixes() -> frozenset[str]:
    """The suffixes, in lower case, that only Inscopix' formats have."""
    return frozenset({ISXD, *(suffix for kind in KINDS for suffix in kind.suffixes)})


def kind_of_suffix(suffix: str) -> Kind | None:
    """The row of a suffix in lower case, or None where the content decides."""
    return next((kind for kind in KINDS if suffix in kind.suffixes), None)
