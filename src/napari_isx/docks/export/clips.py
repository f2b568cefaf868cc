"""Making clips: of the canvas turn by turn while the window lives on, or side by side apart."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path
from queue import Empty, Queue
from threading import Event
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from qtpy.QtCore import QTimer

from napari_isx.docks.common.background import Work
from napari_isx.docks.common.views import Views
from napari_isx.docks.export.clip_page import ClipPage
from napari_isx.docks.export.work import ActivityBar, Job, Outcome, run_jobs
from napari_isx.export.common import Progress
from napari_isx.export.side_by_side import Outline, Scene, write_side_by_side
from napari_isx.export.video import new_video, playback
from napari_isx.io.base.frames import FrameSequence
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.movies.base import Movie
from napari_isx.layers.keys import ROIS_KEY
from napari_isx.session.plot_rows import TraceRow, channel_row, trace_rows
from napari_isx.session.session import Session
from napari_isx.timeline.placed import Placed
from napari_isx.viewer.control import Control
from napari_isx.viewer.time import TimeControl

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

_PROPOSED_S: Final = 10.0
_MOST_ROWS: Final = 8
_HEIGHT_PX: Final = 480
# Between two turns the window does what else is due.
_PAUSE_MS: Final = 5
# Pictures of the canvas that wait to be encoded.
_MOST_WAITING: Final = 4
_POLL_S: Final = 0.1


class ClipControl(Control):
    """Makes clips for the page of a dock."""

    def __init__(self, viewer: ViewerModel, session: Session, time: TimeControl) -> None:
        super().__init__(viewer, session)
        self._time = time
        self._views: Views[ClipPage] = Views()
        self._work: Work[float | Outcome] = Work(self._on_step, self._close, self._on_end)
        self._canceled = Event()
        self._outcome: Outcome | None = None
        self._bar: ActivityBar | None = None
        self._problem = ""
        self._turns: Generator[None, None, None] | None = None
        self._timer: QTimer | None = None
        session.recordings_changed.connect(self._propose)

    @property
    def is_running(self) -> bool:
        """Whether a clip is being made."""
        return self._work.is_running

    def attach(self, view: ClipPage) -> None:
        """Make clips for a page until it is destroyed."""
        self._views.add(view)
        view.where_requested.connect(self._ask)
        view.clip_requested.connect(self.make)
        view.cancel_requested.connect(self.cancel)
        view.now_requested.connect(self._take_now)
        self._propose()

    @property
    def _view(self) -> ClipPage | None:
        return next(iter(self._views), None)

    def _propose(self) -> None:
        start_s, end_s = self.session.clock.span_s
        for view in self._views:
            view.show_span(start_s, min(start_s + _PROPOSED_S, end_s))

    def _take_now(self, which: str) -> None:
        if (view := self._view) is not None:
            (view.start if which == "start" else view.end).setValue(self.session.cursor.time_s)

    def _ask(self) -> None:
        paths = [one.path for one in self.session.recordings if one.path is not None]
        name = f"{paths[0].stem}-clip.mp4" if paths else "clip.mp4"
        if (view := self._view) is not None:
            view.ask_for_file(str((paths[0].parent if paths else Path.home()) / name))

    def make(self, path: str) -> None:
        """Make the clip that the page describes; a file dialog has asked whether to overwrite."""
        view, target = self._view, Path(path)
        if view is None or self.is_running:
            return
        sources = {source.resolve() for one in self.session.recordings for source in one.paths}
        if target.suffix.lower() not in (".mp4", ".gif") or target.resolve() in sources:
            view.show_message("A clip is an .mp4 or a .gif file.")
            return
        if view.span_s[1] <= view.span_s[0]:
            view.show_message("The clip has no time: its end is not after its start.")
            return
        self._canceled = Event()
        self._bar = ActivityBar(f"Making {target.name}", self._canceled)
        view.show_message("")
        view.show_progress(0.0)
        if view.shows_canvas:
            self._film_canvas(view, target)
        else:
            self._film_side_by_side(view, target)

    def cancel(self, problem: str = "") -> None:
        """Leave it; nothing stays of the file. `problem` is why, unless it is not wanted."""
        self._problem = problem
        self._canceled.set()
        self._end_turns()

    # ---- the canvas

    def _film_canvas(self, view: ClipPage, path: Path) -> None:
        speed, (start_s, end_s) = float(view.speed.value()), view.span_s
        fps = playback(path.suffix, self._period_s(), speed)
        count = max(round((end_s - start_s) / speed * fps), 1)
        moments_s = [start_s + float(i * speed / fps) for i in range(count)]
        quality, height = view.picked_quality, int(view.height_box.value()) or None
        pictures: Queue[Any] = Queue(_MOST_WAITING)

        def run(progress: Progress) -> list[str]:
            with new_video(path, fps, quality, height) as video:
                for i in range(count):
                    video.add(_next_of(pictures, partial(progress, i / count)))
            return [video.codec]

        self._turns = self._film(moments_s, pictures, view)
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._next_turn)
        self._timer.start(_PAUSE_MS)
        view.destroyed.connect(self._on_page_destroyed)
        self._start(Job(path, run))

    def _on_page_destroyed(self) -> None:
        if self._turns is not None:
            self.cancel()

    def _next_turn(self) -> None:
        if self._turns is None or self._timer is None:
            return
        viewer: Any = self._viewer_ref()
        if getattr(getattr(viewer, "window", None), "_qt_window", None) is None:  # it was closed
            self.cancel()
            return
        try:
            next(self._turns)
        except StopIteration:
            self._turns = None
        except (OSError, ValueError) as error:
            self.cancel(str(error))
        except Exception:
            self.cancel("An unexpected error ended this.")
            raise
        else:
            self._timer.start(_PAUSE_MS)

    def _film(
        self, moments_s: Sequence[float], pictures: Queue[Any], view: ClipPage
    ) -> Generator[None, None, None]:
        """Each turn moves to a moment, or gives the picture of it to those that are encoded.

        Turns are short, so that the window answers between them.
        """
        with ExitStack() as stack:
            stack.callback(self._return_to, self.session.cursor.time_s)
            stamp = stack.enter_context(
                self._overlays(view.stamp_box.isChecked(), view.bar_box.isChecked())
            )
            size: tuple[int, ...] = ()
            for moment_s in moments_s:
                while pictures.full():
                    yield
                if stamp is not None:
                    stamp.text = f"{moment_s:.2f} s"
                self._time.scrub_to(moment_s)
                shown_s = self.session.cursor.time_s
                yield
                if self.session.cursor.time_s != shown_s:  # somebody else moved it
                    self._time.scrub_to(moment_s)
                picture = self._shot()
                if size and picture.shape != size:
                    raise ValueError(
                        "The canvas changed its size, so the clip was given up: leave the window "
                        "and its layers as they are while it is filmed."
                    )
                size = picture.shape
                pictures.put_nowait(picture)
                yield

    def _end_turns(self) -> None:
        turns, self._turns = self._turns, None
        if turns is not None:
            turns.close()

    def _shot(self) -> Any:
        viewer: Any = self.viewer
        return np.ascontiguousarray(viewer.screenshot(canvas_only=True, flash=False)[..., :3])

    def _return_to(self, time_s: float) -> None:
        if self._viewer_ref() is not None:
            self._time.go_to(time_s)

    @contextmanager
    def _overlays(self, has_stamp: bool, has_bar: bool) -> Iterator[Any]:
        """Show time stamp and scale bar for a while; gives what the time is written on."""
        viewer: Any = self.viewer
        if hasattr(viewer, "canvas"):  # of napari 0.9
            overlay, bar = viewer.canvas.overlays.text, viewer.canvas.overlays.scale_bar
        else:
            overlay, bar = viewer.text_overlay, viewer.scale_bar
        before = overlay.visible, overlay.text, overlay.position, bar.visible
        if has_stamp:
            overlay.position, overlay.visible = "top_left", True
        bar.visible = bar.visible or has_bar
        try:
            yield overlay if has_stamp else None
        finally:
            overlay.visible, overlay.text, overlay.position, bar.visible = before

    def _period_s(self) -> float:
        """Of the fastest movie that is open."""
        movies = (one for one in self.session.recordings if isinstance(one, FrameSequence))
        periods = [one.timing.period_s for one in movies if one.timing.period_s > 0]
        return min(periods, default=0.05)

    # ---- side by side

    def _film_side_by_side(self, view: ClipPage, path: Path) -> None:
        speed, span_s = float(view.speed.value()), view.span_s
        fps: Fraction = playback(path.suffix, self._period_s(), speed)
        height = int(view.height_box.value()) or _HEIGHT_PX
        quality, scene = view.picked_quality, self.scene()

        def run(progress: Progress) -> list[str]:
            return [
                write_side_by_side(
                    scene,
                    path,
                    span_s,
                    fps,
                    speed=speed,
                    quality=quality,
                    height=height - height % 2,
                    progress=progress,
                )
            ]

        self._start(Job(path, run))

    def scene(self) -> Scene:
        """What is open and selected: the movies that are seen, selected cells, channels."""
        field = self._first(Movie)
        contrast = None
        if field is not None:
            layer = next(iter(self.layers_of(field.recording)), None)
            contrast = getattr(layer, "contrast_limits", None)
        rows: list[TraceRow] = []
        outlines: list[Outline] = []
        group, clock = self.session.group, self.session.clock
        if group is not None:
            for i in self.session.selected[:_MOST_ROWS]:
                outlines += self._outline(i, len(rows), field)
                rows += trace_rows(group, i, clock)
        rows += [channel_row(channel, clock) for channel in self.session.channels.shown]
        return Scene(
            field,
            self._first(BehaviorMovie),
            None if contrast is None else (float(contrast[0]), float(contrast[1])),
            rows[:_MOST_ROWS],
            outlines,
        )

    def _first(self, kind: type[Any]) -> Placed | None:
        """The first movie of a kind whose layer is seen."""
        for layer, recording in self.our_layers():
            if isinstance(recording, kind) and layer.visible and recording in self.session.clock:
                return self.session.clock.placed(recording)
        return None

    def _outline(self, cell: int, place: int, field: Placed | None) -> list[Outline]:
        """Where a cell is in pixels of the field."""
        group = self.session.group
        layer: Layer | None = self.layer_with_rois(group) if group is not None else None
        if layer is None or group is None or group.cells is None or field is None:
            return []
        spacing = getattr(field.recording, "spacing", None)
        contour = layer.metadata[ROIS_KEY][cell].contour
        if spacing is None or not len(contour):
            return []
        um = group.cells.spacing.to_um(contour)
        points = (um - spacing.top_left_um) / spacing.pixel_size_um - 0.5
        return [Outline(points, place)]

    # ---- progress

    def _start(self, job: Job) -> None:
        self._outcome, self._problem, canceled = None, "", self._canceled
        self._work.start(lambda: run_jobs([job], canceled))

    def _on_step(self, step: float | Outcome) -> None:
        if isinstance(step, Outcome):
            self._outcome = step
            return
        if self._canceled.is_set():  # by the button of the bar
            self._end_turns()
        for view in self._views:
            view.show_progress(step)
        if self._bar is not None:
            self._bar.show(step)

    def _on_end(self) -> None:
        outcome = self._outcome
        if outcome is None:
            self._close(self._problem or "Canceled; nothing is left.")
        else:
            done = f"{outcome.path.name} is written, as {', '.join(outcome.notes)}."
            self._close(outcome.problem or done)

    def _close(self, text: str) -> None:
        self._end_turns()
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        for view in self._views:
            view.show_progress(None)
            view.show_message(text)


def _next_of(pictures: Queue[Any], wait: Callable[[], None]) -> Any:
    """The next picture; `wait` is called now and then, and raises where none is to come."""
    while True:
        wait()
        try:
            return pictures.get(timeout=_POLL_S)
        except Empty:
            continue
