"""Where files come from: whether one may have been made of another, and how probable it is.

What a file says of itself counts first, then what its name says. Cells of two planes, colors, days
or animals have equal names and often equal times, so that those alone tell nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final

from napari_isx.io.base.recording import Recording

SAME_SESSION_S: Final = 12 * 3600
"""Recordings further apart in time are not of one session."""
# What is the same in all that was made of one recording, and what people call it.
_FACTS: Final = {
    "Recording UUID": "recording UUID",
    "efocus": "efocus",
    "channel": "channel",
    "Animal ID": "animal",
    "Microscope Serial Number": "microscope",
    "Camera Serial Number": "camera",
}
IMAGED: Final = ("efocus", "channel")
"""The facts that say what a microscope looked at."""

_EFOCUS: Final = re.compile(r"[-_. ]*efocus[-_. ]?(\d{1,4})(?!\d)", re.IGNORECASE)
_COLORS: Final = ("green", "red")
_SEPARATORS: Final = re.compile(r"[-_. ()]+")
_START: Final = re.compile(r"(?<!\d)\d{4}-?\d\d-?\d\d[-_T ]\d\d-?\d\d-?\d\d(?!\d)")


@dataclass(frozen=True)
class Provenance:
    """Where a recording comes from, as far as it and its name tell.

    `facts` has the values for some names of :attr:`Recording.acquisition_info`; several of a
    series, and of cells that were found in several planes. Names are without suffix; `parents` are
    recordings that the file says it was made from.
    """

    facts: Mapping[str, frozenset[str]] = field(hash=False)
    name: str
    parents: frozenset[str] = frozenset()

    @classmethod
    def of(cls, recording: Recording) -> Provenance:
        """What an open recording tells."""
        facts = _facts_of_name(recording.title) | dict(_facts_of(recording))
        return cls(facts, recording.title, _parents_of(recording))

    def contradiction(self, other: Provenance) -> str:
        """What shows that two are not of one source: "efocus 700 and not 400"; else empty.

        Told of this one, as seen from the other.
        """
        for key, word in _FACTS.items():
            ours, theirs = self.facts.get(key), other.facts.get(key)
            if ours and theirs and ours.isdisjoint(theirs):
                return f"{word} {_listed(ours)} and not {_listed(theirs)}"
        return ""

    def likeness(self, source: Provenance) -> tuple[int, ...]:
        """How probably this was made from another: the larger, the more probable.

        Named as the parent, then how many facts are the same, then how much of the names.
        """
        same = sum(
            bool(values & source.facts.get(key, set())) for key, values in self.facts.items()
        )
        ours, theirs = _tokens(self.name), _tokens(source.name)
        common = (ours & theirs).total()
        goes_on = common > 0 and theirs <= ours
        return source.name.casefold() in self.parents, same, common, goes_on


def name_without_place(name: str) -> str:
    """A name without the focal plane, which its facts have."""
    return _EFOCUS.sub("", name)


def name_without_start(name: str) -> str:
    """A name without the moment that recordings are named by: "2021-06-28-23-34-09_video"."""
    return _START.sub("<start>", name)


def _facts_of(recording: Recording) -> Iterator[tuple[str, frozenset[str]]]:
    infos = [one.acquisition_info for one in getattr(recording, "parts", (recording,))]
    for key in _FACTS:
        values = frozenset(_values(info.get(key) for info in infos))
        if key == "efocus" and not values:
            planes = recording.metadata.get("efocusValues")  # of cells; 0 where nobody knows
            values = frozenset(_values(planes if isinstance(planes, list) else ())) - {"0"}
        if values:
            yield key, values


def _values(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        text = str(value).strip().casefold() if isinstance(value, (str, int)) else ""
        if text:
            yield text


def _facts_of_name(name: str) -> dict[str, frozenset[str]]:
    facts = {}
    efocus = {str(int(match[1])) for match in _EFOCUS.finditer(name)}
    if efocus:
        facts["efocus"] = frozenset(efocus)
    colors = frozenset(_COLORS) & _tokens(name).keys()
    if len(colors) == 1:
        facts["channel"] = colors
    return facts


def _parents_of(recording: Recording) -> frozenset[str]:
    """The stems of recordings that a file's own description names, whatever it calls them."""
    own = recording.name.casefold()
    left, found = [recording.metadata.get("extraProperties")], set()
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += one.values()
        elif isinstance(one, list):
            left += one
        elif isinstance(one, str) and one.casefold().endswith((".isxd", ".isxc")):
            found.add(one.replace("\\", "/").rpartition("/")[2].casefold())
    return frozenset(PurePath(name).stem for name in found - {own})


def _tokens(name: str) -> Counter[str]:
    """The words and numbers of a name."""
    return Counter(
        token.lstrip("0") or "0" for token in _SEPARATORS.split(name.casefold()) if token
    )


def _listed(values: frozenset[str]) -> str:
    return " or ".join(sorted(values))
