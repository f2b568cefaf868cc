"""Vessel sets (`.isxd`): lines drawn across vessels and what was measured along them.

The payload is the projection image once, then one record for each vessel:

========================  =====================================================  ==============
part                      content                                                bytes
========================  =====================================================  ==============
image                     float32, row by row; absent where there are no vessels 4 R C
*of each vessel:* line    int64 x, y of 2 ends, or of 4 corners for velocity     32 or 64
trace                     float32: the diameter, or the velocity                 4 T
centre trace              float32; diameter, if ``VesselCenterSaved``            4 T
direction trace           float32; velocity, if ``VesselDirectionSaved``         4 T
correlations              float32 [T][3][h][w]; velocity, if                     12 T h w
                          ``VesselCorrelationSizes`` gives each vessel's [w, h]
*at the end:* unused      as long as one line                                    32 or 64
========================  =====================================================  ==============

All traces hold all samples. Which of the two kinds it is says
``extraProperties.idps.vesselset.type`` alone.
"""

from __future__ import annotations

import operator
from typing import ClassVar, Final, Literal, NamedTuple, SupportsIndex

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.labelled_set import CuratedSet
from napari_isx.io.base.spacing import MAX_PIXELS
from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.container import Footer
from napari_isx.io.format.json_fields import Fields
from napari_isx.io.format.source import FileSource

VesselType = Literal["vessel diameter", "rbc velocity"]
VELOCITY_IN_FILE: Final = "red blood cell velocity"
"""What a file calls a set of velocities; any other name means diameters."""
LAGS: Final = 3
"""Correlation maps for each sample: of lag -1, 0 and +1 frames."""

_POINT_BYTES: Final = 16


