"""Where our docks are in a window: one of each kind, laid out well, and as they were last."""

from __future__ import annotations

import itertools
from base64 import b64decode, b64encode
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final
from weakref import ref

from napari.plugins import menu_item_template
from npe2 import PluginManager
from qtpy.QtCore import QEvent, QObject, QSize, Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QToolBar, QWidget

from napari_isx.app.coordinator import Coordinator
from napari_isx.docks.common.accessible_names import name_controls
from napari_isx.docks.common.settings import recall, remember
from napari_isx.docks.common.views import is_alive
from napari_isx.viewer.debounce import Later

if TYPE_CHECKING:
    from napari.viewer import Viewer

PLUGIN: Final = "napari-isx"
BELOW: Final = Qt.DockWidgetArea.BottomDockWidgetArea
BESIDE: Final = Qt.DockWidgetArea.RightDockWidgetArea
_SETTING: Final = "layout"
# Of the window, and at most in pixels: the height of docks below, the width of those beside.
_SHARES: Final = {BELOW: (0.34, 300), BESIDE: (0.3, 490)}
# As tabs of a small screen they may be cut, rather than the window be larger than the screen.
_LEAST_PX: Final = {BELOW: (420, 150), BESIDE: (340, 200)}
_SETTLED_MS: Final = 50
_REMEMBER_MS: Final = 500


class Docked:
    """What napari's menu makes a dock of ours of."""

    title: ClassVar[str]
    area: ClassVar[Qt.DockWidgetArea] = BESIDE


