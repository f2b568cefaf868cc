"""Numbers as text, as ``%.7g`` writes them, many at a time.

The traces of 1,000 cells over half an hour are 36 million numbers. NumPy puts each into 16 bytes,
by tables of digits, and then leaves the empty bytes out. It does so without Python's lock, so that
threads work side by side. What this is not sure of, and what is rare, Python formats.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from napari_isx.export.common import Progress

_SLOT: Final = 16  # ", " and no more than the 13 bytes of "-1.234567e-05"
_VALUES_AT_ONCE: Final = 1 << 16  # what is computed in between stays in the processor's cache
_THREADS: Final = min(os.cpu_count() or 1, 4)
_LOWEST, _HIGHEST = -4, 6  # the decimal exponents that are written without "e"
_EXPONENTS: Final = range(_LOWEST, _HIGHEST + 1)
_ZERO: Final = 0 - _LOWEST
_OTHER: Final = len(_EXPONENTS)
# A product this near to a half may have been rounded to its other side.
_NEAR_TIE: Final = 0.5 - 1e-6


Rows = Callable[[int, int], tuple[Sequence[bytes], npt.NDArray[np.float32]]]
"""Gives the heads and ``(rows, cols)`` values of the rows from one to another."""


def _words(texts: Iterable[bytes]) -> npt.NDArray[np.uint64]:
    """Texts of up to 8 bytes, each as the number that is stored as these bytes."""
    return np.array([int.from_bytes(text, "little") for text in texts], "<u8")


def _classes() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    """For the exponent bits of a float32: the place of its decimal exponent, and from where on it
    is the next one, as the bits of a float32.
    """
    places, limits = np.full(256, _OTHER, np.uint8), np.full(256, 2**32 - 1, np.uint32)
    for bits in range(1, 255):
        exponent = int(f"{2.0 ** (bits - 127):.16e}".partition("e")[2])
        if exponent in _EXPONENTS or exponent + 1 == _LOWEST:
            # Wraps from -1 to 0 at the limit; below it is one of the others.
            places[bits] = (exponent - _LOWEST) % 256
            limit = np.float32(10.0 ** (exponent + 1))
            if float(limit) < 10.0 ** (exponent + 1):
                limit = np.nextafter(limit, np.float32(np.inf))
            limits[bits] = limit.view(np.uint32)
    return places, limits


_PLACES, _LIMITS = _classes()
_SCALES: Final = np.array([*(10.0 ** (6 - e) for e in _EXPONENTS), 0.0])
_DIGITS: Final = [f"{i:04d}".encode() for i in range(10_000)]
_FIRST: Final = _words([*_DIGITS, *(digits.rstrip(b"0") for digits in _DIGITS)])
"""The first four of seven digits; 10,000 further on, without zeros at the end."""
_LAST: Final = _words(b"\0\0\0\0" + digits[1:].rstrip(b"0") for digits in _DIGITS[:1000])
_BEHIND: Final = _words(
    [*(b"\0" * (e + 1) + b"\xff" * (6 - e) * (e >= 0) for e in _EXPONENTS), b""]
)
"""Which of the digits stand behind the point; none where it stands in the head."""
_ZEROS: Final = _words([*(b"0" * (e + 1) for e in _EXPONENTS), b""])
"""Digits before the point are there though they be zeros: a digit is this with more bits set."""
_POINTS: Final = _words([*(b"\0" * (e + 1) + b"." * (0 <= e < 6) for e in _EXPONENTS), b""])
_HEADS: Final = _words(
    b", " + sign + (b"0." + b"0" * (-e - 1)) * (e < 0)
    for sign in (b"", b"-")
    for e in (*_EXPONENTS, 0)
)


def fill_slots(values: npt.NDArray[np.float32], slots: npt.NDArray[np.uint64]) -> None:
    """Write ", " and ``%.7g`` of each value, with bytes of 0 in between.

    Parameters
    ----------
    values : numpy.ndarray
        ``(rows, cols)`` float32.
    slots : numpy.ndarray
        ``(rows, cols, 2)`` uint64 to fill.
    """
    bits = values.view(np.uint32)
    magnitude = bits & np.uint32(0x7FFFFFFF)
    exponent = (magnitude >> np.uint32(23)).astype(np.uint8)
    place = _PLACES[exponent]
    place += magnitude >= _LIMITS[exponent]
    np.minimum(place, _OTHER, out=place)
    place[magnitude == 0] = _ZERO
    unsure = place == _OTHER
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.abs(values, dtype=np.float64)
        scaled *= _SCALES[place]
        number = np.rint(scaled)
        unsure |= number >= 1e7
        scaled -= number
        unsure |= np.abs(scaled, out=scaled) > _NEAR_TIE
    np.copyto(number, 0.0, where=unsure)
    seven = number.astype(np.uint32)
    first = seven // np.uint32(1000)
    last = seven - first * np.uint32(1000)
    first += (last == 0) * np.uint32(10_000)
    digits = _FIRST[first]
    digits |= _LAST[last]
    behind = digits & _BEHIND[place]
    digits ^= behind
    digits |= _ZEROS[place]
    digits |= (behind != 0) * _POINTS[place]
    behind <<= np.uint64(8)
    np.bitwise_or(digits, behind, out=slots[..., 1])
    place += (bits >> np.uint32(31)).astype(np.uint8) * np.uint8(_OTHER + 1)
    slots[..., 0] = _HEADS[place]
    if unsure.any():
        rows, cols = np.nonzero(unsure)
        texts = [b", %.7g" % value for value in values[rows, cols].tolist()]
        slots[rows, cols] = np.array(texts, f"S{_SLOT}").view("<u8").reshape(-1, 2)


def rows_as_text(heads: Sequence[bytes], values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Lines of a table: of each row its head, then ", " and ``%.7g`` of each value.

    Parameters
    ----------
    heads : sequence of bytes
    values : numpy.ndarray
        ``(rows, cols)`` float32.
    """
    count, cols = values.shape
    widest = max(map(len, heads), default=0) // 8 + 1
    lines = np.empty((count, widest + 2 * cols + 1), "<u8")
    lines[:, :widest] = np.array(heads, f"S{8 * widest}").view("<u8").reshape(count, widest)
    fill_slots(np.ascontiguousarray(values), lines[:, widest:-1].reshape(count, cols, 2))
    lines[:, -1] = ord("\n")
    text = lines.view(np.uint8).ravel()
    lines_only: npt.NDArray[np.uint8] = text[text != 0]
    return lines_only


