"""Rules that decide about many cells at once: "SNR > 3 and Components = 1 → accepted"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isinf, nextafter
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.io.cells.cell_set import STATUSES, CellStatus
from napari_isx.session.cell_filter import Range, round_limit
from napari_isx.session.cell_table import CellTable

Combine = Literal["all", "any"]
Among = Literal["all", "shown", "undecided"]

_JOINTS: Final[dict[Combine, str]] = {"all": " and ", "any": " or "}


@dataclass(frozen=True)
class Rule:
    """Ranges of columns, as a filter has them, and the status that they give.

    An undefined value is neither within its range nor outside. Where that leaves open whether the
    ranges are met, the rule decides nothing, not even with `else_status`. No ranges, one that is
    open at both ends or has no values, and unknown words are a ValueError.
    """

    ranges: Mapping[str, Range]
    """By the column's key; see :func:`above` for values that are to exceed one."""
    combine: Combine = "all"
    """How many of the ranges must be met."""
    then_status: CellStatus = "rejected"
    else_status: CellStatus | None = None
    """Of the cells that do not meet them; None leaves these alone."""

    def __post_init__(self) -> None:
        if not self.ranges:
            raise ValueError("a rule needs a range")
        for low, high in self.ranges.values():
            if not low <= high or (isinf(low) and isinf(high)):
                raise ValueError(f"no limit lies between {low} and {high}")
        if self.combine not in _JOINTS:
            raise ValueError(f"ranges are combined by 'all' or 'any', not {self.combine!r}")
        for status in (self.then_status, self.else_status or self.then_status):
            if status not in STATUSES:
                raise ValueError(f"unknown status {status!r}; known are {', '.join(STATUSES)}")

    def missing(self, table: CellTable) -> list[str]:
        """Keys of columns that a table does not have, or not yet."""
        return [key for key in self.ranges if table.values(key) is None]

    def fits(self, columns: Sequence[Metric]) -> bool:
        """Whether all that it looks at is among columns."""
        return {metric.key for metric in columns}.issuperset(self.ranges)

    def met_and_failed(self, table: CellTable) -> tuple[npt.NDArray[np.bool_], ...]:
        """``(n_cells,)`` each: where the ranges are met, and where they surely are not."""
        met, failed = [], []
        for key, (low, high) in self.ranges.items():
            values = table.values(key)
            if values is None:
                values = np.full(len(table), np.nan)
            met.append((values >= low) & (values <= high))
            failed.append((values < low) | (values > high))
        if self.combine == "all":
            return np.all(met, axis=0), np.any(failed, axis=0)
        return np.any(met, axis=0), np.all(failed, axis=0)

    def changes(
        self, table: CellTable, among: Iterable[int] | None = None
    ) -> dict[int, CellStatus]:
        """The status of each cell that gets another one; of `among` only, by default of all."""
        met, failed = self.met_and_failed(table)
        now = table.statuses or []
        changed = {}
        for cell in range(len(now)) if among is None else among:
            status = self.then_status if met[cell] else self.else_status if failed[cell] else None
            if status is not None and status != now[cell]:
                changed[int(cell)] = status
        return changed

    def forecast(self, table: CellTable, among: Sequence[int], changes: Mapping[int, Any]) -> str:
        """What it would do, in words."""
        settled = np.any(self.met_and_failed(table), axis=0)
        num_open = sum(not settled[cell] for cell in among)
        words = preview_text(table.statuses or [], changes)
        text = f"{words}; {len(among) - len(changes):,} of {len(among):,} stay as they are"
        if num_open:
            which = "1 of them has" if num_open == 1 else f"{num_open:,} of them have"
            text += f" ({which} no value to go by)"
        return f"{text[0].upper()}{text[1:]}."

    def text(self, metrics: Sequence[Metric] = ()) -> str:
        """The rule in words; `metrics` are those whose titles and units it may use."""
        known = {metric.key: metric for metric in metrics}
        words = [_range_text(known.get(key), key, *limits) for key, limits in self.ranges.items()]
        otherwise = f", else {self.else_status}" if self.else_status is not None else ""
        return f"{_JOINTS[self.combine].join(words)} → {self.then_status}{otherwise}"

    def to_json(self) -> dict[str, Any]:
        """It as JSON has it; the reverse of :meth:`from_json`."""
        ranges = {
            key: [None if isinf(limit) else limit for limit in limits]
            for key, limits in self.ranges.items()
        }
        words = {"combine": self.combine, "then": self.then_status, "else": self.else_status}
        return {"ranges": ranges, **words}

    @classmethod
    def from_json(cls, values: Any) -> Rule:
        """Make a rule of what :meth:`to_json` gave; a ValueError where it is none."""
        try:
            ranges = {
                key: (-inf if low is None else _number(low), inf if high is None else _number(high))
                for key, (low, high) in values["ranges"].items()
            }
            return cls(ranges, values["combine"], values["then"], values["else"])
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"this is not a rule: {error!r}") from error


def above(limit: float) -> Range:
    """The range of all values that exceed a limit."""
    return nextafter(limit, inf), inf


_SINGLE: Final = (1.0, 1.0)
PRESETS: Final = tuple(
    Rule(ranges, "all", "accepted", "rejected")
    for ranges in (
        {"snr": above(3), "num_components": _SINGLE, "event_rate": above(0)},
        {"snr": above(3)},
        {"peak_snr": above(3)},
        {"num_components": _SINGLE},
        {"event_rate": above(0)},
    )
)
"""The first has the three conditions, and the limits, that Inscopix' software begins with."""


def preview_text(statuses: Sequence[CellStatus], changes: Mapping[int, CellStatus]) -> str:
    """Changes of a rule in words: "12 undecided → rejected, 1 accepted → rejected"."""
    counts = Counter(f"{statuses[cell]} → {status}" for cell, status in changes.items())
    return ", ".join(f"{count:,} {step}" for step, count in counts.items()) or "no change"


def cells_among(table: CellTable, among: Among) -> list[int]:
    """All cells of a table, those in the rows that are shown, or the undecided ones."""
    if among == "shown":
        return [int(cell) for cell in table.order]
    statuses = table.statuses or []
    return [i for i in range(len(table)) if among == "all" or statuses[i] == "undecided"]


def _range_text(metric: Metric | None, key: str, low: float, high: float) -> str:
    title = metric.title if metric is not None else key
    unit = f" {metric.unit}" if metric is not None and metric.unit else ""
    ends = [round_limit(low), round_limit(high)]
    if low == high:
        return f"{title} = {ends[0]:g}{unit}"
    if isinf(high):
        return f"{title} {'>' if low > ends[0] else '≥'} {ends[0]:g}{unit}"
    if isinf(low):
        return f"{title} {'<' if high < ends[1] else '≤'} {ends[1]:g}{unit}"
    return f"{title} between {ends[0]:g} and {ends[1]:g}{unit}"


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value!r} should be a number")
    return float(value)