class WindowLayout(QObject):
    """The docks of ours in one window; get it with :meth:`of`.

    The side columns of the window reach down to its status bar, with docks below the canvas
    between them, and docks of ours that share a side are tabs: so all fit a small screen.
    """

    def __init__(self, viewer: Viewer) -> None:
        super().__init__(viewer.window._qt_window)
        self._viewer_ref = ref(viewer)
        self._new: list[QWidget] = []
        self._size = self._window.size()  # before docks took a place of their own
        self._is_offered = self._is_restoring = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._place_new)
        self._remember = Later(self._save, _REMEMBER_MS)
        for corner, side in (
            (Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea),
            (Qt.Corner.BottomRightCorner, BESIDE),
        ):
            self._window.setCorner(corner, side)

    @classmethod
    def of(cls, viewer: Viewer) -> WindowLayout:
        """The layout of a viewer's window, made on first use."""
        viewer = getattr(viewer, "__wrapped__", viewer)
        found = viewer.window._qt_window.findChild(cls)
        return found if found is not None else cls(viewer)

    @property
    def _window(self) -> QMainWindow:
        """Not kept: what this is a child of would live as long as this."""
        return self.parent()

    @property
    def docks(self) -> list[QDockWidget]:
        """Docks of ours, the longest open first."""
        return [dock for dock in self._all_docks if isinstance(dock.widget(), Docked)]

    @property
    def _all_docks(self) -> list[QDockWidget]:
        # To look through all that is in them takes many times as long.
        directly = Qt.FindChildOption.FindDirectChildrenOnly
        found: list[QDockWidget] = self._window.findChildren(QDockWidget, options=directly)
        return found

    def offer(self) -> None:
        """Show the dock *Traces*, and all else that was open last, once in the life of a window."""
        if not self._is_offered:
            self._is_offered = True
            QTimer.singleShot(0, self._open_first)

    def show(self, title: str) -> QDockWidget:
        """Show one of our docks, made again if it was closed."""
        self._is_offered = True
        dock = next((one for one in self.docks if one.widget().title == title), None)
        if dock is None:
            viewer, make = self._viewer(), _contributions()[title].get_callable()
            side = "bottom" if make.area == BELOW else "right"
            dock = viewer.window.add_dock_widget(make(viewer), name=_name(title), area=side)
            # Before it is shown, when the window would grow to have room for it.
            self._new.remove(dock.widget())
            self._take(dock)
        dock.show()
        dock.raise_()
        return dock

    def lay_out(self) -> None:
        """Put all docks of ours that are open where they have most room."""
        size = self._window.size()
        docks = [dock for dock in self.docks if not dock.isHidden()]
        for area in (BELOW, BESIDE):
            here = [dock for dock in docks if dock.widget().area == area]
            for dock in here:
                dock.setFloating(False)
                self._window.addDockWidget(area, dock)
            for before, dock in itertools.pairwise(here):
                self._window.tabifyDockWidget(before, dock)
            if here:
                self._resize(here[0])
                here[0].raise_()
        self._keep_size(size)
        self._after_moving()

    def expect(self, widget: QWidget) -> None:
        """Place a widget when it was first shown in a dock.

        Not in the middle of it: Qt is laying the dock out then, and crashes when it is moved.
        """
        if not self._new:
            self._size = self._window.size()
        self._new.append(widget)
        widget.setMinimumSize(*_LEAST_PX[widget.area])
        name_controls(widget)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Hear of docks that are shown, hidden or resized, and let everything pass."""
        if event.type() == QEvent.Type.Show and watched in self._new:
            self._timer.start()
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Resize):
            self._remember.request()
        return False

    def _viewer(self) -> Viewer:
        viewer = self._viewer_ref()
        if viewer is None:
            raise ReferenceError("the viewer is gone")
        return viewer

    def _open_first(self) -> None:
        viewer = self._viewer_ref()
        if viewer is None or not is_open(viewer):
            return
        last = recall(_SETTING)
        last = last if isinstance(last, dict) else {}
        titles = [title for title in last.get("docks", ()) if title in _contributions()]
        state = last.get("state") if self._has_same_others(last) else None
        self._is_restoring = state is not None
        view, size = Coordinator.of(viewer).view, self._window.size()
        is_fitted = view.refit()
        for title in dict.fromkeys((*titles, "Traces")):
            self.show(title)
        if state is not None:
            QTimer.singleShot(0, lambda: self._restore(str(state), size))
        if is_fitted:
            QTimer.singleShot(_SETTLED_MS, self._fit)

    def _restore(self, state: str, size: QSize) -> None:
        """Put all docks where they were; what else is shown, bars too, stays as it is."""
        if not is_alive(self):
            return
        bars = self._window.findChildren(QToolBar)
        docks = self._window.findChildren(QDockWidget)
        others = [*bars, *(one for one in docks if one not in self.docks)]
        hidden = {other: other.isHidden() for other in others}
        with suppress(ValueError):
            self._window.restoreState(b64decode(state))
        for other, was_hidden in hidden.items():
            other.setHidden(was_hidden)
        self._is_restoring = False
        self._place_new()
        self._keep_size(size)

    def _has_same_others(self, last: dict[str, object]) -> bool:
        """Whether the window has the docks of others that the state knows, and no more."""
        return last.get("others") == self._others

    @property
    def _others(self) -> list[str]:
        others = (one for one in self._all_docks if not isinstance(one.widget(), Docked))
        return sorted(one.objectName() for one in others)

    def _place_new(self) -> None:
        shown = [one for one in self._new if is_alive(one) and one.isVisible()]
        self._new = [one for one in self._new if one not in shown]
        for widget in shown:
            dock = widget.parent()
            if not isinstance(dock, QDockWidget) or dock.parent() is not self._window:
                continue
            self._take(dock)
        if shown:
            self._keep_size(self._size)
        self._after_moving()

    def _keep_size(self, size: QSize) -> None:
        """Let docks make the window no larger than it was."""
        if not self._window.isMaximized():
            self._window.layout().activate()
            self._window.resize(size)

    def _take(self, dock: QDockWidget) -> None:
        """Take a dock over that was just opened."""
        self._adopt(dock)
        for changed in (dock.dockLocationChanged, dock.topLevelChanged):
            changed.connect(self._remember.request)
        if not self._is_restoring:
            self._place(dock)

    def _place(self, dock: QDockWidget) -> None:
        """Put a dock on its side, as one of the tabs there."""
        area, window = dock.widget().area, self._window
        there = [
            one
            for one in self.docks
            if one is not dock and not one.isHidden() and not one.isFloating()
            if window.dockWidgetArea(one) == area
        ]
        if window.dockWidgetArea(dock) != area:
            window.addDockWidget(area, dock)
        if there:
            window.tabifyDockWidget(there[-1], dock)
        else:
            self._resize(dock)
        dock.raise_()

    def _resize(self, dock: QDockWidget) -> None:
        area = dock.widget().area
        share, most_px = _SHARES[area]
        along = Qt.Orientation.Vertical if area == BELOW else Qt.Orientation.Horizontal
        whole = self._window.height() if area == BELOW else self._window.width()
        self._window.resizeDocks([dock], [min(int(share * whole), most_px)], along)

    def _adopt(self, dock: QDockWidget) -> None:
        """Let napari's menu know a dock, however it was opened, and its tab be short.

        napari calls a dock that a script opens otherwise than one from its menu, and would
        open a second one there.
        """
        viewer, title = self._viewer(), dock.widget().title
        name, known = _name(title), viewer.window._wrapped_dock_widgets
        for other in self.docks:
            if other is not dock and other.widget().title == title:
                viewer.window.remove_dock_widget(other)
        if dock.name != name:
            known.pop(dock.name, None)
            dock.name = name
            dock.setObjectName(name)
            dock.title.title.setText(name)
        known[name] = dock
        dock.setWindowTitle(title)

    def _after_moving(self) -> None:
        viewer = self._viewer_ref()
        if viewer is not None:
            Coordinator.of(viewer).view.make_room()
        self._remember.request()

    def _fit(self) -> None:
        viewer = self._viewer_ref()
        if viewer is not None and is_open(viewer):
            Coordinator.of(viewer).view.fit()

    def _save(self) -> None:
        if is_alive(self) and not self._is_restoring and self._window.isVisible():
            titles = [dock.widget().title for dock in self.docks if not dock.isHidden()]
            state = b64encode(bytes(self._window.saveState())).decode()
            remember(_SETTING, {"docks": titles, "others": self._others, "state": state})


def _contributions() -> dict[str, Any]:
    """What napari's menu has of our docks, by their titles."""
    widgets = PluginManager.instance().get_manifest(PLUGIN).contributions.widgets or ()
    return {widget.display_name: widget for widget in widgets}


def _name(title: str) -> str:
    """What napari's menu calls a dock."""
    manifest = PluginManager.instance().get_manifest(PLUGIN)
    return str(menu_item_template.format(manifest.display_name, title))


def is_open(viewer: Viewer) -> bool:
    """Whether the window was not closed in the meantime."""
    try:
        viewer.window.geometry()
    except (RuntimeError, AttributeError):  # Qt's window is gone, or napari has let go of it
        return False
    return True
