"""Pictures that speak for a cell: its footprint, the image around its events, their loop."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtCore import QElapsedTimer, QRectF, Qt, QTimer
from qtpy.QtGui import QHideEvent, QKeyEvent, QShowEvent
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_isx.analysis.event_clips import SPEEDS, Loop, Player
from napari_isx.analysis.event_image import EventImage

Extent: TypeAlias = "tuple[float, float, float, float]"
"""Top, left, height and width, in micrometers."""

_CONTOUR: Final = "#56B4E9"
_BLACK: Final = "#000000"
_TICK_MS: Final = 30
_PICTURE_PX: Final = 96
_BAR_PX: Final = 26
_PAUSE: Final = "❚❚"
_PLAY: Final = "▶"
_DARKER: Final = 0.25
_SHOWN: Final = (0.01, 0.998)


class Picture(QWidget):
    """A picture in micrometers with the cell's outline on it, or a reason why there is none."""

    def __init__(self, title: str, tip: str) -> None:
        super().__init__()
        bar = QWidget()
        bar.setFixedHeight(_BAR_PX)
        self._bar = QHBoxLayout(bar)
        self._bar.setContentsMargins(0, 0, 0, 0)
        self._bar.setSpacing(2)
        if title:
            label = cut_label(title)
            label.setToolTip(tip)
            self._bar.addWidget(label, 1)
        self._view = pg.ViewBox(enableMenu=False, lockAspect=True, invertY=True)
        self._view.setMouseEnabled(x=False, y=False)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._contour = pg.PlotCurveItem(pen=pg.mkPen(_CONTOUR, width=1.5))
        for item in (self._image, self._contour):
            self._view.addItem(item, ignoreBounds=True)
        self._canvas = _KeylessView(background=_BLACK)
        self._canvas.setCentralItem(self._view)
        self._message = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._message)
        self._pages.addWidget(self._canvas)
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
        """What stands in place of the picture, empty while there is one."""
        return "" if self._pages.currentWidget() is self._canvas else str(self._message.text())

    @property
    def caption(self) -> str:
        """What is written below."""
        return str(self._caption.text()).strip()

    @property
    def pixels(self) -> npt.NDArray[Any] | None:
        """What is drawn, or None."""
        return None if self.message or self._image.image is None else self._image.image

    def show_message(self, text: str) -> None:
        """Say why there is no picture."""
        self._message.setText(text)
        self._pages.setCurrentWidget(self._message)
        self.set_caption("")

    def show_waiting(self) -> None:
        """Show the place alone, until there is a picture or a reason why there is none."""
        self._image.clear()
        self._pages.setCurrentWidget(self._canvas)
        self.set_caption("…")

    def show_place(self, extent: Extent, contour_um: npt.NDArray[np.float64]) -> None:
        """Show this part of the field, with the outline ``(n, 2)`` of rows and columns."""
        top, left, height, width = extent
        self._view.setRange(QRectF(left, top, width, height), padding=0)
        self._contour.setData(contour_um[:, 1], contour_um[:, 0])

    def show_pixels(
        self, pixels: npt.NDArray[Any], extent: Extent, levels: tuple[float, float]
    ) -> None:
        """Draw ``(h, w)`` or ``(h, w, 3)`` pixels that cover `extent`."""
        top, left, height, width = extent
        self._image.setImage(pixels, levels=levels)
        self._image.setRect(QRectF(left, top, width, height))
        self._pages.setCurrentWidget(self._canvas)

    def set_caption(self, text: str) -> None:
        """Write this below the picture."""
        # Two lines below every picture, so that all are of one height.
        self._caption.setText(text if "\n" in text else f"{text}\n")
        self._caption.setToolTip(text)


