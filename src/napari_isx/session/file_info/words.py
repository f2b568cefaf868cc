"""Values of any kind as words and as JSON, for what a file says of itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from math import isfinite
from typing import Any, Final, NamedTuple

import numpy as np

NOTHING: Final = "\N{EN DASH}"  # for a value that is there but empty
_MAX_RUNS: Final = 20
_MAX_ROWS: Final = 200
_MAX_WORDS: Final = 300
_MAX_DEPTH: Final = 64


class Row(NamedTuple):
    """One thing that a file says: its complete value, and one line for people, with the unit."""

    label: str
    value: object
    text: str
    unit: str = ""

    @property
    def whole_text(self) -> str:
        """The text to copy, in which nothing is cut."""
        if isinstance(self.value, str) and not self.unit:
            return self.value
        if isinstance(self.value, (list, tuple, dict)) and "…" in self.text:
            return json_text(as_json(self.value))
        return self.text


def row(label: str, value: object, text: str = "", unit: str = "") -> Row:
    """A row that says a value in its own words, unless it is given others."""
    return Row(label, value, text or as_words(value), unit)


def count_row(label: str, count: int) -> Row:
    """A row that says how many there are."""
    return Row(label, count, f"{count:,}")


def first_rows(rows: Sequence[Row], what: str) -> list[Row]:
    """Rows, and of very many only the first and how many more there are."""
    shown, more = list(rows[:_MAX_ROWS]), rows[_MAX_ROWS:]
    if more:
        shown.append(Row("More", [one.label for one in more], f"{len(more):,} more {what}"))
    return shown


def as_words(value: object) -> str:
    """One line for a value, cut where it is long."""
    if value is None or (isinstance(value, (str, list, dict)) and not value):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value, 10)
    if isinstance(value, (int, str)):
        return _one_line(str(value))
    if isinstance(value, list) and not any(isinstance(item, (list, dict)) for item in value):
        shown = value[: _MAX_WORDS // 2]  # each takes two letters at least
        more = ", …" if len(value) > len(shown) else ""
        return _one_line(", ".join(map(as_words, shown)) + more)
    return _one_line(json.dumps(as_json(value), ensure_ascii=False))


def as_json(value: object, depth: int = 0) -> Any:
    """The value as strictly valid JSON has it: NaN and infinity as null, keys and dates as text."""
    if depth > _MAX_DEPTH:
        return "…"
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")  # JSON may have half a character
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (np.generic, np.ndarray)):
        return as_json(value.tolist(), depth)
    if isinstance(value, Mapping):
        return {as_json(str(key)): as_json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        is_plain = set(map(type, value)) == {int}  # a list of samples may be long
        return list(value) if is_plain else [as_json(item, depth + 1) for item in value]
    return as_json(str(value), depth)


def json_text(value: object, indent: int = 0) -> str:
    """JSON with a line for each entry of an object; lists stay on their line."""
    if not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    inner = " " * (indent + 2)
    lines = (
        f"{inner}{json.dumps(key, ensure_ascii=False)}: {json_text(item, indent + 2)}"
        for key, item in value.items()
    )
    return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"


def number(value: float, digits: int = 6) -> str:
    """A number to so many digits, without needless zeros."""
    return f"{value:.{digits}g}" if isfinite(value) else NOTHING


def counted(count: int, what: str) -> str:
    """How many of something, in the right grammatical number."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def size(num_bytes: int) -> str:
    """A size in binary units."""
    power = min((max(num_bytes, 1).bit_length() - 1) // 10, 4)
    if not power:
        return counted(num_bytes, "byte")
    value = num_bytes / 1024**power
    return f"{number(value, 4 if value >= 1000 else 3)} {'KMGT'[power - 1]}iB"


def duration(seconds: float) -> str:
    """Seconds; and hours and minutes, where there are any."""
    if not isfinite(seconds):
        return NOTHING
    text = f"{number(seconds)} s"
    if abs(seconds) < 60:
        return text
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{text} ({f'{hours:,} h ' * (hours != 0)}{minutes} min {rest} s)"


def moment(when: datetime) -> str:
    """A date and a time of day to the millisecond, with the time zone."""
    offset = when.strftime("%z")
    zone = f"UTC{offset[:3]}:{offset[3:5]}" if int(offset[:5]) else "UTC"
    return f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03d} {zone}"


def runs_of(samples: Sequence[int], num_samples: int) -> list[tuple[int, int]]:
    """First and last of each run of samples, in order; those behind the end are left out."""
    found = np.unique(np.asarray(samples, np.int64))
    found = found[found < num_samples]
    starts = np.flatnonzero(np.diff(found, prepend=-2, append=num_samples + 1) > 1)
    return list(zip(found[starts[:-1]].tolist(), found[starts[1:] - 1].tolist(), strict=True))


def clipped(ranges: Sequence[tuple[int, int]], num_samples: int) -> list[tuple[int, int]]:
    """The parts of ranges that lie within the recording."""
    return [(a, min(b, num_samples - 1)) for a, b in ranges if a < num_samples]


def runs_in_words(runs: Sequence[tuple[int, int]]) -> str:
    """How many samples the runs have, and which: "3: 181-182, 407"."""
    counts = [last - first + 1 for first, last in runs]
    if not counts:
        return "none"
    named = ", ".join(f"{a}" if a == b else f"{a}\N{EN DASH}{b}" for a, b in runs[:_MAX_RUNS])
    more = f", … and {sum(counts[_MAX_RUNS:]):,} more" if len(runs) > _MAX_RUNS else ""
    return f"{sum(counts):,}: {named}{more}"


def _one_line(text: str) -> str:
    """Text without line breaks and characters that cannot be seen, and not too long."""
    flat = " ".join(text[: 4 * _MAX_WORDS].split())
    flat = "".join(letter if letter.isprintable() else "\ufffd" for letter in flat)
    if len(flat) <= _MAX_WORDS and len(text) <= 4 * _MAX_WORDS:
        return flat or NOTHING
    return f"{flat[:_MAX_WORDS]}… ({len(text):,} characters)"
