"""What a file knows of itself, for people to read and programs to parse.

:func:`describe` makes it of any opened recording. Only what the file says is told; nothing is
read for it that takes time, so that large files tell less until they have been read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from napari_isx.io.base.recording import Recording
from napari_isx.io.format.atomic_write import write_whole
from napari_isx.session.file_info.acquisition_rows import Row, acquisition_rows, processing_rows
from napari_isx.session.file_info.file_rows import (
    clock_rows,
    content_rows,
    content_title,
    file_rows,
    pixel_rows,
    timing_rows,
    title_of,
)
from napari_isx.session.file_info.words import as_json, as_words, json_text
from napari_isx.timeline.clock import Placed

SUFFIXES: Final = (".txt", ".json")
"""What an account can be saved as."""


@dataclass(frozen=True)
class InfoEntry:
    """One thing that a file knows.

    Attributes
    ----------
    label : str
    value : object
        As JSON has it, and complete.
    text : str
        One line for people, with the unit; long lists are cut.
    unit : str
        Of the value, empty where it has none.
    """

    label: str
    value: Any
    text: str
    unit: str = ""


@dataclass(frozen=True)
class InfoSection:
    """Things that belong together.

    Attributes
    ----------
    title : str
    entries : tuple of InfoEntry
    """

    title: str
    entries: tuple[InfoEntry, ...]


@dataclass(frozen=True)
class Info:
    """All that is told of a recording.

    Attributes
    ----------
    title : str
        The file's name; of a series or a plane also which.
    sections : tuple of InfoSection
        Those that have something to tell, in the order to read them.
    acquisition_info : dict
        As the file has it, under the names of Inscopix' software.
    """

    title: str
    sections: tuple[InfoSection, ...]
    acquisition_info: dict[str, Any] = field(default_factory=dict, repr=False)

    def to_text(self) -> str:
        """Lines of label and text, aligned, by sections."""
        labels = (len(entry.label) for section in self.sections for entry in section.entries)
        width = min(max(labels, default=0), 40)
        lines = [self.title]
        for section in self.sections:
            lines += ["", section.title]
            lines += [f"  {entry.label:<{width}}  {entry.text}" for entry in section.entries]
        return "\n".join(lines) + "\n"

    def to_json(self) -> str:
        """An object for each section, with whole lists, and the ``acquisition_info``."""
        sections = {section.title: _by_label(section.entries) for section in self.sections}
        return json_text(sections | {"acquisition_info": as_json(self.acquisition_info)}) + "\n"


def describe(recording: Recording, placed: Placed | None = None) -> Info:
    """Tell what a recording knows of itself.

    Parameters
    ----------
    recording : Recording
        Of any kind. What cannot be read, of a closed file for one, is told as such.
    placed : Placed, optional
        Where it is on the session's clock.
    """
    accounts: tuple[tuple[str, Callable[[], Iterable[Row]]], ...] = (
        ("File", lambda: file_rows(recording)),
        ("Acquisition", lambda: acquisition_rows(recording.acquisition_info)),
        ("Processing", lambda: processing_rows(recording)),
        ("Pixels", lambda: pixel_rows(recording)),
        ("Timing", lambda: timing_rows(recording)),
        ("Clock", lambda: clock_rows(placed)),
        (content_title(recording), lambda: content_rows(recording)),
    )
    made = [_section(title, rows) for title, rows in accounts]
    try:
        info = recording.acquisition_info
    except (OSError, ValueError):  # told in its section
        info = {}
    return Info(title_of(recording), tuple(s for s in made if s.entries), info)


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
    if target.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"{target.name} cannot be written: choose a name that ends in {' or '.join(SUFFIXES)}"
        )
    text = info.to_json() if target.suffix.lower() == ".json" else info.to_text()
    write_whole(target, text.encode())


def _section(title: str, rows: Callable[[], Iterable[Row]]) -> InfoSection:
    """A section of some rows; what cannot be read is told in the place of what would be."""
    try:
        entries = [InfoEntry(r.label, as_json(r.value), r.text, r.unit) for r in rows()]
    except (OSError, ValueError) as error:
        entries = [InfoEntry("Not readable", as_json(str(error)), as_words(str(error)))]
    return InfoSection(title, tuple(entries))


def _by_label(entries: Iterable[InfoEntry]) -> dict[str, Any]:
    """Values by label and unit; the second of two alike is "label 2"."""
    values: dict[str, Any] = {}
    for entry in entries:
        label = key = f"{entry.label} ({entry.unit})" if entry.unit else entry.label
        count = 1
        while key in values:
            count += 1
            key = f"{label} {count}"
        values[key] = entry.value
    return values
