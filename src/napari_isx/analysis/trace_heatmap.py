"""All cells of a set at a glance: cells x time, brighter where a trace is higher."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.contrast import contrast_limits
from napari_isx.io.cells.cell_set import CellSet

Norm: TypeAlias = Literal["z", "max"]
Order: TypeAlias = npt.NDArray[np.int64]

UNITS: Final[dict[Norm, str]] = {"z": "SD from the mean", "max": "part of the maximum"}
NUM_COLUMNS: Final = 2_000
_PARTIAL_EVERY_S: Final = 0.1
# SciPy lets no other thread run while it makes a tree, 30 ms for so many rows, and while it turns
# the branches, 15 ms for so many: a window would stand still. So both are done in portions.
_MAX_TREE: Final = 800
_MAX_TURNED: Final = 200
_PERCENTILES: Final = (5, 99.5)
_POWER_STEPS: Final = 10
_ROUNDING: Final = 1e-5  # what is left, of 1, of a trace that does not vary


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Traces reduced to columns of time, as far as they were read.

    Attributes
    ----------
    values : numpy.ndarray
        ``(num_cells, num_columns)`` in the units of the traces; NaN where no sample of a column is
        valid, and in the rows of cells that were not read yet.
    mean, sd, peak : numpy.ndarray
        ``(num_cells,)`` of each whole trace; NaN of a cell without a valid sample.
    start_s, column_s : float
        Where the first column starts and how long each lasts, in seconds of the cell set's own.
    num_done : int
        How many cells were read.
    """

    values: npt.NDArray[np.float32]
    mean: npt.NDArray[np.float64]
    sd: npt.NDArray[np.float64]
    peak: npt.NDArray[np.float64]
    start_s: float
    column_s: float
    num_done: int

    @property
    def is_complete(self) -> bool:
        """Whether all cells were read."""
        return self.num_done == len(self.values)

    @property
    def stop_s(self) -> float:
        """Where the last column ends."""
        num_columns: int = self.values.shape[1]
        return self.start_s + self.column_s * num_columns

    def normalized(self, norm: Norm) -> npt.NDArray[np.float32]:
        """Make cells comparable: ``(num_cells, num_columns)``, NaN as in `values`.

        "z": in standard deviations from the mean of the cell's whole trace; 0 where it does not
        vary. "max": as parts of its highest value, where that is above 0.
        """
        if norm == "z":
            offset, scale = self.mean, self.sd
        else:
            offset, scale = np.zeros(len(self.peak)), self.peak
        scale = np.where(scale > 0, scale, 1.0)
        scaled = (self.values - offset[:, None].astype(np.float32)) / scale[:, None]
        result: npt.NDArray[np.float32] = scaled.astype(np.float32)
        return result


