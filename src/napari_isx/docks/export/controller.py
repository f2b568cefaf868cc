"""Exporting from the window: what is open, in the formats and into the folder that are chosen."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Final

import platformdirs

import napari_isx
from napari_isx.analysis.epochs import EpochActivity
from napari_isx.analysis.event_responses import PeriEvent
from napari_isx.docks.common.background import Work
from napari_isx.docks.common.settings import recall, remember
from napari_isx.docks.common.views import Views, is_alive
from napari_isx.docks.export.details_dialog import DetailsDialog
from napari_isx.docks.export.dock import Choice, ExportWidget, Item
from napari_isx.docks.export.formats import (
    DECISIONS,
    NWB,
    NWB_MOVIES,
    NWB_MP4,
    SESSION_TITLES,
    TIDY,
    Format,
    formats_of,
    nwb_bytes,
    tidy_bytes,
)
from napari_isx.docks.export.work import ActivityBar, Job, Outcome, run_jobs
from napari_isx.export.common import Progress, check_target
from napari_isx.export.decisions_csv import write_decisions_csv
from napari_isx.export.nwb.metadata import found_metadata
from napari_isx.export.tidy import TidyFormat
from napari_isx.io.base.recording import Recording
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellSet, CellStatus
from napari_isx.io.movies.base import Movie
from napari_isx.session.decisions.entries import Entry
from napari_isx.session.session import Session
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

_SETTINGS: Final = "export"
_ANIMALS: Final = "nwb-animals"
_SESSION_KIND: Final = "session"
# What is remembered whatever the animal.
_OF_LAB: Final = ("experimenter", "institution", "lab", "experiment_description", "keywords")


class ExportControl(Control):
    """Exports what is open, for the dock *Export*."""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        self._views: Views[ExportWidget] = Views()
        self._work: Work[float | Outcome] = Work(self._on_step, self._on_failure, self._on_end)
        self._canceled = Event()
        self._bar: ActivityBar | None = None
        self._outcomes: list[Outcome] = []
        self._asked: set[str] = set()
        saved = recall(_SETTINGS)
        self._saved: dict[str, Any] = saved if isinstance(saved, dict) else {}
        session.recordings_changed.connect(self.show)

    @property
    def is_running(self) -> bool:
        """Whether files are being written."""
        return self._work.is_running

    def attach(self, view: ExportWidget) -> None:
        """Export for a dock until it is destroyed."""
        self._views.add(view)
        view.picked.connect(self._on_picked)
        view.export_requested.connect(self.export)
        view.cancel_requested.connect(self.cancel)
        view.details_requested.connect(self.ask_for_details)
        self.show()

    @property
    def _view(self) -> ExportWidget | None:
        return next(iter(self._views), None)

    def show(self) -> None:
        """Show what is open, checked as it was the last time."""
        for view in self._views:
            view.show_items([self._item(one) for one in self._listed()])
            if not view.folder:
                view.show_folder(str(self._saved.get("folder") or self._own_folder()))
            self._show_estimate(view)

    def _listed(self) -> list[Recording | None]:
        """The whole session, None, before each recording that can be exported."""
        opened = [one for one in self.session.recordings if formats_of(one)]
        return [None, *opened] if opened else []

    def _item(self, one: Recording | None) -> Item:
        if one is None:
            last = self._last_picked(_SESSION_KIND)
            choices = [Choice(key, text, "", key in last) for key, text in SESSION_TITLES.items()]
            return Item("The whole session", "", choices)
        last = self._last_picked(one.kind)
        choices = [
            Choice(form.key, form.title, size_text(form.size(one)), form.key in last)
            for form in formats_of(one)
        ]
        return Item(one.name, one.kind, choices)

    def _last_picked(self, kind: str) -> Sequence[str]:
        formats = self._saved.get("formats")
        picked = formats.get(kind) if isinstance(formats, dict) else None
        return picked if isinstance(picked, list) else []

    def _own_folder(self) -> str:
        """Where the first recording lies; what is written beside the samples nobody finds again."""
        cache = platformdirs.user_cache_path("napari-isx")
        paths = [one.path.parent for one in self.session.recordings if one.path is not None]
        return str(next((path for path in paths if not path.is_relative_to(cache)), Path.home()))

    def _on_picked(self) -> None:
        view = self._view
        if view is None:
            return
        listed, formats = self._listed(), dict(self._saved.get("formats") or {})
        for one in listed:
            kind = _SESSION_KIND if one is None else one.kind
            formats[kind] = []
        for place, key in view.wanted:
            one = listed[place]
            chosen = formats[_SESSION_KIND if one is None else one.kind]
            if key not in chosen:
                chosen.append(key)
        self._saved |= {"formats": formats, "folder": view.folder}
        remember(_SETTINGS, self._saved)
        self._show_estimate(view)

    def _show_estimate(self, view: ExportWidget) -> None:
        total, listed = 0.0, self._listed()
        of_session = {key for place, key in view.wanted if listed[place] is None}
        if NWB in of_session:
            total += nwb_bytes(self.session.recordings, of_session)
        total += len(of_session & set(TIDY)) * tidy_bytes(self.session.recordings)
        for place, key in view.wanted:
            one = listed[place]
            if one is not None:
                form = next(form for form in formats_of(one) if form.key == key)
                share = self._share(one, view.span_s) if form.has_range else 1.0
                total += share * form.size(one)
        folder = Path(view.folder)
        try:
            free = shutil.disk_usage(folder).free
        except OSError:
            view.show_estimate(f"About {size_text(total)}. There is no such folder.")
            return
        text = f"About {size_text(total)}; {size_text(free)} are free there."
        view.show_estimate(text if total < free else f"{text} That is too little.")

    def _share(self, one: Recording, span_s: tuple[float, float] | None) -> float:
        if span_s is None or one not in self.session.clock:
            return 1.0
        placed = self.session.clock.placed(one)
        first, last = max(span_s[0], placed.offset_s), min(span_s[1], placed.end_s)
        length = placed.end_s - placed.offset_s
        return max(last - first, 0) / length if length > 0 else 1.0

    # ---- what only people know

    @property
    def _animal(self) -> str:
        subject = found_metadata(self.session.recordings)["Subject"]
        return str(subject.get("subject_id", ""))

    def details(self) -> dict[str, dict[str, str]]:
        """What was given for the animal that is open, by section and name."""
        known = _known()
        details: dict[str, dict[str, str]] = {"NWBFile": dict(known["lab"])}
        for section, values in known["animals"].get(self._animal, {}).items():
            details[section] = details.get(section, {}) | values
        return details

    def ask_for_details(self, then_export: bool = False) -> DetailsDialog | None:
        """Let the user say what the files do not know."""
        view = self._view
        if view is None:
            return None
        found = found_metadata(self.session.recordings)
        texts = {s: {k: _text(k, v) for k, v in values.items()} for s, values in found.items()}
        for section, values in self.details().items():
            texts[section] = texts.get(section, {}) | values
        dialog = DetailsDialog(self._animal, texts, view)
        dialog.given.connect(self.take_details)
        if then_export:
            dialog.given.connect(self.export)
            dialog.skipped.connect(self.export)
        dialog.open()
        return dialog

    def take_details(self, values: Mapping[str, Mapping[str, str]]) -> None:
        """Remember what was said of the animal, and of the lab for the next one."""
        known, file = _known(), values.get("NWBFile", {})
        known["lab"] = {name: text for name, text in file.items() if name in _OF_LAB}
        known["animals"][self._animal] = {section: dict(one) for section, one in values.items()}
        remember(_ANIMALS, known)

    # ---- the work

    def export(self, *_: object) -> None:
        """Write what is checked; of an animal seen for the first time ask for details before."""
        view = self._view
        if view is None or self.is_running:
            return
        listed = self._listed()
        wanted = [(listed[place], key) for place, key in view.wanted]
        if not wanted:
            view.show_message("Check what is to be exported.")
            return
        if not view.folder or not Path(view.folder).is_dir():
            view.show_message("There is no such folder: make it, or choose another one.")
            return
        animal = self._animal
        is_known = animal in _known()["animals"] or animal in self._asked
        if (None, NWB) in wanted and not is_known:
            self._asked.add(animal)
            self.ask_for_details(then_export=True)
            return
        jobs = self._jobs(view, wanted)
        if not jobs:
            view.show_message("Check NWB file, too: the other two are about what is in it.")
            return
        self._outcomes = []
        self._canceled = Event()
        canceled = self._canceled
        self._bar = ActivityBar(f"Exporting {len(jobs)} files", canceled)
        view.show_message("")
        view.show_progress(0.0)
        self._work.start(lambda: run_jobs(jobs, canceled))

    def cancel(self) -> None:
        """Leave what is not written yet; the file that is being written goes."""
        self._canceled.set()

    def _jobs(
        self, view: ExportWidget, wanted: Iterable[tuple[Recording | None, str]]
    ) -> list[Job]:
        folder, overwrite = Path(view.folder), bool(view.overwrite_box.isChecked())
        shown = self.statuses() if view.shown_box.isChecked() else {}
        jobs: list[Job] = []
        taken: set[str] = set()
        chosen = list(wanted)
        for one, key in chosen:
            if one is None:
                if key == NWB:
                    keys = {k for recording, k in chosen if recording is None}
                    jobs.append(self._nwb_job(folder, keys, overwrite, shown))
                elif key in TIDY:
                    jobs.append(self._tidy_job(folder, TIDY[key], overwrite, shown))
                elif key == DECISIONS:
                    jobs += self._decision_jobs(folder, overwrite, taken)
                continue
            form = next(form for form in formats_of(one) if form.key == key)
            path = folder / _unique(one.title, form.ending, taken)
            jobs.append(Job(path, self._runner(one, form, path, overwrite, shown, view.span_s)))
        return jobs

    def _runner(
        self,
        one: Recording,
        form: Format,
        path: Path,
        overwrite: bool,
        shown: Mapping[CellSet, Sequence[CellStatus]],
        span_s: tuple[float, float] | None,
    ) -> Any:
        options: dict[str, Any] = {"overwrite": overwrite}
        if isinstance(one, CellSet):
            options["statuses"] = shown.get(one, one.statuses)
        if form.has_range and span_s is not None and isinstance(one, (Movie, BehaviorMovie)):
            placed = self.session.clock.placed(one)
            options["times_s"] = tuple(placed.from_session_s(time_s) for time_s in span_s)
        if isinstance(one, BehaviorMovie) and form.has_range:
            options["color"] = True

        def run(progress: Progress) -> Sequence[str]:
            written = form.write(one, path, progress=progress, **options)
            codec = getattr(written, "codec", "")
            return [f"encoded as {codec}"] if codec else _notes(written)

        return run

    def _nwb_job(
        self,
        folder: Path,
        keys: set[str],
        overwrite: bool,
        shown: Mapping[CellSet, Sequence[CellStatus]],
    ) -> Job:
        recordings, details = list(self.session.recordings), self.details()
        responses = self._responses()
        path = folder / f"{self._session_title}.nwb"

        def run(progress: Progress) -> Sequence[str]:
            return napari_isx.export_nwb(
                recordings,
                path,
                metadata=details,
                movies=NWB_MOVIES in keys,
                behavior_mp4=NWB_MP4 in keys,
                statuses=shown,
                responses=responses,
                overwrite=overwrite,
                progress=progress,
            ).findings

        return Job(path, run)

    def _tidy_job(
        self,
        folder: Path,
        form: TidyFormat,
        overwrite: bool,
        shown: Mapping[CellSet, Sequence[CellStatus]],
    ) -> Job:
        """Tables in a folder of their own, as they have the names of others."""
        recordings = [one for one in self.session.recordings if formats_of(one)]
        path = folder / f"{self._session_title}-tidy"

        def run(progress: Progress) -> Sequence[str]:
            path.mkdir(exist_ok=True)
            try:
                tables = napari_isx.export_tidy(
                    recordings, path, format=form, statuses=shown, overwrite=overwrite,
                    progress=progress,
                )  # fmt: skip
            except BaseException:
                with suppress(OSError):  # not empty
                    path.rmdir()
                raise
            return [f"{len(tables)} tables are in it"]

        return Job(path, run)

    def _decision_jobs(self, folder: Path, overwrite: bool, taken: set[str]) -> list[Job]:
        jobs = []
        for group in self.session.groups:
            if group.cells is not None and group.curation is not None:
                path = folder / _unique(group.cells.title, "-decisions.csv", taken)
                entries = group.curation.journal_entries()
                jobs.append(Job(path, partial(_write_decisions, path, entries, overwrite)))
        return jobs

    @property
    def _session_title(self) -> str:
        """That of the movie from which the rest was made."""
        recordings = self.session.recordings
        return min(recordings, key=lambda one: (not isinstance(one, Movie), one.title)).title

    def statuses(self) -> dict[CellSet, list[CellStatus]]:
        """Decisions as they are shown."""
        return {
            group.cells: list(group.curation.statuses)
            for group in self.session.groups
            if group.cells is not None and group.curation is not None
        }

    def _responses(self) -> dict[CellSet, dict[str, PeriEvent | EpochActivity]]:
        """What was computed in the dock *Responses*."""
        reviews = ((group.cells, self.session.reviews.of(group)) for group in self.session.groups)
        return {
            cells: dict(review.results)
            for cells, review in reviews
            if cells is not None and review is not None
        }

    def _on_step(self, step: float | Outcome) -> None:
        if isinstance(step, Outcome):
            self._outcomes.append(step)
            return
        for view in self._views:
            view.show_progress(step)
        if self._bar is not None:
            self._bar.show(step)

    def _on_failure(self, text: str) -> None:
        self._close(text)

    def _on_end(self) -> None:
        lines = [f"{one.path.name} is written." for one in self._outcomes if not one.problem]
        lines += [f"⚠ {one.problem}" for one in self._outcomes if one.problem]
        if self._canceled.is_set():
            lines.append("Canceled; of the file that was being written nothing is left.")
        for one in self._outcomes:
            lines += [f"{one.path.name}: {note}" for note in one.notes]
        self._close("\n".join(lines))

    def _close(self, text: str) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        for view in self._views:
            if is_alive(view):
                view.show_progress(None)
                view.show_message(text)
                self._show_estimate(view)


def _known() -> dict[str, Any]:
    """What was said of the lab, and of each animal."""
    found = recall(_ANIMALS)
    found = found if isinstance(found, dict) else {}
    parts = {part: found.get(part) for part in ("lab", "animals")}
    return {part: value if isinstance(value, dict) else {} for part, value in parts.items()}


def size_text(num_bytes: float) -> str:
    """A size as people read it."""
    for limit, size, unit in ((1e6, 1e3, "kB"), (1e9, 1e6, "MB"), (1e12, 1e9, "GB")):
        if num_bytes < limit:
            return f"{num_bytes / size:.3g} {unit}"
    return f"{num_bytes / 1e12:.3g} TB"


def _notes(written: Any) -> Sequence[str]:
    """What a writer has to say; most return paths."""
    is_text = isinstance(written, list) and all(isinstance(one, str) for one in written)
    return written if is_text else []


def _write_decisions(
    path: Path, entries: Sequence[Entry], overwrite: bool, _progress: Progress
) -> Sequence[str]:
    check_target(path, overwrite)
    count = write_decisions_csv(path, entries)
    return [] if count else ["nobody has decided about these cells yet"]


def _unique(title: str, ending: str, taken: set[str]) -> str:
    name, number = title + ending, 1
    while name.casefold() in taken:
        number += 1
        name = f"{title}-{number}{ending}"
    taken.add(name.casefold())
    return name


def _text(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ("; " if name == "experimenter" else ", ").join(map(str, value))
    return value.date().isoformat() if hasattr(value, "date") else str(value)
