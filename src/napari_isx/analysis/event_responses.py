"""Which cells respond to events: averages around them, and a test by circular shifts.

The definitions are those of the "peri-event" analysis of Inscopix' public cloud tools, so that
numbers can be compared; :func:`peri_event` says where it goes beyond them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil, floor
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.chosen_traces import CellIndices, ZScored, choose_traces, z_scored
from napari_isx.analysis.circular_shifts import (
    TIE,
    Modulation,
    check_test,
    compare_with_shifted,
    false_discovery_rate,
    modulation,
)
from napari_isx.analysis.event_windows import Events, Reason, Samples, keep_events
from napari_isx.io.base.timing import Timing
from napari_isx.io.cells.cell_set import CellSet

Normalize: TypeAlias = Literal["recording", "baseline"] | None
Floats: TypeAlias = npt.NDArray[np.float64]
Range: TypeAlias = tuple[float, float]

_CELLS_PER_BLOCK: Final = 32
_MAX_WORKERS: Final = 2


@dataclass(frozen=True, eq=False)
class PeriEvent:
    """What cells do around events.

    Attributes
    ----------
    lags_s : numpy.ndarray
        ``(L,)`` seconds from the event's sample, rising.
    mean, sem : numpy.ndarray
        ``(n_cells, L)``: over the kept events; the standard error has ``n - 1`` in it, so that it
        is NaN for one event. In standard deviations of the trace, or as `normalize` says.
    effect : numpy.ndarray
        ``(n_cells,)``: mean of the response window minus that of the baseline.
    z : numpy.ndarray
        ``(n_cells,)``: how many standard deviations of the shifted effects it is from their mean.
    shifted_mean, shifted_std : numpy.ndarray
        ``(n_cells,)``: of the shifted effects; the deviation has ``n`` in it.
    p : numpy.ndarray
        ``(n_cells,)``: share of the shifted effects beyond it, on the side where there are fewer.
    q : numpy.ndarray
        ``(n_cells,)``: two-sided p, ``min(2 p, 1)``, after Benjamini and Hochberg over these cells.
    modulation : tuple of {"up", "down", "none"}
        By `p`, each tail at half of `alpha`, without correction for the number of cells.
    cell_indices : numpy.ndarray
        ``(n_cells,)``: which cells of the set these are.
    kept_events : numpy.ndarray
        ``(n_events,)``: which of the events are averaged, as indices of those given.
    left_out : dict of int to str
        Why each other one is not: ``"edge"`` (the window leaves the recording), ``"gap"`` (it
        reaches into time that nobody recorded, or no sample of a window is there), or
        ``"overlap"`` (an earlier event has the same sample).
    events_s, window_s, baseline_s, response_s, shuffles, seed, alpha, normalize
        As they were asked for.

    Notes
    -----
    All are NaN where there is no event left, and for a cell whose trace is constant.
    """

    lags_s: Floats
    mean: Floats
    sem: Floats
    effect: Floats
    z: Floats
    shifted_mean: Floats
    shifted_std: Floats
    p: Floats
    q: Floats
    modulation: tuple[Modulation, ...]
    cell_indices: npt.NDArray[np.int64]
    kept_events: npt.NDArray[np.int64]
    left_out: dict[int, Reason]
    events_s: Floats
    window_s: Range
    baseline_s: Range
    response_s: Range
    shuffles: int
    seed: int
    alpha: float
    normalize: Normalize
    _lags: Lags = field(repr=False)
    _read: Callable[[Sequence[int]], Floats] = field(repr=False)

    @cached_property
    def responses(self) -> Floats:
        """``(n_events, n_cells, L)``: each cell around each kept event; NaN for missing samples.

        Read when it is first asked for, from the traces.
        """
        return self._read(range(len(self.cell_indices)))

    def responses_of(self, place: int) -> Floats:
        """``(n_events, L)``: one cell around each kept event.

        Parameters
        ----------
        place : int
            Which of `cell_indices`.
        """
        return self._read([place])[:, 0]

    @cached_property
    def effects(self) -> Floats:
        """``(n_events, n_cells)``: the effect of each kept event alone; NaN where samples miss."""
        first = self._lags.window[0]
        parts = []
        for start, last in (self._lags.response, self._lags.baseline):
            values = self.responses[:, :, start - first : last - first + 1]
            count = np.isfinite(values).sum(axis=2)
            with np.errstate(invalid="ignore"):
                parts.append(np.nansum(values, axis=2) / np.where(count > 0, count, np.nan))
        return np.asarray(parts[0] - parts[1])

    @property
    def methods_text(self) -> str:
        """What was done, in words for a methods section."""
        scale = {
            "recording": "Traces were z-scored over the whole recording",
            "baseline": "Traces were z-scored by all baseline samples of the events",
            None: "Traces were taken as they are",
        }[self.normalize]
        text = (
            f"{scale} and averaged from {self.window_s[0]:g} to {self.window_s[1]:g} s around "
            f"{len(self.kept_events)} events (nearest sample). The effect is the mean from "
            f"{self.response_s[0]:g} to {self.response_s[1]:g} s minus that from "
            f"{self.baseline_s[0]:g} to {self.baseline_s[1]:g} s, both ends included; it was "
            f"compared with {self.shuffles:,} circular shifts of the events (seed {self.seed}). "
            f"Cells beyond {self.alpha / 2:g} in either tail count as modulated; q is the "
            f"two-sided p after Benjamini and Hochberg over {len(self.cell_indices)} cells."
        )
        if self.left_out:
            reasons = list(self.left_out.values())
            counts = ", ".join(f"{reasons.count(one)} {one}" for one in dict.fromkeys(reasons))
            text += f" Left out were {len(reasons)} events ({counts})."
        return text


@dataclass(frozen=True)
class Lags:
    """Windows in samples from the event's: first and last, both included."""

    window: tuple[int, int]
    baseline: tuple[int, int]
    response: tuple[int, int]

    @classmethod
    def of_seconds(
        cls, period_s: float, window_s: Range, baseline_s: Range, response_s: Range
    ) -> Lags:
        """The window is rounded outwards, baseline and response to the nearest sample.

        Raises
        ------
        ValueError
            One is empty or no pair of times, or the window does not hold the other two.
        """
        for name, pair in (
            ("window_s", window_s),
            ("baseline_s", baseline_s),
            ("response_s", response_s),
        ):
            if not np.isfinite(pair).all() or not pair[0] < pair[1]:
                raise ValueError(f"{name} is from a time to a later one, not {pair}")
            if pair[0] < window_s[0] or pair[1] > window_s[1]:
                raise ValueError(f"{name} {pair} lies outside window_s {window_s}")
        # What should be whole is not always: 1.1 / 0.1 is 11.000000000000002.
        outer = floor(window_s[0] / period_s + 1e-9), ceil(window_s[1] / period_s - 1e-9)
        inner = [(round(a / period_s), round(b / period_s)) for a, b in (baseline_s, response_s)]
        return cls(outer, *((max(a, outer[0]), min(b, outer[1])) for a, b in inner))


