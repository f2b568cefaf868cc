"""What cells do while something lasts: a stimulus, a stay in a zone, a hand-drawn time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.chosen_traces import CellIndices, choose_traces, z_scored
from napari_isx.analysis.circular_shifts import (
    Floats,
    Modulation,
    check_test,
    compare_with_shifted,
    false_discovery_rate,
    modulation,
)
from napari_isx.io.base.timing import Timing
from napari_isx.io.cells.cell_set import CellSet

_CELLS_PER_BLOCK = 32


@dataclass(frozen=True, eq=False)
class EpochActivity:
    """What cells do in epochs of each label.

    Attributes
    ----------
    labels : tuple of str
    duration_s : numpy.ndarray
        ``(n_labels,)``: time with samples.
    mean : numpy.ndarray
        ``(n_labels, n_cells)``: of the trace, in its own units.
    event_rate_hz : numpy.ndarray
        ``(n_labels, n_cells)``: events by time with samples; NaN where no events were given.
    effect : numpy.ndarray
        ``(n_labels, n_cells)``: mean in the label's epochs minus that outside of them (or in the
        baseline's), in standard deviations of the trace.
    z, p, q : numpy.ndarray
        ``(n_labels, n_cells)``: as in :class:`PeriEvent`; q over the cells of each label.
    modulation : tuple of tuple of {"up", "down", "none"}
        For each label, for each cell.
    cell_indices : numpy.ndarray
        ``(n_cells,)``: which cells of the set these are.
    """

    labels: tuple[str, ...]
    duration_s: Floats
    mean: Floats
    event_rate_hz: Floats
    effect: Floats
    z: Floats
    p: Floats
    q: Floats
    modulation: tuple[tuple[Modulation, ...], ...]
    cell_indices: npt.NDArray[np.int64]


def epoch_activity(
    cells: CellSet | npt.ArrayLike,
    epochs: Mapping[str, Sequence[tuple[float, float]]],
    *,
    timing: Timing | None = None,
    cell_indices: CellIndices = None,
    baseline: str | None = None,
    events_s: Sequence[npt.ArrayLike] | None = None,
    shuffles: int = 1000,
    seed: int = 0,
    alpha: float = 0.05,
    progress: Callable[[float], None] | None = None,
) -> EpochActivity:
    """Compare the activity of cells in epochs with that in the rest of the recording.

    Parameters
    ----------
    cells, timing, cell_indices, shuffles, seed, alpha, progress
        As in :func:`peri_event`.
    epochs : mapping of str to sequence of (float, float)
        From when to when, in seconds from the start of the traces; a sample belongs to an epoch
        that starts at or before it and ends after it. Those of one label may overlap.
    baseline : str, optional
        The label with which the others are compared; by default each with all samples that are not
        its own.
    events_s : sequence of array_like, optional
        For each cell of `cells` the times of its events, for the rates.

    Returns
    -------
    EpochActivity

    Raises
    ------
    ValueError
        An argument cannot be: times that are NaN or end before they start, a baseline that is no
        label, or what :func:`peri_event` refuses.

    Notes
    -----
    The epochs are shifted together around the recording's end, and the effect is compared with that
    after each shift.
    """
    check_test(shuffles, alpha)
    traces, timing, chosen = choose_traces(cells, timing, cell_indices)
    if baseline is not None and baseline not in epochs:
        raise ValueError(f"baseline is {baseline!r}, which is no label of epochs")
    if events_s is not None and len(events_s) != len(traces):
        raise ValueError(
            f"events_s has times for each of the {len(traces)} cells, not {len(events_s)}"
        )
    masks = np.array([_mask(label, spans, timing) for label, spans in epochs.items()], np.bool_)
    masks = masks.reshape(len(epochs), timing.num_samples)
    there = timing.valid_mask
    others = ~masks if baseline is None else masks[list(epochs).index(baseline)][None] & ~masks
    weights = np.stack([masks, others], axis=1)
    shifts = np.random.RandomState(seed).randint(0, max(timing.num_samples, 1), size=int(shuffles))
    found: list[list[Floats]] = []
    for at in range(0, len(chosen), _CELLS_PER_BLOCK):
        block = chosen[at : at + _CELLS_PER_BLOCK]
        values, is_there, mean, deviation = z_scored(traces, block, there)
        effects = _shifted_effects(values, is_there, weights, shifts)
        effects[..., np.isnan(deviation)] = np.nan
        tests = [compare_with_shifted(one[0], one[1:])[::3] for one in effects]
        inside = _means(values, is_there, masks)
        scale = np.where(np.isnan(deviation), 1.0, deviation)
        found.append([inside * scale + mean, effects[:, 0], *_stacked(tests, inside.shape)])
        if progress is not None:
            progress(min(at + _CELLS_PER_BLOCK, len(chosen)) / len(chosen))
    means, effect, z, below = (
        np.concatenate([part[i] for part in found], axis=1) if found else np.empty((len(epochs), 0))
        for i in range(4)
    )
    p = np.minimum(below, 1 - below)
    duration_s = (masks & there).sum(axis=1) * timing.period_s
    return EpochActivity(
        tuple(epochs), duration_s, means,
        _rates(events_s, chosen, masks & there, timing, duration_s),
        effect, z, p,
        np.array([false_discovery_rate(np.minimum(2 * row, 1)) for row in p]).reshape(p.shape),
        tuple(modulation(row, alpha) for row in below), chosen,
    )  # fmt: skip


def _mask(
    label: str, spans: Sequence[tuple[float, float]], timing: Timing
) -> npt.NDArray[np.bool_]:
    """Which samples lie in one of these times."""
    mask = np.zeros(timing.num_samples, np.bool_)
    for start_s, stop_s in spans:
        if not start_s <= stop_s:  # also where one is NaN
            raise ValueError(f"epochs has one of {label!r} from {start_s} to {stop_s} s")
        # What should be a sample's own time is not always, by the last digit.
        first, stop = (
            np.ceil(np.clip(at / timing.period_s - 1e-9, 0, len(mask))) for at in (start_s, stop_s)
        )
        mask[int(first) : int(stop)] = True
    return mask


def _means(values: Floats, is_there: npt.NDArray[np.bool_], masks: npt.NDArray[np.bool_]) -> Floats:
    """``(n_labels, n)``: mean of the samples that are there."""
    weights = masks.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.asarray((weights @ values) / (weights @ is_there.astype(np.float64)))


def _shifted_effects(
    values: Floats,
    is_there: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.bool_],
    shifts: npt.NDArray[np.int64],
) -> Floats:
    """``(n_labels, 1 + shuffles, n)``: inside minus outside, unshifted first.

    All shifts at once are a circular correlation.
    """
    from scipy import fft

    num_samples = len(values)
    if num_samples == 0:
        return np.full((len(weights), 1 + len(shifts), values.shape[1]), np.nan)
    places = np.concatenate([[0], shifts])
    of_values, of_counts = (fft.rfft(one.astype(np.float64), axis=0) for one in (values, is_there))
    effects = []
    for pair in weights:
        means = []
        for mask in pair:
            of_mask = np.conj(fft.rfft(mask.astype(np.float64)))[:, None]
            sums = fft.irfft(of_values * of_mask, num_samples, axis=0)[places]
            counts = np.rint(fft.irfft(of_counts * of_mask, num_samples, axis=0)[places])
            with np.errstate(invalid="ignore", divide="ignore"):
                means.append(np.where(counts > 0, sums / counts, np.nan))
        effects.append(means[0] - means[1])
    return np.array(effects).reshape(len(weights), len(places), values.shape[1])


def _stacked(
    tests: Sequence[tuple[Floats, Floats]], shape: tuple[int, ...]
) -> tuple[Floats, Floats]:
    """Z and share below, each ``(n_labels, n)``."""
    both = np.array(tests).reshape(shape[0], 2, shape[1])
    return both[:, 0], both[:, 1]


def _rates(
    events_s: Sequence[npt.ArrayLike] | None,
    cells: npt.NDArray[np.int64],
    masks: npt.NDArray[np.bool_],
    timing: Timing,
    duration_s: Floats,
) -> Floats:
    """``(n_labels, n_cells)`` events a second, by the sample in which they lie."""
    rates = np.full((len(masks), len(cells)), np.nan)
    if events_s is None:
        return rates
    for column, cell in enumerate(cells.tolist()):
        samples = np.rint(np.asarray(events_s[cell], np.float64) / timing.period_s)
        inside = samples[(samples >= 0) & (samples < timing.num_samples)].astype(np.int64)
        with np.errstate(invalid="ignore", divide="ignore"):
            rates[:, column] = masks[:, inside].sum(axis=1) / duration_s
    return rates
