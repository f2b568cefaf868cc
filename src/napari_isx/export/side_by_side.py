"""Clips of a session: the field and the behavior camera side by side, traces running below."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_isx.export.common import Progress
from napari_isx.export.frame_range import FrameRange
from napari_isx.export.video import Pixels, Quality, new_video, to_8_bit
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.movies.base import Movie
from napari_isx.session.plot_rows import TraceRow
from napari_isx.timeline.placed import Placed

if TYPE_CHECKING:
    from PIL import ImageDraw

_BACKGROUND: Final = (20, 22, 26)
_TEXT: Final = (235, 235, 235)
_CURSOR: Final = (255, 255, 255)
_EVENT: Final = (255, 138, 216)
_LINES: Final = ((142, 201, 245), (240, 228, 66), (0, 158, 115), (230, 159, 0), (204, 121, 167))
_ROW_PX: Final = 48
_GAP_PX: Final = 8


class Outline(NamedTuple):
    """A cell on the field: its outline in rows and columns of the movie, and its row's place."""

    points: npt.NDArray[np.float64]
    place: int


class Scene(NamedTuple):
    """What a clip shows, on the session's clock."""

    field: Placed | None
    behavior: Placed | None = None
    contrast: tuple[float, float] | None = None  # the field's black and white
    rows: Sequence[TraceRow] = ()  # run below
    outlines: Sequence[Outline] = ()  # over the field
    window_s: float = 20.0  # of the traces at once; the present is in the middle


def write_side_by_side(
    scene: Scene,
    path: Path,
    span_s: tuple[float, float],
    fps: Fraction,
    *,
    speed: float = 1,
    quality: Quality = "good",
    height: int = 480,
    progress: Progress | None = None,
) -> str:
    """Write a clip of a span of session time; returns what it is encoded with.

    Raises
    ------
    ValueError
        There is no picture to show, or no time.
    """
    painter = _Painter(scene, height)
    count = round((span_s[1] - span_s[0]) / speed * fps)
    if count < 1:
        raise ValueError("the clip has no time: its end is not after its start")
    with new_video(path, fps, quality) as video:
        for i in range(count):
            video.add(painter.picture(span_s[0] + float(i * speed / fps)))
            if progress is not None:
                progress((i + 1) / count)
    return video.codec


class _Painter:
    """Draws the picture of one moment."""

    def __init__(self, scene: Scene, height: int) -> None:
        self._scene, self._height = scene, height
        self._contrast = scene.contrast
        movie = scene.field.recording if scene.field is not None else None
        if self._contrast is None and isinstance(movie, Movie):
            self._contrast = FrameRange.of(movie).contrast
        if scene.field is None and scene.behavior is None:
            raise ValueError("there is neither a movie nor a behavior movie to show")
        self._ranges = [_range_of(row) for row in scene.rows]

    def picture(self, time_s: float) -> Pixels:
        """``(H, W, 3)`` what is seen at a session time."""
        from PIL import Image, ImageDraw

        panels = [self._field(time_s), self._behavior(time_s)]
        shown = [panel for panel in panels if panel is not None]
        width = sum(panel.width for panel in shown) + _GAP_PX * (len(shown) - 1)
        strip = _ROW_PX * len(self._scene.rows)
        canvas = Image.new("RGB", (width, self._height + strip), _BACKGROUND)
        left = 0
        for panel in shown:
            canvas.paste(panel, (left, 0))
            left += panel.width + _GAP_PX
        draw = ImageDraw.Draw(canvas)
        draw.text((6, 4), f"{time_s:.1f} s", fill=_TEXT, stroke_width=2, stroke_fill=_BACKGROUND)
        for place, row in enumerate(self._scene.rows):
            self._row(draw, row, place, width, time_s)
        if strip:
            draw.line([(width // 2, self._height), (width // 2, self._height + strip)], _CURSOR)
        return np.asarray(canvas)

    def _field(self, time_s: float) -> Any:
        from PIL import Image, ImageDraw

        placed = self._scene.field
        if placed is None or not isinstance(placed.recording, Movie):
            return None
        movie = placed.recording
        sample = placed.shown_at(time_s)
        rows, cols = movie.shape[1:3]
        frame = np.zeros(movie.shape[1:], np.uint8)
        if sample is not None and self._contrast is not None:
            frame = to_8_bit(movie.read_frame(sample), self._contrast)
        aspect = movie.spacing.pixel_size_um[1] / movie.spacing.pixel_size_um[0]
        width = max(round(cols * aspect * self._height / rows), 1)
        panel = Image.fromarray(frame).convert("RGB").resize((width, self._height))
        draw = ImageDraw.Draw(panel)
        for outline in self._scene.outlines:
            y, x = ((outline.points + 0.5) * (self._height / rows, width / cols)).T
            color = _LINES[outline.place % len(_LINES)]
            draw.line(list(zip(x.tolist(), y.tolist(), strict=True)), fill=color, width=2)
        return panel

    def _behavior(self, time_s: float) -> Any:
        from PIL import Image

        placed = self._scene.behavior
        if placed is None or not isinstance(placed.recording, BehaviorMovie):
            return None
        movie = placed.recording
        sample = placed.shown_at(time_s)
        rows, cols = movie.shape[1:3]
        frame = np.zeros((rows, cols, 3), np.uint8)
        if sample is not None:
            frame = movie.read_color_frame(sample)
        width = max(round(cols * self._height / rows), 1)
        return Image.fromarray(frame).resize((width, self._height))

    def _row(
        self, draw: ImageDraw.ImageDraw, row: TraceRow, place: int, width: int, now_s: float
    ) -> None:
        top = self._height + place * _ROW_PX
        color = _LINES[place % len(_LINES)]
        window_s = self._scene.window_s
        low, high = self._ranges[place]

        def x_of(times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            found: npt.NDArray[np.float64] = (times_s - now_s) * width / window_s + width / 2
            return found

        first, stop = np.searchsorted(row.times_s, [now_s - window_s / 2, now_s + window_s / 2])
        part = slice(max(int(first) - 1, 0), int(stop) + 1)
        times_s, values = row.times_s[part], row.values[part].astype(np.float64)
        if row.style != "line" and len(times_s):
            times_s, values = np.repeat(times_s, 2)[1:], np.repeat(values, 2)[:-1]
        y = top + _ROW_PX - 4 - (values - low) / (high - low) * (_ROW_PX - 10)
        known = np.isfinite(y)
        x = x_of(times_s)
        # A gap ends a line.
        for piece in np.split(np.arange(len(x)), np.flatnonzero(~known)):
            points = [(float(x[i]), float(y[i])) for i in piece if known[i]]
            if len(points) > 1:
                draw.line(points, fill=color)
        for event_x in x_of(row.event_times_s).tolist():
            if 0 <= event_x < width:
                draw.line([(event_x, top + 2), (event_x, top + 8)], fill=_EVENT, width=2)
        draw.text((6, top + 2), row.name, fill=color, stroke_width=2, stroke_fill=_BACKGROUND)


def _range_of(row: TraceRow) -> tuple[float, float]:
    if row.style == "digital":
        return 0.0, 1.0
    known = row.values[np.isfinite(row.values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    return low, high if high > low else low + 1