def peri_event(
    cells: CellSet | npt.ArrayLike,
    events_s: npt.ArrayLike,
    *,
    timing: Timing | None = None,
    cell_indices: CellIndices = None,
    window_s: Range = (-2, 2),
    baseline_s: Range = (-1, 0),
    response_s: Range = (0, 1),
    shuffles: int = 1000,
    seed: int = 0,
    alpha: float = 0.05,
    normalize: Normalize = "recording",
    interpolate: bool = False,
    progress: Callable[[float], None] | None = None,
) -> PeriEvent:
    """Average traces around events, and test each cell's response by circular shifts.

    Parameters
    ----------
    cells : CellSet or array_like
        A cell set, or ``(n_cells, n_samples)`` traces together with `timing`.
    events_s : array_like
        ``(n,)`` seconds from the start of the traces, in any order.
    timing : Timing, optional
        Of the traces; needed for an array, and taken instead of the set's own.
    cell_indices : sequence of int, optional
        Which cells. By default the accepted ones of a set, where there are none the undecided
        ones; all of an array.
    window_s : (float, float)
        What is averaged, in seconds from the event; rounded outwards to samples. An event whose
        window leaves the recording is left out.
    baseline_s, response_s : (float, float)
        What is compared; rounded to the nearest samples, both ends included. With the defaults
        both hold the event's own sample.
    shuffles : int
        How often the events are shifted together, by a random number of samples, around the
        recording's end.
    seed : int
        Of the shifts.
    alpha : float
        Both tails together.
    normalize : {"recording", "baseline"} or None
        Whether traces are z-scored, by all their samples or by the baselines of the kept events.
        Neither changes `z`, `p` and `q`.
    interpolate : bool
        Whether `mean`, `sem` and `responses` are read at the exact times, between samples. The
        statistics always take the nearest sample.
    progress : callable, optional
        Called with the share that is done, from 0 to 1; what it raises ends the work.

    Returns
    -------
    PeriEvent

    Raises
    ------
    ValueError
        An argument cannot be: events or times that are NaN, a window that is empty or lies
        outside, fewer than one shift, `alpha` not between 0 and 1, cells that are not there.
    IsxFileError
        The traces cannot be read.

    Notes
    -----
    With the defaults and without missing samples this is the definition of Inscopix' "peri-event"
    cloud tool: traces z-scored with all samples (``n`` in the standard deviation), an event's
    sample ``round(t / period)``, the 0/1 vector of events rolled by ``randint(0, n_samples)`` of
    `numpy.random.RandomState`, the events at the edge dropped again after each roll, and p the
    smaller share of the shifted effects below or not below the true one.

    Beyond it: missing samples (dropped, blank, NaN) are left out of every mean, each remaining
    sample of a window weighing the same; a window that reaches into a gap or a trimmed range
    leaves its event out; effects closer than 1e-9 are ties, and ties are "not below"; a shift
    after which no event is left does not count.
    """
    traces, timing, chosen = choose_traces(cells, timing, cell_indices)
    check_test(shuffles, alpha)
    if normalize not in ("recording", "baseline", None):
        raise ValueError(f'normalize is "recording", "baseline" or None, not {normalize!r}')
    lags = Lags.of_seconds(timing.period_s, window_s, baseline_s, response_s)
    samples = Samples.of_timing(timing)
    events = keep_events(events_s, samples, lags.window, (lags.baseline, lags.response))
    task = _Task(
        traces, samples, events, lags, normalize, interpolate,
        _shifted_events(events, samples.num_samples, int(shuffles), seed),
    )  # fmt: skip
    blocks = [chosen[at : at + _CELLS_PER_BLOCK] for at in range(0, len(chosen), _CELLS_PER_BLOCK)]
    parts = []
    with ThreadPoolExecutor(_MAX_WORKERS) as workers:
        try:
            for number, part in enumerate(workers.map(task.run, blocks), 1):
                parts.append(part)
                if progress is not None:
                    progress(number / len(blocks))
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise
    num_lags = lags.window[1] - lags.window[0] + 1
    mean, sem, effect, z, shifted_mean, shifted_std, below = (
        np.concatenate([part[i] for part in parts])
        if parts
        else np.empty((0, num_lags) if i < 2 else (0,))
        for i in range(7)
    )
    p = np.minimum(below, 1 - below)
    return PeriEvent(
        np.arange(lags.window[0], lags.window[1] + 1, dtype=np.float64) * timing.period_s,
        mean, sem, effect, z, shifted_mean, shifted_std,
        p, false_discovery_rate(np.minimum(2 * p, 1)), modulation(below, alpha),
        chosen, events.kept, events.left_out, np.array(events_s, np.float64),
        (float(window_s[0]), float(window_s[1])),
        (float(baseline_s[0]), float(baseline_s[1])),
        (float(response_s[0]), float(response_s[1])),
        int(shuffles), seed, alpha, normalize, lags,
        lambda places: task.responses([int(chosen[place]) for place in places]),
    )  # fmt: skip