class VesselSet(CuratedSet):
    """Vessels measured in a movie: diameters across them, or velocities of red blood cells.

    Attributes
    ----------
    num_vessels : int
    names : list of str
    vessel_type : {"vessel diameter", "rbc velocity"}
    timing : Timing
        Of the traces. Each sample is a window of the movie's frames, and starts with it.
    spacing : Spacing
        Of the image.
    """

    _item = "vessel"

    kind: ClassVar[str] = "vessel set"

    def __init__(self, source: FileSource, footer: Footer) -> None:
        super().__init__(source, footer)
        self.vessel_type = self._read_type()
        self.num_vessels = len(self.names)
        self._records, end = self._lay_out(self._read_correlation_sizes())
        surplus = footer.payload_bytes - end
        if not 0 <= surplus <= self._line_bytes:
            raise IsxFileError(
                self.path,
                f"its {self.num_vessels:,} vessels should take {end:,} bytes, but it has "
                f"{footer.payload_bytes:,} bytes of data",
            )

    @property
    def image(self) -> npt.NDArray[np.float32]:
        """``(H, W)``: the projection that the vessels were drawn on, read anew.

        Zeros for a set without vessels, which stores none.
        """
        if not self.num_vessels:
            return np.zeros(self.spacing.num_pixels, "<f4")
        return self._read(0, self.spacing.num_pixels)

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
        points = np.empty((self._line_bytes // _POINT_BYTES, 2), "<i8")
        self._source.read_into(self._records[self._index(i)].line, points)
        return points

    def trace(self, i: SupportsIndex) -> npt.NDArray[np.float32]:
        """Read a vessel's diameters or velocities.

        Parameters
        ----------
        i : int
            Vessel; negative counts from the end.

        Returns
        -------
        numpy.ndarray
            ``(n_samples,)``, a new array. Invalid samples are as the file has them;
            ``timing.valid_mask`` tells which they are.
        """
        return self._read_trace(self._records[self._index(i)].trace)

    def center_trace(self, i: SupportsIndex) -> npt.NDArray[np.float32] | None:
        """Read where along its line a vessel's middle is, like :meth:`trace`.

        None where the file has no such traces: velocities, and old diameters.
        """
        at = self._records[self._index(i)].center_trace
        return None if at is None else self._read_trace(at)

    def direction_trace(self, i: SupportsIndex) -> npt.NDArray[np.float32] | None:
        """Read the direction of the velocities in degrees from the x axis, like :meth:`trace`.

        None where the file has no such traces: diameters, and old velocities.
        """
        at = self._records[self._index(i)].direction_trace
        return None if at is None else self._read_trace(at)

    @property
    def has_correlations(self) -> bool:
        """Whether the correlation maps behind the velocities are in the file."""
        return any(record.correlations is not None for record in self._records)

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
        record = self._records[self._index(i)]
        sample, count = operator.index(t), self.timing.num_samples
        if not -count <= sample < count:
            raise IndexError(f"sample {sample} of {self.path.name}, which has {count:,} samples")
        if record.correlations is None:
            return None
        shape = (LAGS, *record.map_shape)
        return self._read(record.correlations + sample % count * 4 * int(np.prod(shape)), shape)

    @property
    def _line_bytes(self) -> int:
        return _POINT_BYTES * (4 if self.vessel_type == "rbc velocity" else 2)

    def _read_type(self) -> VesselType:
        vessels = self._footer.fields.child("extraProperties").child("idps").child("vesselset")
        kind = vessels.values.get("type")
        if not isinstance(kind, str):
            vessels.fail("type", "a text")
        return "rbc velocity" if kind == VELOCITY_IN_FILE else "vessel diameter"

    def _read_correlation_sizes(self) -> list[tuple[int, int]] | None:
        """Height and width of each vessel's maps, or None without maps."""
        fields, key = self._footer.fields, "VesselCorrelationSizes"
        sizes = fields.values.get(key)
        # An empty list is that of a set whose maps were not saved.
        if sizes is None or sizes == [] or self.vessel_type != "rbc velocity":
            return None
        if not isinstance(sizes, list) or len(sizes) != self.num_vessels:
            fields.fail(key, f"a list of {self.num_vessels} sizes")
        rows = [
            Fields(self.path, {"size": size}, f"{key}.").integers("size", 0, MAX_PIXELS)
            for size in sizes
        ]
        if any(len(row) != 2 for row in rows):
            fields.fail(key, "a list of [width, height]")
        return [(height, width) for width, height in rows]

    def _lay_out(self, map_shapes: list[tuple[int, int]] | None) -> tuple[list[_Record], int]:
        """Where each vessel's parts are, and where the last one ends."""
        fields = self._footer.fields
        velocity = self.vessel_type == "rbc velocity"
        has_center = not velocity and fields.boolean("VesselCenterSaved", default=False)
        has_direction = velocity and fields.boolean("VesselDirectionSaved", default=False)
        trace_bytes = 4 * self.timing.num_samples
        rows, cols = self.spacing.num_pixels
        at = 4 * rows * cols if self.num_vessels else 0
        records = []
        for height, width in map_shapes or [(0, 0)] * self.num_vessels:
            line, trace = at, at + self._line_bytes
            at = trace + trace_bytes
            center = at if has_center else None
            direction = at if has_direction else None
            at += trace_bytes * (has_center or has_direction)
            correlations = None if map_shapes is None else at
            at += LAGS * height * width * trace_bytes
            records.append(_Record(line, trace, center, direction, correlations, (height, width)))
        return records, at

    def _read_trace(self, at: int) -> npt.NDArray[np.float32]:
        return self._read(at, (self.timing.num_samples,))

    def _read(self, at: int, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        target = np.empty(shape, "<f4")
        self._source.read_into(at, target)
        return target

    def _summary(self) -> str:
        samples, rate = self.timing.num_samples, self.timing.sampling_rate_hz
        return f"{self.num_vessels} of {self.vessel_type}, {samples:,} samples at {rate:.4g} Hz"


class _Record(NamedTuple):
    """The byte offsets of one vessel's parts; None where the file does not have them."""

    line: int
    trace: int
    center_trace: int | None
    direction_trace: int | None
    correlations: int | None
    map_shape: tuple[int, int]
