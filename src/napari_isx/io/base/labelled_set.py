"""What sets of cells and of vessels say of each: its name, its status and its color."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, ClassVar, Final, Literal, SupportsIndex

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.recording import Recording
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.format.json_fields import Fields

CellStatus = Literal["accepted", "undecided", "rejected"]
STATUSES: Final[tuple[CellStatus, ...]] = ("accepted", "undecided", "rejected")
"""Statuses of cells and vessels; the place of each is its code in a file."""

_WHITE: Final = 0xFFFFFFFF


class LabelledSet(Recording):
    """Things found in a movie, each with a name, a status and a color.

    Attributes
    ----------
    names : list of str
    timing : Timing
        Of the traces.
    spacing : Spacing
        Of the pictures.
    """

    names: list[str]
    timing: Timing
    spacing: Spacing
    item: ClassVar[str]
    """What the set is of, as people and, capitalized, the keys of a footer name it."""

    _codes: list[int]
    _argb: list[int]

    @property
    def statuses(self) -> list[CellStatus]:
        """What was decided about each, as last read or saved."""
        return [STATUSES[code] for code in self._codes]

    @property
    def colors(self) -> npt.NDArray[np.uint8]:
        """``(N, 4)``: the color of each as red, green, blue, alpha."""
        argb = np.asarray(self._argb, "<u4").reshape(-1, 1).view(np.uint8)
        return np.ascontiguousarray(argb[:, [2, 1, 0, 3]])

    def _read_labels(self, fields: Fields, *, needs_colors: bool = False) -> None:
        """Take names, statuses and colors from a footer; white without colors if it needs none."""
        prefix = self.item.capitalize()
        self.names = fields.strings(f"{prefix}Names")
        count = len(self.names)
        self._codes = fields.integers(f"{prefix}Statuses", 0, len(STATUSES) - 1)
        default = () if needs_colors else ([_WHITE] * count,)
        self._argb = fields.integers(f"{prefix}Colors", 0, _WHITE, *default)
        for what, values in (("Statuses", self._codes), ("Colors", self._argb)):
            if len(values) != count:
                fields.fail(f"{prefix}{what}", f"one value for each of the {count} {self.item}s")

    @cached_property
    def trace_units(self) -> str | None:
        """The unit of the traces in the file's words ("dF over noise"), or None."""
        units = self.acquisition_info.get("Trace Units")
        return units if isinstance(units, str) else None

    def _index(self, i: SupportsIndex) -> int:
        """The place that an index means, which may count from the end."""
        index, count = operator.index(i), len(self.names)
        if not -count <= index < count:
            raise IndexError(f"{self.item} {index} of {self.name}, which has {count} {self.item}s")
        return index % count


def footer_lists(
    item: str,
    names: Sequence[str] | None,
    statuses: Sequence[CellStatus] | None,
    colors: npt.ArrayLike | None,
    count: int,
) -> dict[str, list[Any]]:
    """What the footer has of each cell or vessel, by key; what :class:`LabelledSet` reads."""
    prefix, digits = item.capitalize(), len(str(max(count - 1, 0)))
    numbered = [f"{prefix[0]}{i:0{digits}d}" for i in range(count)]
    lists: dict[str, list[Any]] = {
        "Names": checked_names(numbered if names is None else names),
        "Statuses": status_codes(["undecided"] * count if statuses is None else statuses),
        "Colors": _argb_codes(colors, count),
        "Activity": [True] * count,
    }
    for key, values in lists.items():
        if len(values) != count:
            raise ValueError(f"{prefix}{key}: {len(values)} values for {count} {item}s")
    return {f"{prefix}{key}": values for key, values in lists.items()}


def status_codes(statuses: Iterable[CellStatus]) -> list[int]:
    """The codes that files have for statuses; ValueError for one that is none of the three."""
    given = list(statuses)
    unknown = next((status for status in given if status not in STATUSES), None)
    if unknown is not None or None in given:
        raise ValueError(f"unknown status {unknown!r}; known are {', '.join(STATUSES)}")
    return [STATUSES.index(status) for status in given]


def checked_names(names: Iterable[object]) -> list[str]:
    """Names as a list; raise ValueError for one that is not text."""
    texts: list[str] = []
    for name in names:
        if not isinstance(name, str):
            raise ValueError(f"a name must be text, not {name!r}")  # noqa: TRY004
        texts.append(name)
    return texts


def _argb_codes(colors: npt.ArrayLike | None, count: int) -> list[int]:
    """The numbers that files have for colors, white by default; raise ValueError for others."""
    if colors is None:
        return [_WHITE] * count
    rgba = np.asarray(colors)
    with np.errstate(invalid="ignore"):
        same = np.array_equal(rgba, rgba.astype(np.uint8))
    if rgba.shape != (count, 4) or not same:
        raise ValueError(f"colors must be {count} rows of four numbers from 0 to 255")
    rgba = rgba.astype(np.uint8)
    argb: list[int] = np.ascontiguousarray(rgba[:, [2, 1, 0, 3]]).view("<u4")[:, 0].tolist()
    return argb
