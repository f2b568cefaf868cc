"""Timing candidates side by side, and the rows of the table."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

try:
    import isx
except ImportError:
    isx = None

Calls = Mapping[str, Callable[[], object]]


def side_by_side(calls: Calls, rounds: int, per_round: int = 1) -> dict[str, float]:
    """Median seconds of one call of each candidate.

    Every round runs all candidates, in random order, so that whatever else the machine does
    hits all of them alike. What a call returns is let go of within its time. A first round,
    which warms up, does not count.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    order = list(calls)
    with no_garbage_collection():
        for number in range(rounds + 1):
            random.shuffle(order)
            for name in order:
                call = calls[name]
                start = time.perf_counter()
                for _ in range(per_round):
                    call()
                if number > 0 or rounds == 0:
                    seconds[name].append((time.perf_counter() - start) / per_round)
    return {name: median(each) for name, each in seconds.items()}


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Keep the collector from running in the middle of a measurement."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@dataclass(frozen=True)
class Row:
    """One line of the table; without a limit it is for information.

    Attributes
    ----------
    work : str
    ours : float
        Seconds, or megabytes.
    isx, floor : float or None
        The same of `isx`, and of the least that the work takes. None where there is none.
    most_isx, most_floor : float or None
        How many times as much as those ours may be; 0.25 is "four times faster".
    most : float or None
        How much ours may be, in its unit.
    note : str
        How it was measured, where the heading does not say it.
    """

    work: str
    ours: float
    isx: float | None = None
    floor: float | None = None
    most_isx: float | None = None
    most_floor: float | None = None
    most: float | None = None
    unit: Literal["s", "MB"] = "s"
    note: str = ""

    @property
    def verdict(self) -> str:
        """Whether the targets are met; which is not."""
        asked = {"isx": self.most_isx, "floor": self.most_floor, "limit": self.most}
        against = {"isx": self.isx, "floor": self.floor, "limit": 1.0}
        judged = {name: most for name, most in asked.items() if most is not None}
        if not judged:
            return "-"
        missed = [
            name
            for name, most in judged.items()
            if (beside := against[name]) is not None and self.ours > most * beside
        ]
        unknown = [name for name in judged if against[name] is None]
        if missed:
            return f"MISSED ({', '.join(missed)})" if len(judged) > 1 else "MISSED"
        if unknown:
            return f"met, but no {unknown[0]}" if len(judged) > 1 else f"no {unknown[0]}"
        return "met"

    @property
    def target(self) -> str:
        """The targets in words."""
        words = []
        if self.most_isx is not None:
            same = self.most_isx == 1
            words.append("no slower than isx" if same else f"{_speed(self.most_isx)} than isx")
        if self.most_floor is not None:
            words.append(f"at most {self.most_floor:g}x floor")
        if self.most is not None:
            words.append(f"under {_amount(self.most, self.unit)}")
        return ", ".join(words) or "-"

    @property
    def cells(self) -> list[str]:
        """What the table shows of it."""
        return [
            self.work,
            *(_amount(value, self.unit) for value in (self.ours, self.isx, self.floor)),
            _speed(self.ours / self.isx) if self.isx else "-",
            f"{self.ours / self.floor:.2f}x" if self.floor else "-",
            self.target,
            self.verdict,
        ]


HEADINGS = ("work", "ours", "isx", "floor", "ours to isx", "to floor", "target", "")


def table(rows: list[Row]) -> str:
    """The rows as lines of text, and the notes below."""
    notes = list(dict.fromkeys(row.note for row in rows if row.note))
    lines = [list(HEADINGS)]
    for row in rows:
        mark = f" [{notes.index(row.note) + 1}]" if row.note else ""
        lines.append([row.work + mark, *row.cells[1:]])
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    text.insert(1, "-" * max(map(len, text)))
    text += ["", *(f"[{i}] {note}" for i, note in enumerate(notes, start=1))]
    return "\n".join(text)


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "MB":
        return f"{value:.0f} MB"
    if value >= 1:
        return f"{value:.3g} s"
    return f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} us"


def _speed(ratio: float) -> str:
    """`ratio` times as long, as people say it."""
    faster = ratio <= 1
    factor = 1 / ratio if faster else ratio
    return f"{factor:.3g}x {'faster' if faster else 'slower'}"


def with_isx(calls: Calls, **theirs: Callable[[Any], object]) -> dict[str, Callable[[], object]]:
    """The candidates, with those that take the module `isx` where it is installed."""
    if isx is None:
        return dict(calls)
    return {**calls, **{name: _bound(call) for name, call in theirs.items()}}


def _bound(call: Callable[[Any], object]) -> Callable[[], object]:
    return lambda: call(isx)
