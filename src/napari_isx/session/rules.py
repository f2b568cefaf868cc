"""Rules that decide about many cells at once: "SNR < 3 or Components > 1 → rejected"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Final, Literal, Protocol, cast, get_args

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.io.cells.cell_set import STATUSES, CellStatus

Op = Literal["<", ">", "between"]
Combine = Literal["all", "any"]

_JOINTS: Final[dict[Combine, str]] = {"all": " and ", "any": " or "}


class Measured(Protocol):
    """Cells with values and statuses; :class:`CellTable`, as far as rules need it."""

    @property
    def columns(self) -> list[Metric]:
        """What is known of each cell."""

    @property
    def statuses(self) -> list[CellStatus] | None:
        """What is decided about each cell."""

    def values(self, key: str, /) -> npt.NDArray[np.float64] | None:
        """``(n_cells,)``, NaN where undefined; None where there is no such column."""

    def __len__(self) -> int:
        """How many cells there are."""


@dataclass(frozen=True)
class Condition:
    """What the value of one column must be.

    Attributes
    ----------
    column : str
        The metric's key.
    op : {"<", ">", "between"}
        "between" includes both limits, the others exclude theirs.
    low, high : float or None
        The limits: `high` for "<", `low` for ">", both for "between".

    Raises
    ------
    ValueError
        A limit is missing, superfluous or not a number, or the lower one is above the higher.
    """

    column: str
    op: Op
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.op not in get_args(Op):
            raise ValueError(f"a condition is '<', '>' or 'between', not {self.op!r}")
        given = (self.low is not None, self.high is not None)
        if given != (self.op != "<", self.op != ">"):
            raise ValueError(f"'{self.op}' takes other limits than {self.low} and {self.high}")
        limits = [limit for limit in (self.low, self.high) if limit is not None]
        if not all(isfinite(limit) for limit in limits) or limits != sorted(limits):
            raise ValueError(f"no value lies between {self.low} and {self.high}")

    def holds(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """``(n,)``: for which values it holds; for no undefined one."""
        low = -inf if self.low is None else self.low
        high = inf if self.high is None else self.high
        if self.op == "between":
            return (values >= low) & (values <= high)
        return (values > low) & (values < high) if self.op == ">" else values < high

    def text(self, metric: Metric | None = None) -> str:
        """It in words, with the column's title and unit where its metric is given."""
        title = metric.title if metric is not None else self.column
        unit = f" {metric.unit}" if metric is not None and metric.unit else ""
        if self.op != "between":
            limit = self.high if self.op == "<" else self.low
            return f"{title} {self.op} {limit:g}{unit}"
        if self.low == self.high:
            return f"{title} = {self.low:g}{unit}"
        return f"{title} between {self.low:g} and {self.high:g}{unit}"