def heat_map(
    cells: CellSet,
    num_columns: int = NUM_COLUMNS,
    *,
    start_s: float | None = None,
    stop_s: float | None = None,
) -> Iterator[HeatMap]:
    """Reduce all traces of a cell set, or a part of their time, to at most so many columns.

    A column is a whole number of samples, and shows the highest. Yields what there is so far, about
    ten times a second, and at last all of it. These share their arrays, so another thread should
    be handed the :func:`shade` of each.

    Raises IsxFileError: a trace could not be read.
    """
    timing = cells.timing
    first = 0 if start_s is None else timing.sample_at(start_s)
    last = timing.num_samples if stop_s is None else timing.sample_at(stop_s) + 1
    last = max(last, min(first + 1, timing.num_samples))
    size = max(-(-(last - first) // max(num_columns, 1)), 1)
    edges = np.arange(first, last, size)
    values = np.full((cells.num_cells, len(edges)), np.nan, np.float32)
    mean, sd, peak = np.full((3, cells.num_cells), np.nan)
    start, column = first * timing.period_s, size * timing.period_s

    last_s = time.monotonic()
    for i in range(cells.num_cells):
        if time.monotonic() - last_s >= _PARTIAL_EVERY_S:
            yield HeatMap(values, mean, sd, peak, start, column, i)
            last_s = time.monotonic()
        trace = cells.trace(i)
        trace[~np.isfinite(trace)] = np.nan
        if timing.num_valid < len(trace):
            trace[~timing.valid_mask] = np.nan
        valid = trace[~np.isnan(trace)]
        if len(valid):
            mean[i], sd[i], peak[i] = valid.mean(dtype=np.float64), valid.std(), valid.max()
            values[i] = np.fmax.reduceat(trace[:last], edges)
    yield HeatMap(values, mean, sd, peak, start, column, cells.num_cells)


@dataclass(frozen=True, eq=False)
class Shades:
    """A heat map as it is drawn.

    Attributes
    ----------
    values : numpy.ndarray
        ``(num_cells, num_columns)``, comparable between cells; NaN in gaps.
    shades : numpy.ndarray
        ``(num_cells, num_columns)`` uint8: 1 for `low` and below to 255 for `high` and above; 0
        in gaps.
    start_s, stop_s : float
        Where the first column starts and the last one ends.
    """

    values: npt.NDArray[np.float32]
    shades: npt.NDArray[np.uint8]
    start_s: float
    stop_s: float
    low: float
    high: float
    units: str


def shade(
    heat: HeatMap,
    norm: Norm = "z",
    *,
    span_s: tuple[float, float] | None = None,
    limits: tuple[float, float] | None = None,
) -> Shades:
    """Turn a heat map into what is drawn.

    `span_s` is where it starts and stops by another clock than the cell set's own. `limits` are the
    ends of the color bar, by default such that few values lie beyond; a part of the time should
    have those of the whole.
    """
    values = heat.normalized(norm)
    whole = (0.0, 1.0) if norm == "max" else None
    low, high = limits or whole or contrast_limits([values], _PERCENTILES)
    with np.errstate(invalid="ignore"):  # gaps
        levels = np.clip((values - low) * np.float32(254 / (high - low)) + 1.5, 1, 255)
    shades = np.where(np.isnan(values), 0, levels).astype(np.uint8)
    start_s, stop_s = span_s or (heat.start_s, heat.stop_s)
    return Shades(values, shades, start_s, stop_s, low, high, UNITS[norm])


def order_by(values: npt.NDArray[Any], *, descending: bool = False) -> Order:
    """The order of cells by a column; NaN is last, and cells with the same keep their order."""
    keys = np.asarray(values, np.float64)
    order: Order = np.argsort(-keys if descending else keys, kind="stable").astype(np.int64)
    return order


def order_by_clustering(values: npt.NDArray[np.float32]) -> Order:
    """The order of cells ``(n, num_columns)`` in which those with similar traces are neighbors.

    The leaves of a tree of average linkage over the correlation of the reduced traces, with
    branches turned so that neighbors are as alike as it allows. Of more than 200 cells the tree
    is cut into groups, the groups are ordered so, and the cells within each. Gaps count as the
    row's mean; cells that do not vary, and have no correlation, come last in their order.
    """
    known = np.isfinite(values)
    rows = np.where(known, values, 0).astype(np.float32)
    counts = np.maximum(known.sum(axis=1), 1)
    size = np.abs(rows).max(axis=1, initial=0)
    rows -= (rows.sum(axis=1, dtype=np.float64) / counts).astype(np.float32)[:, None]
    rows[~known] = 0
    lengths = np.linalg.norm(rows, axis=1)
    varies = lengths > _ROUNDING * np.sqrt(counts) * size
    varying, still = np.flatnonzero(varies), np.flatnonzero(~varies)
    leaves = _ordered(rows[varying] / lengths[varying, None])
    return np.concatenate([varying[leaves], still])


def shrink(image: npt.NDArray[np.uint8], max_rows: int, max_cols: int) -> npt.NDArray[np.uint8]:
    """Reduce an image to about the pixels that there are to show it, keeping what is brightest.

    Blocks are whole numbers of rows and columns, at most as many as fit; the last ones may be
    smaller.
    """
    rows = _shrink_rows(image, max_rows)
    return _shrink_rows(rows.T, max_cols).T


def _shrink_rows(image: npt.NDArray[np.uint8], most: int) -> npt.NDArray[np.uint8]:
    size = -(-len(image) // max(most, 1))
    if size < 2:
        return image
    # Whole slices at a time: ten times as fast as NumPy's reduceat.
    highest = image[::size].copy(order="K")
    for k in range(1, size):
        others = image[k::size]
        np.maximum(highest[: len(others)], others, out=highest[: len(others)])
    return highest


def _ordered(rows: npt.NDArray[np.float32]) -> Order:
    """The order of rows of length 1 in which neighbors are alike."""
    from scipy.cluster.hierarchy import (
        fcluster,
        leaves_list,
        linkage,
        optimal_leaf_ordering,
    )

    count = len(rows)
    if count < 3:
        return np.arange(count)
    if count > _MAX_TREE:
        # Portions of rows that are roughly alike: in the order of what most of them vary by.
        rough = np.argsort(_main_component(rows), kind="stable")
        portions = np.array_split(rough, -(-count // _MAX_TREE))
    else:
        portions = [np.arange(count)]
    groups: list[Order] = []
    for portion in portions:
        distances = _distances(rows[portion])
        tree = linkage(distances, "average")
        if count <= _MAX_TURNED:
            return np.asarray(leaves_list(optimal_leaf_ordering(tree, distances)), np.int64)
        labels = fcluster(tree, _MAX_TURNED // len(portions), "maxclust")
        if labels.max() == 1 and len(portions) == 1:  # all the same
            return np.asarray(leaves_list(tree), np.int64)
        groups += [portion[labels == label] for label in np.unique(labels)]
    means = np.array([rows[group].mean(axis=0) for group in groups])
    means /= np.maximum(np.linalg.norm(means, axis=1), _ROUNDING)[:, None]
    return np.concatenate([groups[g][_ordered(rows[groups[g]])] for g in _ordered(means)])


def _main_component(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """``(n,)``: about the rows' first principal component, by a few steps of power iteration."""
    centered = rows - rows.mean(axis=0)
    scores: npt.NDArray[np.float32] = centered[:, 0] + np.float32(1)
    for _ in range(_POWER_STEPS):
        scores = centered @ (centered.T @ scores)
        scores /= max(float(np.linalg.norm(scores)), _ROUNDING)
    return scores


def _distances(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """``(n (n - 1) / 2,)``: 1 minus the correlation of each pair, for rows of mean 0, length 1."""
    above = np.triu_indices(len(rows), 1)
    distances: npt.NDArray[np.float64] = (1 - rows @ rows.T)[above].astype(np.float64)
    return np.maximum(distances, 0, out=distances)
