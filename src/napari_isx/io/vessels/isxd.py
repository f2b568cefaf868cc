"""Vessel sets in `.isxd` files.

The payload is the projection image once, then one record for each vessel:

========================  =====================================================  ==============
part                      content                                                bytes
========================  =====================================================  ==============
image                     float32, row by row; absent where there are no vessels 4 R C
*of each vessel:* line    int64 x, y of 2 ends, or of 4 corners for velocity     32 or 64
trace                     float32: the diameter, or the velocity                 4 T
center trace              float32; diameter, if ``VesselCenterSaved``            4 T
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
from typing import Final, NamedTuple, SupportsIndex

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.recording import IsxdRecording
from napari_isx.io.base.spacing import MAX_PIXELS, Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.format.container import Footer
from napari_isx.io.format.json_fields import Fields
from napari_isx.io.format.source import FileSource
from napari_isx.io.vessels.vessel_set import LAGS, VesselSet, VesselType

VELOCITY_IN_FILE: Final = "red blood cell velocity"
"""What a file calls a set of velocities; any other name means diameters."""

_POINT_BYTES: Final = 16


class IsxdVesselSet(IsxdRecording, VesselSet):
    """A vessel set in a `.isxd` file; see :class:`VesselSet`."""

    def __init__(self, source: FileSource, footer: Footer) -> None:
        super().__init__(source, footer)
        fields = footer.fields
        self.spacing = Spacing.from_fields(fields.child("spacingInfo"))
        self.timing = Timing.from_fields(fields.child("timingInfo"))
        self._read_labels(fields)
        self.vessel_type = self._read_type()
        self._records, end = self._lay_out(self._read_correlation_sizes())
        surplus = footer.payload_bytes - end
        if not 0 <= surplus <= self._line_bytes:
            self._source.fail(
                f"its {self.num_vessels:,} vessels should take {end:,} bytes, but it has "
                f"{footer.payload_bytes:,} bytes of data"
            )

    @property
    def image(self) -> npt.NDArray[np.float32]:
        if not self.num_vessels:
            return np.zeros(self.spacing.num_pixels, "<f4")
        return self._read(0, self.spacing.num_pixels)

    def line(self, i: SupportsIndex) -> npt.NDArray[np.int64]:
        points = np.empty((self._line_bytes // _POINT_BYTES, 2), "<i8")
        self._source.read_into(self._records[self._index(i)].line, points)
        return points

    def trace(self, i: SupportsIndex) -> npt.NDArray[np.float32]:
        return self._read(self._records[self._index(i)].trace, (self.timing.num_samples,))

    def center_trace(self, i: SupportsIndex) -> npt.NDArray[np.float32] | None:
        at = self._records[self._index(i)].center_trace
        return None if at is None else self._read(at, (self.timing.num_samples,))

    def direction_trace(self, i: SupportsIndex) -> npt.NDArray[np.float32] | None:
        at = self._records[self._index(i)].direction_trace
        return None if at is None else self._read(at, (self.timing.num_samples,))

    @property
    def has_correlations(self) -> bool:
        return any(record.correlations is not None for record in self._records)

    def correlations(self, i: SupportsIndex, t: SupportsIndex) -> npt.NDArray[np.float32] | None:
        record = self._records[self._index(i)]
        sample, count = operator.index(t), self.timing.num_samples
        if not -count <= sample < count:
            raise IndexError(f"sample {sample} of {self.name}, which has {count:,} samples")
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

    def _read(self, at: int, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        target = np.empty(shape, "<f4")
        self._source.read_into(at, target)
        return target


class _Record(NamedTuple):
    """The byte offsets of one vessel's parts; None where the file does not have them."""

    line: int
    trace: int
    center_trace: int | None
    direction_trace: int | None
    correlations: int | None
    map_shape: tuple[int, int]
