"""What stands below napari's slider: speed, parts, what is looped over; and its play button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari._qt.widgets.qt_dims import QtDims
from qtpy.QtCore import QEvent, QObject, QSignalBlocker, Qt, QTimer
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QPushButton, QWidget

from napari_isx.app.layout import WindowLayout
from napari_isx.docks.common.passing_keys import pass_keys_on
from napari_isx.docks.common.shortcuts import key_texts
from napari_isx.docks.common.views import is_alive
from napari_isx.viewer.playback import SPEEDS, Playback, speed_text

if TYPE_CHECKING:
    from napari._qt.widgets.qt_dims_slider import QtDimSliderWidget
    from napari.viewer import Viewer

# Name, its command, what is on the button, and what it is for.
_BUTTONS: Final = (
    ("previous", "previous_part", "⏮", "Go to the start of this part or trial, or the one before"),
    ("next", "next_part", "⏭", "Go to the next part or trial"),
    ("loop", "loop", "Loop", "Begin again at the end of the range"),
)
_RANGES: Final = (
    ("loop_from", "From here"),
    ("loop_to", "To here"),
    ("loop_part", "This part or trial"),
)

_STOPPING_MS: Final = 20


class TimeBar(QWidget):
    """Shows how it is played, and plays it also by napari's own button.

    (That one would show ten frames a second of any movie, and slow down where drawing is slow.)
    """

    def __init__(self, viewer: Viewer, playback: Playback) -> None:
        super().__init__(viewer.window._qt_viewer.dims.parentWidget())
        self._playback = playback
        self._known: set[int] = set()
        self.speed = QComboBox()
        self.speed.setToolTip("How fast it is played; 1 is as it was recorded")
        self.speed.setAccessibleName("Speed")
        for speed in SPEEDS:
            self.speed.addItem(speed_text(speed), speed)
        self.part = QLabel()
        self.range = QPushButton()
        self.range.setToolTip("What is looped over")
        self.range.setAccessibleName("Range that is looped over")
        self.lay_out = QPushButton("Lay out docks")
        self.lay_out.setToolTip("Put the docks where they have most room")
        self.buttons: dict[str, QPushButton] = {}
        for name, _, text, tip in _BUTTONS:
            self.buttons[name] = QPushButton(text, toolTip=tip, accessibleName=tip)
        self.buttons["loop"].setCheckable(True)
        self._arrange()
        pass_keys_on(self)
        self.speed.activated.connect(self._on_speed)
        self.buttons["previous"].clicked.connect(self._on_previous)
        self.buttons["next"].clicked.connect(self._on_next)
        self.buttons["loop"].clicked.connect(playback.toggle_loop)
        self.lay_out.clicked.connect(WindowLayout.of(viewer).lay_out)
        self._dims._animation_thread.started.connect(self._on_napari_plays)
        self._dims._animation_thread.finished.connect(self._follow_button)
        playback.changed.connect(self.show_state)
        playback.session.cursor.moved.connect(self.show_part)
        self.show_state()

    @classmethod
    def take(cls, viewer: Viewer, playback: Playback) -> None:
        """Put one below the slider of a window. May be called again."""
        column = viewer.window._qt_viewer.dims.parentWidget()
        if column.findChild(cls) is None:
            column.layout().addWidget(cls(viewer, playback))

    @property
    def _dims(self) -> QtDims:
        return self.parentWidget().findChild(QtDims)

    def show_state(self) -> None:
        """Follow what is played, and how."""
        playback = self._playback
        self.setVisible(bool(playback.parts))
        with QSignalBlocker(self.speed):
            place = self.speed.findData(playback.speed)
            self.speed.setCurrentIndex(place)
            self.speed.setPlaceholderText(speed_text(playback.speed))
        self.buttons["loop"].setChecked(playback.is_looping)
        self.range.setEnabled(playback.is_looping)
        span = playback.loop_s
        self.range.setText(f"{span[0]:.2f} to {span[1]:.2f} s" if span else "All of it")
        has_parts = len(playback.parts) > 1
        for widget in (self.part, self.buttons["previous"], self.buttons["next"]):
            widget.setVisible(has_parts)
        self.show_part()
        self._follow_button()

    def show_part(self, time_s: float | None = None) -> None:  # noqa: ARG002
        """Say which part or trial it is."""
        playback = self._playback
        self.part.setText(f"part {max(playback.part, 0) + 1} of {len(playback.parts)}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Play at a click on napari's button; the right button still opens its settings."""
        if (
            event.type() == QEvent.Type.MouseButtonRelease
            and event.button() == Qt.MouseButton.LeftButton
            and self._is_ours(watched.parent())
        ):
            watched.setDown(False)
            self._playback.toggle()
            return True
        return False

    def _follow_button(self) -> None:
        """Let napari's button look like what is played, and its settings have the speed."""
        rate_hz = self._playback.rate_hz
        for slider in self._dims.slider_widgets:
            if not self._is_ours(slider):
                continue
            if id(slider) not in self._known:
                self._known.add(id(slider))
                slider.play_button.installEventFilter(self)
                slider.fps_changed.connect(self._on_fps)
                slider.play_button.setAccessibleName("Play")
            if slider.fps > 0:  # else the user has it go backwards, as napari does
                with QSignalBlocker(slider):
                    slider.fps = rate_hz * self._playback.speed
            if self._playback.is_playing:
                slider.play_button._handle_start()
            else:
                slider.play_button._handle_stop()

    def _is_ours(self, slider: QtDimSliderWidget) -> bool:
        return getattr(slider, "axis", None) == self._playback.axis and slider.fps > 0

    def _on_fps(self, fps: float) -> None:
        if fps > 0 and self._playback.rate_hz:
            self._playback.set_speed(fps / self._playback.rate_hz)

    def _on_napari_plays(self) -> None:
        """Take over where napari's key or menu has begun to play."""
        slider = self._dims._animation_thread.slider
        if slider is not None and self._is_ours(slider):
            self._stop_naparis()
            self._playback.toggle()

    def _stop_naparis(self) -> None:
        """Ask napari's thread to end until it does, and never wait for it.

        It forgets that it was asked where it had only just begun, and would be waited for for ever.
        """
        if not is_alive(self):
            return
        thread = self._dims._animation_thread
        thread._stop()
        if thread.isRunning():
            QTimer.singleShot(_STOPPING_MS, self._stop_naparis)

    def _on_speed(self) -> None:
        self._playback.set_speed(float(self.speed.currentData()))

    def _on_previous(self) -> None:
        self._playback.go_to_part(-1)

    def _on_next(self) -> None:
        self._playback.go_to_part(1)

    def _on_range(self, action: QObject) -> None:
        name = action.objectName()
        if name:
            getattr(self._playback, name)()
        else:
            self._playback.loop_over(None)

    def _show_keys(self) -> None:
        """Name the keys as they are bound now."""
        keys = key_texts()
        for action in self.range.menu().actions():
            text = action.text().partition("\t")[0]
            action.setText(f"{text}\t{keys.get(action.objectName(), '')}".rstrip("\t"))

    def _arrange(self) -> None:
        menu = QMenu(self.range)
        for name, text in (*_RANGES, ("", "All of it")):
            menu.addAction(text).setObjectName(name)
        menu.triggered.connect(self._on_range)
        menu.aboutToShow.connect(self._show_keys)
        self.range.setMenu(menu)
        line = QHBoxLayout(self)
        line.setContentsMargins(4, 0, 4, 2)
        line.setSpacing(4)
        for widget in (
            *(self.speed, self.buttons["previous"], self.part, self.buttons["next"]),
            *(self.buttons["loop"], self.range),
        ):
            line.addWidget(widget)
        line.addStretch(1)
        line.addWidget(self.lay_out)
