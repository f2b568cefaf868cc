"""What a file knows of itself, for people to read and programs to parse.

:func:`describe` makes it of any opened recording. Only what the file says is told; nothing is
read for it that takes time, so that large files tell less until they have been read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from napari_isx.io.base.recording import Recording
from napari_isx.io.format.atomic_write import write_whole
from napari_isx.session.file_info.acquisition_rows import acquisition_rows, processing_rows
from napari_isx.session.file_info.file_rows import (
    clock_rows,
    content_rows,
    content_title,
    file_rows,
    pixel_rows,
    timing_rows,
    title_of,
)
from napari_isx.session.file_info.words import Row, as_json, json_text, row
from napari_isx.timeline.placed import Placed

SUFFIXES: Final = (".txt", ".json")
"""What an account can be saved as."""


@dataclass(frozen=True)
class Info:
    """All that is told of a recording.

    Attributes
    ----------
    title : str
        The file's name; of a series or a plane also which.
    sections : mapping
        Rows by the title of their section: those that have something to tell, in the order to
        read them.
    acquisition_info : mapping
        As the file has it, under the names of Inscopix' software.
    """

    title: str
    sections: Mapping[str, Sequence[Row]]
    acquisition_info: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def to_text(self) -> str:
        """Lines of label and text, aligned, by sections."""
        labels = (len(one.label) for rows in self.sections.values() for one in rows)
        width = min(max(labels, default=0), 40)
        lines = [self.title]
        for title, rows in self.sections.items():
            lines += ["", title, *(f"  {one.label:<{width}}  {one.text}" for one in rows)]
        return "\n".join(lines) + "\n"

    def to_json(self) -> str:
        """An object for each section, with whole lists, and the ``acquisition_info``."""
        values = {title: _by_label(rows) for title, rows in self.sections.items()}
        return json_text(as_json(values | {"acquisition_info": self.acquisition_info})) + "\n"


def describe(recording: Recording, placed: Placed | None = None) -> Info:
    """Tell what a recording knows of itself.

    Parameters
    ----------
    recording : Recording
        Of any kind. What cannot be read, of a closed file for one, is told as such.
    placed : Placed, optional
        Where it is on the session's clock.
    """
    accounts: dict[str, Callable[[], Iterable[Row]]] = {
        "File": lambda: file_rows(recording),
        "Acquisition": lambda: acquisition_rows(recording.acquisition_info),
        "Processing": lambda: processing_rows(recording),
        "Pixels": lambda: pixel_rows(recording),
        "Timing": lambda: timing_rows(recording),
        "Clock": lambda: clock_rows(placed),
        content_title(recording): lambda: content_rows(recording),
    }
    sections = {title: _readable(rows) for title, rows in accounts.items()}
    try:
        info = recording.acquisition_info
    except (OSError, ValueError):  # told in its section
        info = {}
    return Info(
        title_of(recording), {title: rows for title, rows in sections.items() if rows}, info
    )


def save_info(info: Info, path: str | os.PathLike[str]) -> None:
    """Save an account as text or JSON, by the suffix; the file is there whole or not at all.

    Raises
    ------
    ValueError
        The suffix is neither ".txt" nor ".json".
    OSError
        The file cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(
            f"{target.name} cannot be written: choose a name that ends in {' or '.join(SUFFIXES)}"
        )
    write_whole(target, (info.to_json() if suffix == ".json" else info.to_text()).encode())


def _readable(rows: Callable[[], Iterable[Row]]) -> list[Row]:
    """Some rows; what cannot be read is told in the place of what would be."""
    try:
        return list(rows())
    except (OSError, ValueError) as error:
        return [row("Not readable", str(error))]


def _by_label(rows: Iterable[Row]) -> dict[str, Any]:
    """Values by label and unit; the second of two alike is "label 2"."""
    values: dict[str, Any] = {}
    for one in rows:
        label = key = f"{one.label} ({one.unit})" if one.unit else one.label
        count = 1
        while key in values:
            count += 1
            key = f"{label} {count}"
        values[key] = one.value
    return values
