"""Vessel sets: lines drawn across vessels and what was measured along them."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Final, Literal, SupportsIndex

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.labelled_set import LabelledSet

VesselType = Literal["vessel diameter", "rbc velocity"]
LAGS: Final = 3
"""Correlation maps for each sample: of lag -1, 0 and +1 frames."""


class VesselSet(LabelledSet):
    """Vessels measured in a movie: diameters across them, or velocities of red blood cells.

    Attributes
    ----------
    names : list of str
    vessel_type : {"vessel diameter", "rbc velocity"}
    timing : Timing
        Of the traces. Each sample is a window of the movie's frames, and starts with it.
    spacing : Spacing
        Of the image.
    """

    item: ClassVar[str] = "vessel"
    kind: ClassVar[str] = "vessel set"
    vessel_type: VesselType

    @property
    def num_vessels(self) -> int:
        """How many vessels there are."""
        return len(self.names)

    @property
    @abstractmethod
    def image(self) -> npt.NDArray[np.float32]:
        """``(H, W)``: the projection that the vessels were drawn on, a new array.

        Zeros for a set without vessels, which stores none.
        """

    @abstractmethod
    def line(self, i: SupportsIndex) -> npt.NDArray[np.int64]:
        """Read where a vessel was measured, in pixels of the image.

        Parameters
        ----------
        i : int
            Vessel; negative counts from the end.

        Returns
        -------
        numpy.ndarray
            ``(2, 2)`` or, for velocities, ``(4, 2)`` int64: x and y of the line's ends, or of the
            box's corners in order.
        """

    @abstractmethod
    def trace(self, i: SupportsIndex) -> npt.NDArray[np.float32]:
        """Read a vessel's diameters or velocities.

        ``(n_samples,)``, a new array; a negative index counts from the end. Invalid samples are
        as the file has them; ``timing.valid_mask`` tells which they are.
        """

    @abstractmethod
    def center_trace(self, i: SupportsIndex) -> npt.NDArray[np.float32] | None:
        """Read where along its line a vessel's middle is, like :meth:`trace`.

        None where the file has no such traces: velocities, and old diameters.
        """

    @abstractmethod
    def direction_trace(self, i: SupportsIndex) -> npt.NDArray[np.float32] | None:
        """Read the direction of the velocities in degrees from the x axis, like :meth:`trace`.

        None where the file has no such traces: diameters, and old velocities.
        """

    @property
    @abstractmethod
    def has_correlations(self) -> bool:
        """Whether the correlation maps behind the velocities are there."""

    @abstractmethod
    def correlations(self, i: SupportsIndex, t: SupportsIndex) -> npt.NDArray[np.float32] | None:
        """Read the correlation maps of a vessel at one sample.

        Parameters
        ----------
        i, t : int
            Vessel, sample; negative counts from the end.

        Returns
        -------
        numpy.ndarray or None
            ``(3, h, w)``: maps of lag -1, 0 and +1 frames, whose size may differ from vessel to
            vessel, and is 0 x 0 where only others have maps. None where the file has none.

        Raises
        ------
        IndexError
            There is no such vessel or sample.
        """

    def _summary(self) -> str:
        samples, rate = self.timing.num_samples, self.timing.sampling_rate_hz
        return f"{self.num_vessels} of {self.vessel_type}, {samples:,} samples at {rate:.4g} Hz"
