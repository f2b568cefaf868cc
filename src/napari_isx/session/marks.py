"""Times that people mark by hand, kept in a file beside the recording."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from psygnal import Signal

from napari_isx.io.base.recording import Recording
from napari_isx.io.cells.journal_lines import user_folder
from napari_isx.io.format.atomic_write import write_whole
from napari_isx.session.alignment import Alignment, Span, read_event_table
from napari_isx.timeline.placed import Placed

SUFFIX: Final = ".marks.csv"
_NEAR_S: Final = 0.25


@dataclass(frozen=True, order=True)
class Mark:
    """One marked time.

    Attributes
    ----------
    time_s : float
        Seconds from the start of the recording.
    label : str
    """

    time_s: float
    label: str = ""


class Marks:
    """The marks of one recording: set, named, moved, taken away, undone.

    Each change is in the file at once: a CSV with the columns ``time`` and ``label``, in seconds
    from the start of the recording. It stands beside the recording, or in the user's folder where
    that cannot be written.

    Parameters
    ----------
    recording : Recording
        With a path; marks of what is in memory are kept there alone.

    Attributes
    ----------
    problem : str
        Why the marks are not on the disk, or could not be read; empty where they are.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self, recording: Recording) -> None:
        self.problem = ""
        self._paths = mark_paths(recording)
        self._marks: tuple[Mark, ...] = ()
        self._on_disk: tuple[Mark, ...] = ()
        self._before: list[tuple[Mark, ...]] = []
        self._after: list[tuple[Mark, ...]] = []
        for path in self._paths:
            try:
                table = read_event_table(path)
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                self.problem = f"The marks cannot be read. {error}"
                self._paths = self._paths[1:]  # what stands there is not overwritten
                continue
            self._marks = self._on_disk = _marks_in(table)
            break

    def __len__(self) -> int:
        return len(self._marks)

    def __iter__(self) -> Iterator[Mark]:
        return iter(self._marks)

    @property
    def path(self) -> Path | None:
        """The file that has them; None while there is none."""
        return next((path for path in self._paths if path.exists()), None)

    def add(self, time_s: float, label: str = "") -> None:
        """Mark a time."""
        self._set([*self._marks, Mark(float(time_s), label)])

    def remove(self, mark: Mark) -> None:
        """Take a mark away."""
        self._set([one for one in self._marks if one is not mark])

    def change(self, mark: Mark, time_s: float | None = None, label: str | None = None) -> None:
        """Move a mark, or give it another label."""
        new = Mark(
            mark.time_s if time_s is None else float(time_s), mark.label if label is None else label
        )
        self._set([new if one is mark else one for one in self._marks])

    def near(self, time_s: float) -> Mark | None:
        """The mark nearest to a time, at most a quarter of a second away."""
        nearest = min(self._marks, key=lambda one: abs(one.time_s - time_s), default=None)
        if nearest is None or abs(nearest.time_s - time_s) > _NEAR_S:
            return None
        return nearest

    def undo(self) -> bool:
        """Take the last change back; False where there is none."""
        return self._go(self._before, self._after)

    def redo(self) -> bool:
        """Do again what was undone last; False where there is nothing."""
        return self._go(self._after, self._before)

    def alignment(self, placed: Placed) -> Alignment:
        """The marks as events; the first and the second, the third and the fourth … are epochs."""
        times_s = placed.to_session_s(np.array([one.time_s for one in self._marks], np.float64))
        labels = tuple(one.label for one in self._marks)
        source, of = "marks set by hand", placed.recording
        pairs = list(zip(times_s[::2].tolist(), times_s[1::2].tolist(), strict=False))
        spans: dict[str, list[Span]] = {}
        for label, pair in zip(labels[::2], pairs, strict=False):
            spans.setdefault(label, []).append(pair)
        return Alignment("Marks", times_s, labels if any(labels) else (), None, source, of, spans)

    def _take_over(self) -> None:
        """Have what another window changed in the file since it was read or written here."""
        path = self.path
        if path is None:
            return
        try:
            theirs = _marks_in(read_event_table(path))
        except (OSError, ValueError):  # gone or damaged in the meantime: ours is whole
            return
        added = [one for one in theirs if one not in self._on_disk]
        kept = [one for one in self._marks if one in theirs or one not in self._on_disk]
        self._marks = tuple(sorted({*kept, *added}))

    def _go(self, source: list[tuple[Mark, ...]], target: list[tuple[Mark, ...]]) -> bool:
        if not source:
            return False
        target.append(self._marks)
        self._marks = source.pop()
        self._write()
        return True

    def _set(self, marks: Sequence[Mark]) -> None:
        self._before.append(self._marks)
        self._after.clear()
        self._marks = tuple(sorted(marks))
        self._write()

    def _write(self) -> None:
        import pandas as pd

        self._take_over()
        rows = [(repr(one.time_s), one.label) for one in self._marks]
        text = pd.DataFrame(rows, columns=["time", "label"]).to_csv(
            index=False, lineterminator="\n"
        )
        self.problem = "" if self._paths else "The marks are in this window alone."
        for path in self._paths:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, text.encode())
            except OSError as error:
                self.problem = f"The marks are in this window alone: {error}"
            else:
                self.problem, self._on_disk = "", self._marks
                break
        self.changed.emit()


def _marks_in(table: Alignment) -> tuple[Mark, ...]:
    labels = table.labels or ("",) * len(table)
    return tuple(map(Mark, table.times_s.tolist(), labels))


def mark_paths(recording: Recording) -> list[Path]:
    """Where the marks of a recording stand: beside it, or else in the user's folder."""
    if not recording.paths:
        return []
    real = Path(os.path.realpath(recording.paths[0]))
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:12]
    elsewhere = user_folder().with_name("marks") / f"{digest}-{real.name[-50:]}{SUFFIX}"
    return [real.with_name(real.name + SUFFIX), elsewhere]