class EventImagePanel(Picture):
    """The mean image around the events: what the events add, or all there is."""

    def __init__(self) -> None:
        super().__init__("", "")
        self._kind = QComboBox()
        self._kind.addItem("After - before", "difference")
        self._kind.addItem("After events", "after")
        self._kind.setToolTip(
            "The movie's mean from the cell's events on, with or without its mean right before "
            "them taken off: a real cell lights up inside the outline"
        )
        self._kind.setMinimumContentsLength(5)
        self._bar.addWidget(self._kind, 1)
        self._kind.currentIndexChanged.connect(self._draw)
        self._shown: tuple[EventImage, Extent] | None = None

    @property
    def kind(self) -> Literal["difference", "after"]:
        """Which of the two is shown."""
        return "after" if self._kind.currentData() == "after" else "difference"

    def show_message(self, text: str) -> None:
        """Say why there is no image."""
        self._shown = None
        super().show_message(text)

    def show_waiting(self) -> None:
        """Show the place alone."""
        self._shown = None
        super().show_waiting()

    def show_image(self, image: EventImage, extent: Extent) -> None:
        """Show the image, as far as it is there."""
        self._shown = image, extent
        self._draw()

    def _draw(self) -> None:
        if self._shown is None:
            return
        image, extent = self._shown
        is_difference = self.kind == "difference"
        pixels = image.difference if is_difference else image.after
        if pixels is None:
            kept = self._shown
            if image.num_events and not image.is_complete:
                self.show_waiting()
            else:
                self.show_message(_why_no_image(image))
            self._shown = kept
            return
        self._image.setColorMap(pg.colormap.get("inferno" if is_difference else "CET-L1"))
        low, high = _levels(pixels)
        if is_difference:  # what got darker is not looked for, and must not take the contrast
            low = max(low, -_DARKER * max(high, 0.0))
        self.show_pixels(pixels, extent, (low, high))
        of = f" of {image.num_events_known}" if image.num_events < image.num_events_known else ""
        part = "" if image.is_complete else f" · {image.num_frames / image.num_frames_needed:.0%}"
        self.set_caption(f"{image.num_events}{of} events{part}")
        if of:
            self._caption.setToolTip(f"The {image.num_events} largest{of} events")


class LoopPanel(Picture):
    """Plays the movie around the cell's largest events."""

    def __init__(self) -> None:
        super().__init__("", "")
        self._play = button(_PAUSE, "Pause or play")
        self._speed = QComboBox()
        for speed in SPEEDS:
            self._speed.addItem(f"{speed}x", speed)
        self._speed.setToolTip("How many times faster than it was recorded")
        self._speed.setMinimumContentsLength(2)
        self._bar.addWidget(self._play)
        self._bar.addWidget(self._speed, 1)
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
        """Whether frames follow each other."""
        return bool(self._timer.isActive())

    def show_message(self, text: str) -> None:
        """Say why nothing is played; what was played is let go."""
        self._let_go()
        super().show_message(text)

    def show_waiting(self) -> None:
        """Show the place alone; what was played is let go."""
        self._let_go()
        super().show_waiting()

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
        """Go on playing."""
        super().showEvent(event)
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Rest while nobody sees it."""
        super().hideEvent(event)
        self._timer.stop()

    def _let_go(self) -> None:
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
            f"event {event_s:.1f} s · {event.amplitude:.3g}\nat {now_s:.2f} s "
            f"({now_s - event_s:+.1f})"
        )


class _KeylessView(pg.GraphicsView):
    """A canvas through which keys pass to napari."""

    def keyPressEvent(self, ev: QKeyEvent) -> None:  # noqa: N802
        ev.ignore()


def _levels(pixels: npt.NDArray[np.float32]) -> tuple[float, float]:
    seen = pixels.reshape(-1)[:: max(pixels.size // 50_000, 1)]
    seen = seen[np.isfinite(seen)]
    low, high = np.quantile(seen, _SHOWN).tolist() if len(seen) else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, low + 0.5)


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


def button(text: str, tip: str) -> QToolButton:
    """A small button."""
    tool = QToolButton()
    tool.setText(text)
    tool.setToolTip(tip)
    return tool
