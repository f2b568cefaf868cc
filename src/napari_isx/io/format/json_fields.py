"""JSON from a file, taken out key by key with the type and range each value must have."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

from napari_isx.io.errors import IsxFileError

MAX_VALUES: Final = 1_000_000
"""A description has no more values than this; 5,000 cells with all metrics take a tenth of it.

A text of 64 MB can have tens of millions, which take many seconds and a gigabyte to decode.
"""
_REQUIRED: Final[Any] = object()
_INT64_MAX: Final = 2**63 - 1
_STRAY_BYTE: Final = re.compile("[\udc80-\udcff]")


class Rational(NamedTuple):
    """A fraction as the file has it: never reduced, because the file's own terms are reported."""

    num: int
    den: int

    def __float__(self) -> float:
        # Each term is rounded before they are divided, as in `isx`.
        return float(self.num) / float(self.den)


def parse_json_object(
    path: str | os.PathLike[str], text: bytes, what: str, max_values: int = MAX_VALUES
) -> dict[str, Any]:
    """Decode JSON that must be one object, not too deep, and of not too many values.

    It is UTF-8; bytes that are not, in a name that somebody typed, are read as Latin-1.
    """
    # Each value follows a comma or a bracket. Those in texts count too, which are few.
    num_values = sum(map(text.count, (b",", b"[", b"{")))
    if num_values > max_values:
        raise IsxFileError(
            path, f"the {what} has some {num_values:,} values; {max_values:,} are the most"
        )
    try:
        value = json.loads(_decoded(text))
    except RecursionError:
        raise IsxFileError(path, f"the {what} is nested too deep to be real") from None
    except ValueError as error:  # JSONDecodeError and over-long numbers
        raise IsxFileError(path, f"the {what} is not valid JSON text ({error})") from None
    if not isinstance(value, dict):
        raise IsxFileError(path, f"the {what} must be a JSON object, found {_brief(value)}")
    return value


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        escaped = text.decode("utf-8", "surrogateescape")
        return _STRAY_BYTE.sub(lambda byte: chr(ord(byte[0]) & 0xFF), escaped)


class Fields:
    """One JSON object of a file, read with checks.

    Every method takes a key and an optional ``default`` for a missing or null value, and raises
    :class:`IsxFileError` naming the key, with a prefix that says where the object stands in the
    file's JSON, what was expected and what was found.
    """

    def __init__(self, path: Path, values: Mapping[str, Any], prefix: str = "") -> None:
        self.path, self.values, self.prefix = path, values, prefix

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None

    def fail(self, key: str, expected: str) -> NoReturn:
        """Raise the error for a key whose value is not what it must be."""
        name = f"{self.prefix}{key}"
        if key not in self.values:
            raise IsxFileError(self.path, f"'{name}' is missing from the file's description")
        found = _brief(self.values[key])
        raise IsxFileError(self.path, f"'{name}' must be {expected}, found {found}")

    def integer(
        self, key: str, low: int = 0, high: int = _INT64_MAX, default: int = _REQUIRED
    ) -> int:
        """A whole number within [low, high], also written as 3.0; true and "3" are none."""
        value = _whole(self.values.get(key))
        if value is None and default is not _REQUIRED:
            return default
        if type(value) is not int or not low <= value <= high:
            self.fail(key, f"a whole number from {low} to {high}")
        return value

    def boolean(self, key: str, default: bool = _REQUIRED) -> bool:
        """True or false."""
        value = self.values.get(key)
        if value is None and default is not _REQUIRED:
            return default
        if not isinstance(value, bool):
            self.fail(key, "true or false")
        return value

    def child(self, key: str) -> Fields:
        """An object."""
        value = self.values.get(key)
        if not isinstance(value, dict):
            self.fail(key, "an object")
        return Fields(self.path, value, f"{self.prefix}{key}.")

    def rational(self, key: str, low: int = -_INT64_MAX) -> Rational:
        """``{"num": ..., "den": ...}`` with a positive denominator and num >= low."""
        fields = self.child(key)
        return Rational(fields.integer("num", low), fields.integer("den", 1))

    def rationals(self, key: str) -> list[Rational]:
        """A list of fractions that are not negative."""
        items = self._list(key, _REQUIRED, "a list of fractions")
        rows = (Fields(self.path, {"item": item}, f"{self.prefix}{key}.") for item in items)
        return [row.rational("item", 0) for row in rows]

    def strings(self, key: str, default: list[str] = _REQUIRED) -> list[str]:
        """A list of texts."""
        items = self._list(key, default, "a list of texts")
        if not all(isinstance(item, str) for item in items):
            self.fail(key, "a list of texts")
        return items

    def integers(
        self, key: str, low: int, high: int = _INT64_MAX, default: list[int] = _REQUIRED
    ) -> list[int]:
        """A list of whole numbers, each within [low, high]."""
        items = self._list(key, default, f"a list of whole numbers from {low} to {high}")
        numbers = [item if type(item) is int else _whole(item) for item in items]
        for place, number in enumerate(numbers):
            if type(number) is not int or not low <= number <= high:
                one = Fields(self.path, {f"{key}[{place}]": items[place]}, self.prefix)
                one.fail(f"{key}[{place}]", f"a whole number from {low} to {high}")
        return numbers

    def objects(self, key: str) -> list[Fields]:
        """A list of objects."""
        items = self._list(key, _REQUIRED, "a list of objects")
        if not all(isinstance(item, dict) for item in items):
            self.fail(key, "a list of objects")
        return [Fields(self.path, item, f"{self.prefix}{key}.") for item in items]

    def _list(self, key: str, default: Any, expected: str) -> list[Any]:
        value = self.values.get(key)
        if value is None and default is not _REQUIRED:
            value = default
        if not isinstance(value, list):
            self.fail(key, expected)
        return value


def _whole(value: Any) -> Any:
    """A number without a fraction as an int; JSON has one kind of number, and so has MATLAB."""
    return int(value) if type(value) is float and value.is_integer() else value


def _brief(value: object) -> str:
    """A value for an error message: short whatever a file holds, however deep it nests."""
    if isinstance(value, dict) and value.keys() == {"num", "den"}:
        return f"{_brief_one(value['num'])}/{_brief_one(value['den'])}"
    return _brief_one(value)


def _brief_one(value: object) -> str:
    if isinstance(value, (list, dict)):
        return f"a {'list' if isinstance(value, list) else 'group'} of {len(value):,}"
    if isinstance(value, int) and value.bit_length() > 128:
        return "a number of absurd size"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