def _shifted_events(events: Events, num_samples: int, shuffles: int, seed: int) -> Any:
    """``(shuffles, num_samples)``, sparse: 1 at the events that are left after each shift."""
    from scipy.sparse import csr_array

    if num_samples == 0 or not len(events.all_samples):
        return None
    shifts = np.random.RandomState(seed).randint(0, num_samples, size=shuffles)
    places = (events.all_samples + shifts[:, None]) % num_samples
    fits = events.fits[places]
    starts = np.concatenate([[0], np.cumsum(fits.sum(axis=1))])
    columns = places[fits]
    return csr_array((np.ones(len(columns)), columns, starts), shape=(shuffles, num_samples))


@dataclass(frozen=True)
class _Task:
    """What is the same for all cells."""

    traces: npt.NDArray[Any]
    samples: Samples
    events: Events
    lags: Lags
    normalize: Normalize
    interpolate: bool
    shifted: Any

    def run(self, cells: npt.NDArray[np.int64]) -> tuple[Floats, ...]:
        """Mean and SEM ``(n, L)``, then ``(n,)``: effect and what the shifts say of it."""
        traces, scale = self._read(cells)
        windows = self._windows(traces, self.lags.window, scale)
        with np.errstate(invalid="ignore", divide="ignore"):
            count = np.isfinite(windows).sum(axis=0)
            mean = np.nansum(windows, axis=0) / count
            variance = np.nansum((windows - mean) ** 2, axis=0) / (count - 1)
            sem = np.sqrt(np.where(count > 1, variance, np.nan) / count)
        effect, z, shifted_mean, shifted_std, below = self._test(traces)
        factor = scale[1]
        return (
            *(mean.T, sem.T, effect * factor, z),
            *(shifted_mean * factor, shifted_std * factor, below),
        )

    def responses(self, cells: Sequence[int]) -> Floats:
        """``(n_events, n_cells, L)``."""
        found = []
        for at in range(0, len(cells), _CELLS_PER_BLOCK):
            block = np.asarray(cells[at : at + _CELLS_PER_BLOCK], np.int64)
            traces, scale = self._read(block)
            found.append(self._windows(traces, self.lags.window, scale).transpose(0, 2, 1))
        num_lags = self.lags.window[1] - self.lags.window[0] + 1
        empty = np.empty((len(self.events.kept), 0, num_lags))
        return np.concatenate(found, axis=1) if found else empty

    def _read(self, cells: npt.NDArray[np.int64]) -> tuple[ZScored, tuple[Floats, Floats]]:
        """Some cells z-scored, and the offset and factor that make the normalized trace of it."""
        traces = z_scored(self.traces, cells, self.samples.is_there)
        if self.normalize is None:
            # A constant trace is zeros here, and its mean again there.
            factor = np.where(np.isnan(traces.deviation), 1.0, traces.deviation)
            return traces, (traces.mean / factor, factor)
        factor = np.where(np.isnan(traces.deviation), np.nan, 1.0)
        if self.normalize == "recording":
            return traces, (np.zeros(len(cells)), factor)
        base = self._windows(traces, self.lags.baseline, None).reshape(-1, len(cells))
        count = np.maximum(np.isfinite(base).sum(axis=0), 1)
        middle = np.nansum(base, axis=0) / count
        spread = np.sqrt(np.nansum((base - middle) ** 2, axis=0) / count)
        return traces, (-middle, factor / np.where(spread > TIE, spread, np.nan))

    def _windows(
        self,
        traces: ZScored,
        window: tuple[int, int],
        scale: tuple[Floats, Floats] | None,
    ) -> Floats:
        """``(n_events, L, n)``: the values around each kept event, NaN where one is missing."""
        values, there = traces.values, traces.is_there
        found: Floats
        around = np.arange(window[0], window[1] + 1)
        places = self.events.kept_samples[:, None] + around
        if self.interpolate and scale is not None:
            before, share = self.events.between(around)
            after = np.minimum(before + 1, len(values) - 1)
            found = values[before] * (1 - share) + values[after] * share
            is_there = (there[before] | (share == 1)) & (there[after] | (share == 0))
        else:
            found, is_there = values[places], there[places]
        if not is_there.all():
            found[np.broadcast_to(~is_there, found.shape)] = np.nan
        if scale is not None:
            found += scale[0]
            found *= scale[1]
        return found

    def _test(self, traces: ZScored) -> tuple[Floats, ...]:
        """Effect, z, mean and deviation of the shifted effects, and the share of these below."""
        values, there = traces.values, traces.is_there
        if self.shifted is None:
            nothing = np.full(values.shape[1], np.nan)
            return (nothing,) * 5
        windows = self.lags.response, self.lags.baseline
        counts = [_window_sums(_running_sums(there), window) for window in windows]
        totals = _running_sums(values)
        sums = [_window_sums(totals, window) for window in windows]
        is_whole = all(
            (count[self.events.fits] == last - first + 1).all()
            for count, (first, last) in zip(counts, windows, strict=True)
        )
        if is_whole:
            # The usual case: nothing is missing, so that one sum a sample says all.
            lengths = [last - first + 1 for first, last in windows]
            if lengths[0] != lengths[1]:
                sums[1] *= lengths[0] / lengths[1]
            sums[0] -= sums[1]
            sums = [np.ascontiguousarray(sums[0])]

        def effects(events: Any) -> Floats:
            with np.errstate(invalid="ignore", divide="ignore"):
                if is_whole:
                    return np.asarray(
                        (events @ sums[0]) / (events.sum(axis=1)[:, None] * lengths[0])
                    )
                response, baseline = (
                    (events @ one) / (events @ count)
                    for one, count in zip(sums, counts, strict=True)
                )
                return np.asarray(response - baseline)

        effect = np.where(np.isnan(traces.deviation), np.nan, effects(self.events.as_row)[0])
        return effect, *compare_with_shifted(effect, effects(self.shifted))


def _window_sums(totals: Floats, window: tuple[int, int]) -> Floats:
    """For each sample the sum of a window around it, from ``(num_samples + 1, n)`` running sums.

    0 where the window leaves the recording, as no event has its sample there.
    """
    num_samples = len(totals) - 1
    first, stop = window[0], window[1] + 1
    sums = np.empty((num_samples, totals.shape[1]), order="F")
    low, high = max(-first, 0), num_samples - max(stop, 0)
    if low >= high:
        return np.zeros_like(sums)
    sums[:low], sums[high:] = 0, 0
    inner = sums[low:high]
    np.subtract(totals[low + stop : high + stop], totals[low + first : high + first], out=inner)
    return sums


def _running_sums(values: npt.NDArray[Any]) -> Floats:
    # Each cell's samples lie together, which is how running sums are fast.
    totals = np.empty((len(values) + 1, values.shape[1]), order="F")
    totals[0] = 0
    np.cumsum(values, axis=0, out=totals[1:])
    return totals
