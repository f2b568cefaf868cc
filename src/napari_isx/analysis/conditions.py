"""Whether cells respond otherwise to one kind of event than to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.circular_shifts import TIE, Floats, check_test, false_discovery_rate
from napari_isx.analysis.event_responses import PeriEvent


@dataclass(frozen=True, eq=False)
class ConditionDifference:
    """What cells do after events of one label, compared with another.

    Attributes
    ----------
    first, second : str
        The labels.
    num_first, num_second : int
        Events of each.
    difference : numpy.ndarray
        ``(n_cells,)``: mean effect of the first minus that of the second.
    p, q : numpy.ndarray
        ``(n_cells,)``: two-sided, by permutation of the labels, and after Benjamini and Hochberg.
        NaN where a label has no event.
    permutations, seed : int
    """

    first: str
    second: str
    num_first: int
    num_second: int
    difference: Floats
    p: Floats
    q: Floats
    permutations: int
    seed: int


def compare_conditions(
    result: PeriEvent,
    labels: Sequence[str],
    first: str,
    second: str,
    *,
    permutations: int = 1000,
    seed: int = 0,
) -> ConditionDifference:
    """Compare the responses to events of two labels.

    Parameters
    ----------
    result : PeriEvent
    labels : sequence of str
        One for each event that was given to :func:`peri_event`, left-out ones included.
    first, second : str
        What is compared.
    permutations : int
        How often the labels of these events are mixed. The true labels count as one more, so that
        no p is 0.
    seed : int
        Of the mixing, by `numpy.random.default_rng`.

    Raises
    ------
    ValueError
        There are as many labels as events, one of the two is not among them, or they are the same;
        fewer than one permutation.
    """
    check_test(permutations, 0.5, name="permutations")
    num_events = len(result.kept_events) + len(result.left_out)
    if len(labels) != num_events:
        raise ValueError(f"labels has one for each of the {num_events} events, not {len(labels)}")
    for name, label in (("first", first), ("second", second)):
        if label not in labels:
            raise ValueError(f"{name} is {label!r}, which no event has as its label")
    if first == second:
        raise ValueError(f"first and second are both {first!r}")
    kept = np.array([labels[event] for event in result.kept_events.tolist()], object)
    is_first, is_second = kept == first, kept == second
    effects = result.effects[is_first | is_second]
    members = is_first[is_first | is_second]
    rng = np.random.default_rng(seed)
    mixed = np.array([members, *(rng.permutation(members) for _ in range(int(permutations)))])
    differences = _mean_of(mixed, effects) - _mean_of(~mixed, effects)
    true = differences[0]
    scale = np.maximum(np.nanmax(np.abs(effects), axis=0, initial=0), 1)
    beyond = (np.abs(differences) >= np.abs(true) - TIE * scale).sum(axis=0)
    p = np.where(np.isfinite(true), beyond / len(mixed), np.nan)
    return ConditionDifference(
        first, second, int(is_first.sum()), int(is_second.sum()),
        true, p, false_discovery_rate(p), int(permutations), seed,
    )  # fmt: skip


def _mean_of(members: npt.NDArray[np.bool_], effects: Floats) -> Floats:
    """``(n_permutations, n_cells)``: the mean effect of some events, without those that are NaN."""
    known = np.isfinite(effects)
    weights = members.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return (weights @ np.where(known, effects, 0.0)) / (weights @ known.astype(np.float64))