@dataclass(frozen=True)
class Rule:
    """Conditions, and the status that they give.

    A condition on an undefined value neither holds nor fails. Where that leaves open whether the
    conditions are met, the rule decides nothing, not even with `else_status`.

    Attributes
    ----------
    conditions : tuple of Condition
        At least one.
    combine : {"all", "any"}
        How many of them must hold.
    then_status : {"accepted", "undecided", "rejected"}
        Of the cells for which they do.
    else_status : {"accepted", "undecided", "rejected"} or None
        Of the cells for which they do not; None leaves these alone.

    Raises
    ------
    ValueError
        No conditions, or an unknown way to combine them, or an unknown status.
    """

    conditions: tuple[Condition, ...]
    combine: Combine = "all"
    then_status: CellStatus = "rejected"
    else_status: CellStatus | None = None

    def __post_init__(self) -> None:
        if not self.conditions:
            raise ValueError("a rule needs a condition")
        if self.combine not in _JOINTS:
            raise ValueError(f"conditions are combined by 'all' or 'any', not {self.combine!r}")
        for status in (self.then_status, self.else_status or self.then_status):
            if status not in STATUSES:
                raise ValueError(f"unknown status {status!r}; known are {', '.join(STATUSES)}")

    def missing(self, table: Measured) -> list[str]:
        """Keys of columns that a table does not have, or not yet."""
        keys = dict.fromkeys(condition.column for condition in self.conditions)
        return [key for key in keys if table.values(key) is None]

    def changes(
        self, table: Measured, among: Iterable[int] | None = None
    ) -> dict[CellStatus, npt.NDArray[np.intp]]:
        """The cells that get another status, by that status.

        Parameters
        ----------
        table : CellTable
        among : iterable of int, optional
            Only these cells, for example those in the rows that are shown; all by default.
        """
        asked = np.ones(len(table), np.bool_)
        if among is not None:
            asked[:] = False
            asked[list(among)] = True
        met, failed = self._met_and_failed(table)
        now = np.array(table.statuses or [], object)
        changed: dict[CellStatus, npt.NDArray[np.intp]] = {}
        for status, cells in ((self.then_status, met), (self.else_status, failed)):
            if status is not None and len(now):
                found = np.flatnonzero(cells & asked & (now != status))
                changed[status] = np.union1d(changed.get(status, found[:0]), found)
        return {status: cells for status, cells in changed.items() if len(cells)}

    def preview(
        self, table: Measured, among: Iterable[int] | None = None
    ) -> dict[tuple[CellStatus, CellStatus], int]:
        """How many cells would go from which status to which; only where there are any."""
        now = table.statuses or []
        counts: dict[tuple[CellStatus, CellStatus], int] = {}
        for status, cells in self.changes(table, among).items():
            for cell in cells:
                step = (now[cell], status)
                counts[step] = counts.get(step, 0) + 1
        return counts

    def text(self, metrics: Sequence[Metric] = ()) -> str:
        """The rule in words; `metrics` are those whose titles and units it may use."""
        known = {metric.key: metric for metric in metrics}
        words = [condition.text(known.get(condition.column)) for condition in self.conditions]
        otherwise = f", else {self.else_status}" if self.else_status is not None else ""
        return f"{_JOINTS[self.combine].join(words)} → {self.then_status}{otherwise}"

    def to_json(self) -> dict[str, Any]:
        """It as JSON has it; the reverse of :meth:`from_json`."""
        return {
            "conditions": [
                {"column": each.column, "op": each.op, "low": each.low, "high": each.high}
                for each in self.conditions
            ],
            "combine": self.combine,
            "then": self.then_status,
            "else": self.else_status,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Rule:
        """Make a rule of what :meth:`to_json` gave.

        Raises
        ------
        ValueError
            It is none.
        """
        try:
            conditions = tuple(
                Condition(
                    _text(each["column"]),
                    cast("Op", _text(each["op"])),
                    _limit(each.get("low")),
                    _limit(each.get("high")),
                )
                for each in values["conditions"]
            )
            otherwise = values.get("else")
            return cls(
                conditions,
                cast("Combine", _text(values["combine"])),
                cast("CellStatus", _text(values["then"])),
                None if otherwise is None else cast("CellStatus", _text(otherwise)),
            )
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"this is not a rule: {error!r}") from error

    def _met_and_failed(
        self, table: Measured
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """For which cells the conditions are met, and for which they surely are not."""
        held, failed = [], []
        for condition in self.conditions:
            values = table.values(condition.column)
            if values is None:
                values = np.full(len(table), np.nan)
            holds = condition.holds(values)
            held.append(holds)
            failed.append(~holds & ~np.isnan(values))
        if self.combine == "all":
            return np.all(held, axis=0), np.any(failed, axis=0)
        return np.any(held, axis=0), np.all(failed, axis=0)


def preview_text(counts: Mapping[tuple[CellStatus, CellStatus], int]) -> str:
    """Counts of :meth:`Rule.preview` in words: "12 undecided → rejected, 1 accepted → rejected"."""
    words = [f"{count:,} {before} → {after}" for (before, after), count in counts.items()]
    return ", ".join(words) or "no change"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} should be text")
    return value


def _limit(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value!r} should be a number")
    return float(value)