def write_rows(
    handle: BinaryIO,
    tables: Sequence[tuple[int, Rows]],
    num_cols: int,
    progress: Progress | None = None,
) -> None:
    """Write tables under one another, of each so many rows, some threads ahead of the disk.

    Parameters
    ----------
    handle : file
    tables : sequence of (int, callable)
        How many rows there are, and what gives some of them; called from several threads.
    num_cols : int
        How many values a row has.
    progress : callable, optional
    """
    step = max(_VALUES_AT_ONCE // max(num_cols, 1), 1)
    blocks = [
        (rows, start, min(start + step, count))
        for count, rows in tables
        for start in range(0, count, step)
    ]
    with ThreadPoolExecutor(_THREADS) as pool:
        ahead = deque(pool.submit(_lines, *block) for block in blocks[: 2 * _THREADS])
        try:
            for done in range(len(blocks)):
                handle.write(ahead.popleft().result().data)
                if done + 2 * _THREADS < len(blocks):
                    ahead.append(pool.submit(_lines, *blocks[done + 2 * _THREADS]))
                if progress is not None:
                    progress((done + 1) / len(blocks))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _lines(rows: Rows, start: int, stop: int) -> npt.NDArray[np.uint8]:
    return rows_as_text(*rows(start, stop))


def quoted(text: str) -> str:
    """A text as a field of a table: in quotes where a comma, quote or line end is in it."""
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if set(text) & set(',"\r\n') else text
