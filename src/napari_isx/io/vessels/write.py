"""Writing vessel sets (`.isxd`) that `isx` and this package read back equal."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.labelled_set import CellStatus, footer_lists
from napari_isx.io.base.spacing import Spacing, check_shape
from napari_isx.io.base.timing import Timing
from napari_isx.io.format.atomic_write import new_file
from napari_isx.io.format.container import IsxKind, write_footer
from napari_isx.io.vessels.isxd import VELOCITY_IN_FILE
from napari_isx.io.vessels.vessel_set import LAGS, VesselType

_POINTS: Final[dict[str, int]] = {"vessel diameter": 2, "rbc velocity": 4}
_OPTIONAL: Final[dict[str, set[str]]] = {
    "vessel diameter": {"center trace"},
    "rbc velocity": {"direction trace", "correlations"},
}
_SAVED: Final = {
    "center trace": "VesselCenterSaved",
    "direction trace": "VesselDirectionSaved",
}


def write_vessel_set(
    path: str | os.PathLike[str],
    vessel_type: VesselType,
    image: npt.ArrayLike,
    lines: Sequence[npt.ArrayLike],
    traces: Sequence[npt.ArrayLike],
    *,
    center_traces: Sequence[npt.ArrayLike] | None = None,
    direction_traces: Sequence[npt.ArrayLike] | None = None,
    correlations: Sequence[npt.ArrayLike] | None = None,
    names: Sequence[str] | None = None,
    statuses: Sequence[CellStatus] | None = None,
    colors: npt.ArrayLike | None = None,
    timing: Timing | None = None,
    spacing: Spacing | None = None,
    extra_properties: Mapping[str, Any] | None = None,
) -> None:
    """Write a vessel set.

    Parameters
    ----------
    path : str or path-like
        Target; replaced if it exists.
    vessel_type : {"vessel diameter", "rbc velocity"}
    image : array-like
        ``(H, W)``: the projection that the vessels were drawn on. A set without vessels does
        not store it.
    lines : sequence of array-like
        Of each vessel x and y of its line's ends, ``(2, 2)``, or for velocities of its box's
        corners, ``(4, 2)``; whole pixels.
    traces : sequence of array-like
        Of each vessel ``(n_samples,)`` diameters or velocities.
    center_traces : sequence of array-like, optional
        Of each vessel ``(n_samples,)`` positions of its middle; for diameters only.
    direction_traces : sequence of array-like, optional
        Of each vessel ``(n_samples,)`` degrees; for velocities only.
    correlations : sequence of array-like, optional
        Of each vessel ``(n_samples, 3, h, w)``; for velocities only, and with directions, since
        `isx` reads maps without directions from the wrong place.
    names : sequence of str, optional
        Default: V0, V1 and so on, with as many digits as the last one has.
    statuses : sequence of {"accepted", "undecided", "rejected"}, optional
        Default: all undecided.
    colors : array-like, optional
        ``(num_vessels, 4)`` uint8 red, green, blue, alpha. Default: white.
    timing, spacing : optional
        Default: 50 ms samples, 3 um pixels at the origin.
    extra_properties : mapping, optional
        Acquisition session and processing, as JSON values. The kind of set is added as
        ``idps.vesselset.type``.

    Raises
    ------
    ValueError
        Numbers of vessels, samples, points or pixels that do not fit each other, or data that
        the kind of set does not have.
    OSError
        The target cannot be written; what was there is unchanged.
    """
    if vessel_type not in _POINTS:
        raise ValueError(f"unknown kind of vessels {vessel_type!r}; known are {list(_POINTS)}")
    optional = {
        "center trace": center_traces,
        "direction trace": direction_traces,
        "correlations": correlations,
    }
    given = {what: values for what, values in optional.items() if values is not None}
    if wrong := sorted(given.keys() - _OPTIONAL[vessel_type]):
        raise ValueError(f"a set of {vessel_type} has no {wrong[0]}")
    if "correlations" in given and "direction trace" not in given:
        raise ValueError("correlations need direction traces")

    count = len(lines)
    pixels = np.ascontiguousarray(image, "<f4")
    spacing = spacing or Spacing(pixels.shape[:2])
    check_shape("an image", pixels.shape, spacing)
    if timing is None:
        if not len(traces):
            raise ValueError("a vessel set without vessels needs timing")
        timing = Timing(np.size(traces[0]))
    samples = (timing.num_samples,)
    parts = {
        "line": _blocks("line", lines, count, "<i8", (_POINTS[vessel_type], 2)),
        "trace": _blocks("trace", traces, count, "<f4", samples),
    }
    for what, values in given.items():
        shape = (*samples, LAGS, None, None) if what == "correlations" else samples
        parts[what] = _blocks(what, values, count, "<f4", shape)
    lists = footer_lists("vessel", names, statuses, colors, count)
    footer = {
        "type": int(IsxKind.VESSEL_SET),
        "fileVersion": 5,
        "dataType": "float",
        "SizeGlobalVS": 0,
        "efocusValues": [0],
        "timingInfo": timing.to_json(),
        "spacingInfo": spacing.to_json(),
        "extraProperties": _with_type(extra_properties or {}, vessel_type),
    }
    footer |= {key: True for what, key in _SAVED.items() if what in parts}
    if "correlations" in parts:
        footer["VesselCorrelationSizes"] = [[m.shape[3], m.shape[2]] for m in parts["correlations"]]
    with new_file(path) as handle:
        if count:
            handle.write(pixels.data)
            handle.writelines(
                block for vessel in zip(*parts.values(), strict=True) for block in vessel
            )
            handle.write(bytes(16 * _POINTS[vessel_type]))
        write_footer(handle, footer | lists)


def _blocks(
    what: str,
    values: Sequence[npt.ArrayLike],
    count: int,
    dtype: str,
    shape: tuple[int | None, ...],
) -> list[npt.NDArray[Any]]:
    """One array for each vessel, checked against a shape in which None is any length."""
    if len(values) != count:
        raise ValueError(f"{len(values)} of {what} for {count} vessels")
    with np.errstate(invalid="ignore"):
        blocks = [np.ascontiguousarray(value, dtype) for value in values]
    for vessel, block in enumerate(blocks):
        if dtype == "<i8" and not np.array_equal(block, values[vessel]):
            raise ValueError(f"vessel {vessel}: a {what} is from pixel to pixel, without fractions")
        same = all(want in (None, have) for want, have in zip(shape, block.shape, strict=False))
        if block.ndim != len(shape) or not same:
            raise ValueError(f"vessel {vessel}: {what} of shape {block.shape}, not {shape}")
    return blocks


def _with_type(extra: Mapping[str, Any], vessel_type: VesselType) -> dict[str, Any]:
    kind = VELOCITY_IN_FILE if vessel_type == "rbc velocity" else vessel_type
    processing = extra.get("idps") or {}
    vessels = {**(processing.get("vesselset") or {}), "type": kind}
    return {**extra, "idps": {**processing, "vesselset": vessels}}
