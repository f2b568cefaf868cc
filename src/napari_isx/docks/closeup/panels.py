"""What shows whether a footprint is a cell: pictures of it, of its events, and their waveforms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtCore import QElapsedTimer, QRectF, Qt, QTimer
from qtpy.QtGui import QColor, QHideEvent, QShowEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_isx.analysis.contrast import contrast_limits
from napari_isx.analysis.event_clips import SPEEDS, Loop, Player
from napari_isx.analysis.event_image import EventImage, Extent
from napari_isx.analysis.event_waveforms import Waveforms
from napari_isx.docks.closeup.neighbors import COLORS, Neighbor
from napari_isx.docks.common.canvas import Canvas
from napari_isx.docks.common.controls import small_button, small_combo
from napari_isx.docks.common.pages import Pages
from napari_isx.docks.common.theme import PlotColors

_CONTOUR: Final = "#56B4E9"
_BLACK: Final = "#000000"
_TICK_MS: Final = 30
_PICTURE_PX: Final = 40
_BAR_PX: Final = 24
_PAUSE: Final = "❚❚"
_PLAY: Final = "▶"
_DARKER: Final = 0.25
_PERCENTILES: Final = (1, 99.8)
# More waveforms than this are one blot; the mean is that of all.
_MOST_WAVEFORMS: Final = 200
_WAVEFORM_ALPHA: Final = 70
_LEFT_AXIS_PX: Final = 40


class Panel(QWidget):
    """A canvas under a bar of controls, or a reason why there is nothing on it."""

    def __init__(self, title: str = "", tip: str = "") -> None:
        super().__init__()
        bar = QWidget()
        bar.setFixedHeight(_BAR_PX)
        self._bar = QHBoxLayout(bar)
        self._bar.setContentsMargins(0, 0, 0, 0)
        self._bar.setSpacing(2)
        if title:
            self._title = cut_label(title)
            self._title.setToolTip(tip)
            self._bar.addWidget(self._title, 1)
        self._canvas = Canvas()
        self._canvas.ci.layout.setContentsMargins(0, 0, 0, 0)
        self._canvas.setAccessibleName(title)
        self._pages = Pages(self._canvas)
        self._pages.setMinimumSize(_PICTURE_PX, _PICTURE_PX)
        self._caption = cut_label()
        self._caption.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_caption("")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(bar)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._caption)

    @property
    def message(self) -> str:
        return self._pages.message

    @property
    def caption(self) -> str:
        return str(self._caption.text()).strip()

    def show_message(self, text: str) -> None:
        """Say why there is nothing to see."""
        self._forget()
        self._say(text)

    def show_waiting(self) -> None:
        """Show an empty place until there is something, or a reason why not."""
        self._forget()
        self._pages.show_widget()
        self.set_caption("…")

    def _say(self, text: str) -> None:
        self._pages.show_message(text)
        self.set_caption("")

    def _forget(self) -> None:
        """Let go what was shown."""

    def set_caption(self, text: str) -> None:
        self._caption.setText(text or " ")
        self._caption.setToolTip(text)

    def show_caption(self, on: bool) -> None:
        self._caption.setVisible(on)


class Picture(Panel):
    """A picture in micrometers, with the outlines of the cell and its neighbors on it."""

    def __init__(self, title: str = "", tip: str = "") -> None:
        super().__init__(title, tip)
        self._canvas.setBackground(_BLACK)
        self._view = pg.ViewBox(enableMenu=False, lockAspect=True, invertY=True)
        self._view.setMouseEnabled(x=False, y=False)
        self._canvas.addItem(self._view)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._contour = pg.PlotCurveItem(pen=pg.mkPen(_CONTOUR, width=1.5))
        self._others = [pg.PlotCurveItem(pen=pg.mkPen(color, width=1)) for color in COLORS]
        for item in (self._image, *self._others, self._contour):
            self._view.addItem(item, ignoreBounds=True)

    @property
    def pixels(self) -> npt.NDArray[Any] | None:
        return None if self.message or self._image.image is None else self._image.image

    @property
    def num_outlines(self) -> int:
        return sum(
            len(one.getData()[0]) > 0
            for one in (self._contour, *self._others)
            if one.xData is not None
        )

    def _forget(self) -> None:
        self._image.clear()

    def show_place(
        self,
        extent: Extent,
        contour_um: npt.NDArray[np.float64],
        neighbors: Sequence[Neighbor] = (),
    ) -> None:
        """Show this part of the field, with the cell's outline ``(n, 2)`` and its neighbors'."""
        top, left, height, width = extent
        self._view.setRange(QRectF(left, top, width, height), padding=0)
        self._contour.setData(contour_um[:, 1], contour_um[:, 0])
        for number, curve in enumerate(self._others):
            outline = neighbors[number].contour_um if number < len(neighbors) else np.empty((0, 2))
            curve.setData(outline[:, 1], outline[:, 0])

    def show_pixels(
        self, pixels: npt.NDArray[Any], extent: Extent, levels: tuple[float, float]
    ) -> None:
        """Draw ``(h, w)`` or ``(h, w, 3)`` pixels that cover `extent`."""
        top, left, height, width = extent
        self._image.setImage(pixels, levels=levels)
        self._image.setRect(QRectF(left, top, width, height))
        self._pages.show_widget()


class EventImagePanel(Picture):
    """The mean image around the events: what the events add, or all there is."""

    def __init__(self) -> None:
        super().__init__()
        tip = (
            "The movie's mean from the cell's events on, with or without its mean right before "
            "them taken off: a real cell lights up inside the outline"
        )
        self._kind = small_combo("Image around the events", tip, 5)
        self._kind.addItem("Difference", "difference")
        self._kind.addItem("After", "after")
        self._kind.setItemData(0, "After the events, minus before them", 3)  # the tool tip
        self._kind.setItemData(1, "After the events", 3)
        self._bar.addWidget(self._kind, 1)
        self._canvas.setAccessibleName("Image around the events")
        self._kind.currentIndexChanged.connect(self._draw)
        self._shown: tuple[EventImage, Extent] | None = None

    @property
    def kind(self) -> Literal["difference", "after"]:
        return "after" if self._kind.currentData() == "after" else "difference"

    def _forget(self) -> None:
        super()._forget()
        self._shown = None

    def show_image(self, image: EventImage, extent: Extent) -> None:
        self._shown = image, extent
        self._draw()

    def _draw(self) -> None:
        if self._shown is None:
            return
        image, extent = self._shown
        is_difference = self.kind == "difference"
        pixels = image.difference if is_difference else image.after
        if pixels is None:
            if image.is_complete or not image.num_events:
                self._say(_why_no_image(image))
            else:
                self._image.clear()
                self.set_caption("…")
            return
        self._image.setColorMap(pg.colormap.get("inferno" if is_difference else "CET-L1"))
        low, high = contrast_limits([pixels], _PERCENTILES)
        if is_difference:  # what got darker is not looked for, and must not take the contrast
            low = max(low, -_DARKER * max(high, 0.0))
        self.show_pixels(pixels, extent, (low, high))
        of = f" of {image.num_events_known}" if image.num_events < image.num_events_known else ""
        part = "" if image.is_complete else f" · {image.num_frames / image.num_frames_needed:.0%}"
        self.set_caption(f"{image.num_events}{of} event{'s' * (image.num_events != 1)}{part}")
        if of:
            self._caption.setToolTip(f"The {image.num_events} largest{of} events")


class LoopPanel(Picture):
    """Plays the movie around the cell's largest events."""

    def __init__(self) -> None:
        super().__init__()
        self._play = small_button(_PAUSE, "Pause or play")
        self._speed = small_combo("Speed", "How many times faster than it was recorded", 2)
        for speed in SPEEDS:
            self._speed.addItem(f"{speed}x", speed)
        self._bar.addWidget(self._play)
        self._bar.addWidget(self._speed, 1)
        self._canvas.setAccessibleName("Movie around the largest events")
        self._timer = QTimer(self, interval=_TICK_MS)
        self._clock = QElapsedTimer()
        self._player: Player | None = None
        self._loop: Loop | None = None
        self._extent: Extent = (0.0, 0.0, 1.0, 1.0)
        self._drawn: tuple[int, int] | None = None
        self._timer.timeout.connect(self._on_tick)
        self._play.clicked.connect(self._on_play)
        self._speed.currentIndexChanged.connect(self._on_speed)
        self.show_message("")

    @property
    def is_running(self) -> bool:
        return bool(self._timer.isActive())

    def show_loop(self, loop: Loop, extent: Extent) -> None:
        """Play these clips; a longer loop of the same clips goes on where it was."""
        before, self._loop, self._extent = self._loop, loop, extent
        goes_on = before is not None and loop.clips[: len(before.clips)] == before.clips
        at = self._player.position if self._player is not None and goes_on else (0, 0)
        playing = self._player.playing if self._player is not None else True
        self._player = Player([len(clip) for clip in loop.clips], loop.period_s)
        self._player.seek(*at)
        self._player.playing = playing
        self._play.setEnabled(True)
        self._drawn = None
        self._on_speed()
        self._draw()
        self._run()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        super().hideEvent(event)
        self._timer.stop()

    def _forget(self) -> None:
        super()._forget()
        self._loop = self._player = self._drawn = None
        self._timer.stop()
        self._play.setEnabled(False)

    def _run(self) -> None:
        """Tick while there is something to play and somebody to see it."""
        playing = self._player is not None and self._player.playing
        self._play.setText(_PAUSE if playing or self._player is None else _PLAY)
        if playing and self.isVisible():
            self._clock.start()
            self._timer.start()
        else:
            self._timer.stop()

    def _on_tick(self) -> None:
        if self._player is not None:
            self._player.tick(self._clock.restart() / 1000)
            self._draw()

    def _on_play(self) -> None:
        if self._player is not None:
            self._player.playing = not self._player.playing
            self._run()

    def _on_speed(self) -> None:
        if self._player is not None:
            self._player.speed = float(self._speed.currentData())

    def _draw(self) -> None:
        if self._player is None or self._loop is None or self._player.position == self._drawn:
            return
        self._drawn = number, frame = self._player.position
        loop, clip = self._loop, self._loop.clips[number]
        self.show_pixels(loop.pixels[number][frame], self._extent, loop.limits)
        sample = clip.start + frame
        event = clip.event_at(sample)
        event_s, now_s = loop.event_times_s[event.number], loop.sample_times_s[sample]
        self.set_caption(
            f"{now_s - event_s:+.1f} s · event at {event_s:.1f} s, {event.amplitude:.3g}"
        )


