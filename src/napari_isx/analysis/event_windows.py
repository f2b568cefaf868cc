"""Windows of samples around events: which events have one, and why others have none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.timing import Timing

Reason: TypeAlias = Literal["edge", "gap", "overlap"]
Window: TypeAlias = tuple[int, int]
"""First and last sample, counted from the event's; both included."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Which samples of a recording are there.

    Attributes
    ----------
    period_s : float
    is_there : numpy.ndarray
        ``(num_samples,)``: False for dropped, blank, trimmed ones and gaps.
    is_recorded : numpy.ndarray
        ``(num_samples,)``: False where nobody recorded: in gaps and what was trimmed away.
    """

    period_s: float
    is_there: npt.NDArray[np.bool_]
    is_recorded: npt.NDArray[np.bool_]

    @classmethod
    def of_timing(cls, timing: Timing) -> Samples:
        """The samples of a timing."""
        recorded = np.ones(timing.num_samples, np.bool_)
        for first, last in (*timing.gaps, *timing.cropped):
            recorded[first : last + 1] = False
        return cls(timing.period_s, timing.valid_mask, recorded)

    @property
    def num_samples(self) -> int:
        """All of them."""
        return len(self.is_there)


@dataclass(frozen=True, eq=False)
class Events:
    """Events as samples.

    Attributes
    ----------
    fits : numpy.ndarray
        ``(num_samples,)``: whether an event at that sample has its whole window.
    all_samples : numpy.ndarray
        ``(n,)`` int64: the sample of each event in the recording, each once, rising.
    kept : numpy.ndarray
        ``(n_events,)`` int64: the events that have a window, as indices of those given.
    kept_samples : numpy.ndarray
        ``(n_events,)`` int64: their samples.
    exact : numpy.ndarray
        ``(n_events,)``: their times in samples, not rounded.
    left_out : dict of int to str
        Why each other event has none.
    """

    fits: npt.NDArray[np.bool_]
    all_samples: npt.NDArray[np.int64]
    kept: npt.NDArray[np.int64]
    kept_samples: npt.NDArray[np.int64]
    exact: npt.NDArray[np.float64]
    left_out: dict[int, Reason]

    def between(
        self, lags: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The sample before each exact time, ``(n, L)``, and how far it is on, ``(n, L, 1)``."""
        exact = np.clip(self.exact[:, None] + lags, 0, len(self.fits) - 1)
        before = np.floor(exact).astype(np.int64)
        return before, (exact - before)[..., None]

    @cached_property
    def as_row(self) -> Any:
        """``(1, num_samples)``, sparse: 1 at the kept events."""
        from scipy.sparse import csr_array

        ones = np.ones(len(self.kept_samples))
        order = np.sort(self.kept_samples)
        return csr_array((ones, order, [0, len(order)]), shape=(1, len(self.fits)))


def keep_events(
    events_s: npt.ArrayLike, samples: Samples, window: Window, needed: Sequence[Window] = ()
) -> Events:
    """Find the samples of events, and which of them have their whole window.

    Parameters
    ----------
    events_s : array_like
        ``(n,)`` seconds from the first sample.
    samples : Samples
    window : (int, int)
        An event is left out where it leaves the recording, or reaches into a gap.
    needed : sequence of (int, int)
        An event is also left out where one of these has no sample.

    Raises
    ------
    ValueError
        They are no list of times, or one is NaN.
    """
    times_s = np.asarray(events_s, np.float64)
    if times_s.ndim != 1:
        raise ValueError(f"events_s is a list of times; its shape is {times_s.shape}")
    unknown = np.flatnonzero(np.isnan(times_s))
    if len(unknown):
        raise ValueError(f"events_s has no time (NaN) at index {unknown[0]}")
    num_samples = samples.num_samples
    inside = num_within(np.ones(num_samples, np.bool_), window) == window[1] - window[0] + 1
    is_whole = num_within(samples.is_recorded, window) == window[1] - window[0] + 1
    fits = inside & is_whole
    for one in needed:
        fits = fits & (num_within(samples.is_there, one) > 0)
    exact = times_s / samples.period_s
    # Far outside is outside, also where the number of the sample has no place in an integer.
    places = np.rint(np.clip(exact, -2, num_samples + 1)).astype(np.int64)
    kept: list[int] = []
    left_out: dict[int, Reason] = {}
    taken: set[int] = set()
    for event, place in enumerate(places.tolist()):
        if not 0 <= place < num_samples or not inside[place]:
            left_out[event] = "edge"
        elif not fits[place]:
            left_out[event] = "gap"
        elif place in taken:
            left_out[event] = "overlap"
        else:
            kept.append(event)
            taken.add(place)
    chosen = np.array(kept, np.int64)
    in_recording = places[(places >= 0) & (places < num_samples)]
    return Events(fits, np.unique(in_recording), chosen, places[chosen], exact[chosen], left_out)


def num_within(flags: npt.NDArray[np.bool_], window: Window) -> npt.NDArray[np.int64]:
    """``(num_samples,)``: how many flags are set in the window around each sample."""
    totals = np.concatenate([[0], np.cumsum(flags, dtype=np.int64)])
    places = np.arange(len(flags))
    last = np.clip(places + window[1] + 1, 0, len(flags))
    first = np.clip(places + window[0], 0, len(flags))
    counts: npt.NDArray[np.int64] = totals[last] - totals[first]
    return counts
