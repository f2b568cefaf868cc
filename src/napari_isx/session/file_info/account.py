"""What a file says of itself, for people to read and programs to parse.

Nothing is read for it that takes time, so that large files say less until they have been read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_isx.io.base.recording import Recording
from napari_isx.io.format.atomic_write import write_whole
from napari_isx.session.file_info.acquisition_rows import acquisition_rows, processing_rows
from napari_isx.session.file_info.content_rows import content_rows, content_title
from napari_isx.session.file_info.file_rows import (
    clock_rows,
    file_rows,
    pixel_rows,
    timing_rows,
    title_of,
)
from napari_isx.session.file_info.words import Row, as_json, json_text, row
from napari_isx.timeline.placed import Placed


@dataclass(frozen=True)
class Info:
    """All that a recording says: rows by the title of their section, in the order to read them."""

    title: str
    """The file's name; of a series or a plane also which."""
    sections: Mapping[str, Sequence[Row]]
    acquisition_info: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """As the file has it, under the names of Inscopix' software."""

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
    """What a recording says; what cannot be read is said in its place.

    `placed` is where it is on the session's clock, if it is.
    """
    parts: dict[str, Callable[[], Iterable[Row]]] = {
        "File": lambda: file_rows(recording),
        "Acquisition": lambda: acquisition_rows(recording.acquisition_info),
        "Processing": lambda: processing_rows(recording),
        "Pixels": lambda: pixel_rows(recording),
        "Timing": lambda: timing_rows(recording),
        "Clock": lambda: clock_rows(placed),
        content_title(recording): lambda: content_rows(recording),
    }
    sections = {title: _readable(rows) for title, rows in parts.items()}
    try:
        info = recording.acquisition_info
    except (OSError, ValueError):  # said in its section
        info = {}
    filled = {title: rows for title, rows in sections.items() if rows}
    return Info(title_of(recording), filled, info)


def save_info(info: Info, path: str | os.PathLike[str]) -> None:
    """Save it as text or JSON, by the suffix; the file is there whole or not at all.

    Raises ValueError for another suffix, and OSError where the file cannot be written.
    """
    target = Path(path)
    texts = {".txt": info.to_text, ".json": info.to_json}
    if target.suffix.lower() not in texts:
        ends = " or ".join(texts)
        raise ValueError(f"{target.name} cannot be written: choose a name that ends in {ends}")
    write_whole(target, texts[target.suffix.lower()]().encode())


def _readable(rows: Callable[[], Iterable[Row]]) -> list[Row]:
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