class WaveformPanel(Panel):
    """The trace around all events, one over the other, with their mean."""

    def __init__(self) -> None:
        super().__init__(
            "Waveforms", "The trace around each event, in seconds from it, and the mean of all"
        )
        self._plot = pg.PlotItem(viewBox=pg.ViewBox(enableMenu=False))
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.getAxis("left").setWidth(_LEFT_AXIS_PX)
        self._canvas.addItem(self._plot)
        self._each = pg.PlotCurveItem(connect="finite")
        self._mean = pg.PlotCurveItem(connect="finite")
        self._event = pg.InfiniteLine(0, angle=90)
        for item in (self._event, self._each, self._mean):
            self._plot.addItem(item)
        self.show_message("")

    @property
    def mean(self) -> npt.NDArray[np.float32]:
        drawn: npt.NDArray[np.float32] = self._mean.getData()[1]
        return drawn

    def _forget(self) -> None:
        for curve in (self._each, self._mean):
            curve.setData([], [])

    def show_waveforms(self, shown: Waveforms, units: str) -> None:
        count = len(shown.values)
        known = shown.values[:: max(-(-count // _MOST_WAVEFORMS), 1)]
        gap = np.full((len(known), 1), np.nan, np.float32)
        times = np.tile(np.append(shown.offsets_s, np.nan), len(known))
        self._each.setData(times, np.hstack([known, gap]).ravel())
        self._mean.setData(shown.offsets_s, shown.mean)
        drawn = f"{len(known)} of {count}" if len(known) < count else f"{count}"
        plural = "s" * (count != 1)
        self.set_caption(f"{drawn} event{plural} and their mean")
        self._title.setText("Waveforms" + f" ({units})" * bool(units))
        self._pages.show_widget()

    def set_colors(self, colors: PlotColors) -> None:
        self._canvas.setBackground(colors.background)
        for name in ("left", "bottom"):
            self._plot.getAxis(name).setPen(colors.foreground)
            self._plot.getAxis(name).setTextPen(colors.foreground)
        faint = QColor(colors.trace)
        faint.setAlpha(_WAVEFORM_ALPHA)
        self._each.setPen(faint)
        self._mean.setPen(pg.mkPen(colors.events, width=2.5))
        self._event.setPen(pg.mkPen(colors.foreground, style=Qt.PenStyle.DotLine))


def _why_no_image(image: EventImage) -> str:
    if not image.num_events:
        return "This cell has no events while the movie runs"
    if image.after is None:
        return "All frames at the cell's events are missing"
    return "Events follow each other so closely that no frame before them is without one"


def cut_label(text: str = "") -> QLabel:
    """A label that asks for no width of its own."""
    label = QLabel(text)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
