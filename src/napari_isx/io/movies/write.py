"""Writing `.isxd` files that `isx`, Inscopix' own software and this package read back equal.

Every writer fills a file beside the target and renames it when it is complete, so a
target is either the old file or the whole new one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.labelled_set import CellStatus, checked_names, curated_lists
from napari_isx.io.base.signal import Signal
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.cells.cell_set import METRIC_COLUMNS as CELL_METRIC_COLUMNS
from napari_isx.io.cells.cell_set import UNDEFINED
from napari_isx.io.events.event_set import METRIC_COLUMNS, PACKET, sample_count
from napari_isx.io.format.atomic_write import new_file
from napari_isx.io.format.container import LENGTH_BYTES, IsxKind
from napari_isx.io.format.json_fields import Rational
from napari_isx.io.movies.isxd import LINES_BYTES, PIXEL_TYPES, RGB_CODE, TSC_WORD, gives_timestamps

if TYPE_CHECKING:
    import pandas as pd

_SIGNATURE: Final = 0x0A0
_FRAME_COUNTER_WORD: Final = 1258
_OLDEST_WITH_TIMESTAMPS: Final = "1.1.1"
_INT64_MAX: Final = 2**63 - 1


def write_movie(
    path: str | os.PathLike[str],
    frames: Iterable[npt.ArrayLike],
    *,
    timing: Timing | None = None,
    spacing: Spacing | None = None,
    timestamps_us: npt.ArrayLike | None = None,
    extra_properties: Mapping[str, Any] | None = None,
) -> None:
    """Write a movie frame by frame; only one frame is held in memory.

    Parameters
    ----------
    path : str or path-like
        Target; replaced if it exists.
    frames : iterable of array-like
        One ``(H, W)`` frame of uint16, float32 or uint8, or ``(H, W, 3)`` of uint8, for *every*
        sample, as a :class:`Movie` gives them. Those of invalid samples are not stored.
    timing : Timing, optional
        Default: as many samples as there are frames, 50 ms apart.
    spacing : Spacing, optional
        Default: 3 um pixels at the origin.
    timestamps_us : array-like, optional
        ``(T,)`` hardware counter of each sample in microseconds. Makes the file one with sensor
        lines around each frame, as raw recordings are.
    extra_properties : mapping, optional
        Acquisition session, as JSON values.

    Raises
    ------
    ValueError
        No frames, frames of different or unsupported shape or type, or a number of frames,
        timestamps or pixels that does not fit `timing` or `spacing`.
    OSError
        The target cannot be written; what was there is unchanged.
    """
    counters = None if timestamps_us is None else whole_microseconds("timestamps", timestamps_us)
    if counters is not None and counters.ndim != 1:
        raise ValueError(f"timestamps must have one axis, not {counters.ndim}")
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise ValueError("a movie needs at least one frame")
    first = np.asarray(first)
    code = _pixel_code(first)
    spacing = spacing or Spacing(first.shape[:2])
    check_shape("frames", first.shape[:2], spacing)
    extra = _plain(extra_properties)
    if counters is not None:
        extra = _with_timestamp_version(extra or {})
    with new_file(path) as handle:
        count = 0
        limits = [timing.num_samples] if timing is not None else []
        limits += [counters.size] if counters is not None else []
        for sample, frame in enumerate(_chain(first, iterator)):
            if frame.shape != first.shape or frame.dtype != first.dtype:
                raise ValueError(
                    f"frame {sample} is {frame.shape} {frame.dtype}, "
                    f"the first is {first.shape} {first.dtype}"
                )
            count += 1
            if any(count > most for most in limits):
                raise ValueError(f"more frames than the {min(limits)} samples or timestamps")
            if timing is not None and timing.stored_index(sample) is None:
                continue
            before, after = _sensor_lines(counters, sample)
            handle.write(before)
            handle.write(np.ascontiguousarray(frame, PIXEL_TYPES[code]).data)
            handle.write(after)
        timing = timing or Timing(count)
        if count != timing.num_samples or (counters is not None and counters.shape != (count,)):
            raise ValueError(
                f"{count} frames for {timing.num_samples} samples"
                + (f" and {counters.size} timestamps" if counters is not None else "")
            )
        kind = IsxKind.MOVIE if count > 1 else IsxKind.IMAGE
        footer = _frames_footer(kind, code, timing, spacing, extra)
        write_footer(handle, {**footer, "hasFrameHeaderFooter": counters is not None})


def write_image(
    path: str | os.PathLike[str],
    data: npt.ArrayLike,
    *,
    spacing: Spacing | None = None,
    extra_properties: Mapping[str, Any] | None = None,
) -> None:
    """Write a single picture.

    Parameters and errors are those of :func:`write_movie`, with `data` for its one frame.
    """
    write_movie(path, [data], spacing=spacing, extra_properties=extra_properties)


def write_cell_set(
    path: str | os.PathLike[str],
    footprints: Iterable[npt.ArrayLike],
    traces: Iterable[npt.ArrayLike],
    *,
    names: Sequence[str] | None = None,
    statuses: Sequence[CellStatus] | None = None,
    colors: npt.ArrayLike | None = None,
    metrics: pd.DataFrame | None = None,
    timing: Timing | None = None,
    spacing: Spacing | None = None,
    extra_properties: Mapping[str, Any] | None = None,
) -> None:
    """Write a cell set cell by cell; only one cell is held in memory.

    Parameters
    ----------
    path : str or path-like
        Target; replaced if it exists.
    footprints, traces : iterable of array-like
        One ``(n_rows, n_cols)`` footprint and one ``(n_samples,)`` trace per cell. For a set
        without cells both are empty, and `timing` and `spacing` must be given.
    names : sequence of str, optional
        Default: C0, C1 and so on, with as many digits as the last one has.
    statuses : sequence of {"accepted", "undecided", "rejected"}, optional
        Default: all undecided.
    colors : array-like, optional
        ``(num_cells, 4)`` uint8 red, green, blue, alpha. Default: white.
    metrics : pandas.DataFrame, optional
        Columns as in :attr:`CellSet.metrics`. NaN where undefined: centers, or a whole row.
    timing, spacing : optional
        Default: 50 ms samples, 3 um pixels at the origin.
    extra_properties : mapping, optional
        Acquisition session and processing (``{"idps": {"cellset": {"units": ...}}}``), as JSON.

    Raises
    ------
    ValueError
        Numbers of cells, samples or pixels that do not fit each other.
    OSError
        The target cannot be written; what was there is unchanged.
    """
    with new_file(path) as handle:
        count = 0
        for footprint, trace in zip(footprints, traces, strict=True):
            image = np.ascontiguousarray(footprint, "<f4")
            samples = np.ascontiguousarray(trace, "<f4")
            if image.ndim != 2 or samples.ndim != 1:
                raise ValueError(
                    f"cell {count}: a footprint has 2 axes and a trace 1, "
                    f"not {image.ndim} and {samples.ndim}"
                )
            timing = timing or Timing(len(samples))
            spacing = spacing or Spacing(image.shape)
            check_shape("footprints", image.shape, spacing)
            if len(samples) != timing.num_samples:
                raise ValueError(f"cell {count}: {len(samples)} of {timing.num_samples} samples")
            handle.write(image.data)
            handle.write(samples.data)
            count += 1
        if timing is None or spacing is None:
            raise ValueError("a cell set without cells needs timing and spacing")
        lists = curated_lists("cell", names, statuses, colors, count)
        if metrics is not None:
            entries = [_cell_metrics_entry(row) for row in _rows(metrics)]
            if len(entries) != count:
                raise ValueError(f"cellMetrics: {len(entries)} values for {count} cells")
            lists["cellMetrics"] = entries
        footer = {
            "type": int(IsxKind.CELL_SET),
            "fileVersion": 5,
            "dataType": "float",
            "isRoiSet": False,
            "SizeGlobalCS": 0,
            "Matches": [],
            "PairScores": [],
            "CentroidDistances": [],
            "cellMetrics": None,
            "efocusValues": [0],
            "timingInfo": timing.to_json(),
            "spacingInfo": spacing.to_json(),
            "extraProperties": _plain(extra_properties),
        }
        write_footer(handle, footer | lists)


def write_event_set(
    path: str | os.PathLike[str],
    events: Mapping[str, Signal | tuple[npt.ArrayLike, npt.ArrayLike]],
    *,
    timing: Timing,
    metrics: pd.DataFrame | None = None,
    extra_properties: Mapping[str, Any] | None = None,
) -> None:
    """Write an event set.

    Parameters
    ----------
    path : str or path-like
        Target; replaced if it exists.
    events : mapping of str to Signal or (offsets_us, values)
        The events of each cell by its name.
    timing : Timing
        Of the traces the events come from. Its missing samples cannot be stored.
    metrics : pandas.DataFrame, optional
        Columns as in :attr:`EventSet.metrics`.
    extra_properties : mapping, optional
        Acquisition session, as JSON values.

    Raises
    ------
    ValueError
        Offsets and values, or metrics and cells, differ in number.
    OSError
        The target cannot be written; what was there is unchanged.
    """
    starts, counts = [], []
    with new_file(path) as handle:
        for channel, (name, signal) in enumerate(events.items()):
            parts = (signal.offsets_us, signal.values) if isinstance(signal, Signal) else signal
            offsets, values = whole_microseconds(name, parts[0]), np.asarray(parts[1], np.float32)
            if offsets.shape != values.shape or offsets.ndim != 1:
                raise ValueError(f"{name}: {offsets.shape} offsets and {values.shape} values")
            packets = np.empty(len(offsets), PACKET)
            packets["offset_us"], packets["channel"], packets["value"] = offsets, channel, values
            handle.write(packets.tobytes())
            starts.append(int(offsets[0]) if len(offsets) else 0)
            counts.append(len(offsets))
        entries = None
        if metrics is not None:
            ordered = metrics[list(METRIC_COLUMNS)]
            entries = [[_number(value) for value in row] for row in ordered.to_numpy()]
            if len(entries) != len(counts):
                raise ValueError(f"metrics of {len(entries)} cells, events of {len(counts)}")
        footer = {
            "type": int(IsxKind.EVENT_SET),
            "fileType": 1,
            "fileVersion": 2,
            "channel list": checked_names(events),
            "signalTypes": [0] * len(counts),
            "signalSteps": [timing.period._asdict()] * len(counts),
            "startOffsets": starts,
            "numSamples": counts,
            "metrics": entries,
            "global times": [
                {"secsSinceEpoch": time._asdict(), "utcOffset": timing.utc_offset_s}
                for time in (timing.stated_start_s, _end(timing))
            ],
            "extraProperties": _plain(extra_properties),
        }
        write_footer(handle, footer)


def write_footer(handle: BinaryIO, footer: Mapping[str, Any]) -> None:
    """End a file with its JSON footer, naming this package as the producer."""
    from napari_isx import __version__

    numbers = [int(part) for part in __version__.split(".")[:3] if part.isdigit()]
    values = {**footer, "producer": {"name": "napari-isx", "version": numbers}}
    # Other readers refuse NaN and Infinity, which JSON does not have. Without spaces, because
    # `isx` writes its own footer over this one when it saves statuses, and does not shorten the
    # file: if that one were shorter, nobody could open the file again.
    text = json.dumps(values, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()
    handle.write(text + b"\0" + len(text).to_bytes(LENGTH_BYTES, "little"))


def _frames_footer(
    kind: IsxKind, code: int, timing: Timing, spacing: Spacing, extra: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        "type": int(kind),
        "fileVersion": 1,
        "dataType": code,
        "timingInfo": timing.to_json(),
        "spacingInfo": spacing.to_json(),
        "extraProperties": extra,
    }


def _plain(extra: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if extra is None else dict(extra)


def _with_timestamp_version(extra: dict[str, Any]) -> dict[str, Any]:
    """The session, with a recording software that is known to give timestamps."""
    producer = extra.get("producer")
    producer = producer if isinstance(producer, Mapping) else {}
    if gives_timestamps(producer.get("version")):
        return extra
    return {**extra, "producer": {**producer, "version": _OLDEST_WITH_TIMESTAMPS}}


def whole_microseconds(what: str, values: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    """Whole numbers as the files have them; NumPy would cut or wrap what is none."""
    given = np.asarray(values)
    try:
        with np.errstate(invalid="ignore"):
            whole = given.astype(np.uint64)
        if np.array_equal(whole, given) and not np.any(given < 0):
            return whole
    except (TypeError, OverflowError):
        pass
    raise ValueError(f"{what}: microseconds must be whole numbers from 0")


def _chain(first: npt.NDArray[Any], rest: Iterator[npt.ArrayLike]) -> Iterator[npt.NDArray[Any]]:
    yield first
    for frame in rest:
        yield np.asarray(frame)


def _pixel_code(frame: npt.NDArray[Any]) -> int:
    if frame.ndim == 3 and frame.shape[2] == 3 and frame.dtype == np.uint8:
        return RGB_CODE
    codes = {dtype: code for code, dtype in PIXEL_TYPES.items() if code != RGB_CODE}
    if frame.ndim != 2 or frame.dtype not in codes:
        raise ValueError(
            f"frames must be (H, W) of uint16, float32 or uint8, or (H, W, 3) of uint8, "
            f"not {frame.shape} of {frame.dtype}"
        )
    return codes[frame.dtype]


def check_shape(what: str, shape: tuple[int, ...], spacing: Spacing) -> None:
    """Raise ValueError for pixels that are not those of the spacing."""
    if 0 in shape:
        raise ValueError(f"{what} of {shape} pixels have none")
    if shape != spacing.num_pixels:
        raise ValueError(f"{what} of {shape} pixels, but spacing of {spacing.num_pixels}")


def _sensor_lines(counters: npt.NDArray[np.uint64] | None, sample: int) -> tuple[bytes, bytes]:
    """The lines before and after a frame: a byte in each word, above 4 unused bits."""
    if counters is None:
        return b"", b""
    words = np.zeros(LINES_BYTES // 2, "<u2")
    words[0] = _SIGNATURE
    for at, size, value in (
        (_FRAME_COUNTER_WORD, 4, sample),
        (TSC_WORD, 8, int(counters[sample])),
    ):
        words[at : at + size] = np.frombuffer(value.to_bytes(size, "little"), np.uint8)
        words[at : at + size] <<= 4
    return words.tobytes(), bytes(LINES_BYTES)


def _rows(metrics: pd.DataFrame) -> Iterable[npt.NDArray[np.float64]]:
    return metrics[list(CELL_METRIC_COLUMNS)].to_numpy(np.float64)


def _cell_metrics_entry(row: npt.NDArray[np.float64]) -> list[Any] | dict[str, Any]:
    """One cell's metrics; `isx` knows an undefined center, but no undefined length."""
    if np.isnan(row).all():
        return {}
    if np.isinf(row).any() or np.isnan(row[5:]).any():
        raise ValueError("metrics must be finite; areas and widths are undefined only as a whole")
    components, *centers = (UNDEFINED if np.isnan(value) else _exact(value) for value in row[:5])
    x, y, largest_x, largest_y = centers
    return [components, {"x": x, "y": y}, {"x": largest_x, "y": largest_y}, *row[5:].tolist()]


def _exact(value: float) -> float:
    return int(value) if value.is_integer() else float(value)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _end(timing: Timing) -> Rational:
    """The end of a recording, such that readers get its number of samples from start and end."""
    start, period = Fraction(*timing.stated_start_s), Fraction(*timing.period)
    middle = start + (timing.num_samples - Fraction(1, 2)) * period
    microseconds = Fraction(round(middle * 1_000_000), 1_000_000)
    for end in (start + timing.num_samples * period, middle, microseconds):
        time = Rational(*end.as_integer_ratio())
        if max(abs(time.num), time.den) <= _INT64_MAX and (
            sample_count(timing.stated_start_s, time, timing.period) == timing.num_samples
        ):
            return time
    raise ValueError(f"an end cannot be stated for {timing!r}")
