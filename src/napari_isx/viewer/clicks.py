"""Clicks on the canvas, told from drags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from napari.components import ViewerModel

# Tools in which a click picks; in the others it draws.
PICKING_MODES: Final = frozenset({"pan_zoom", "transform", "pick", "select", "direct"})
_PLAIN_MODES: Final = frozenset({"pan_zoom", "pick"})
_SLOP_PX: Final = 4


class Click(NamedTuple):
    """A click of the left or the right button.

    Attributes
    ----------
    position_um : (float, float)
        In the world, y and x.
    is_same_place : bool
        Whether the click before was at the same place on the screen.
    adds : bool
        Whether Shift or Ctrl was held.
    has_tool : bool
        Whether a tool of the active layer picks something there as well.
    """

    position_um: tuple[float, float]
    is_same_place: bool
    adds: bool
    has_tool: bool = False
    is_right: bool = False


class Clicks:
    """Calls back for each click that picks something; drags are left to the tools.

    Parameters
    ----------
    viewer : ViewerModel
    on_click : callable
        Takes a `Click`.
    """

    def __init__(self, viewer: ViewerModel, on_click: Callable[[Click], None]) -> None:
        self._on_click = on_click
        self._last_px: tuple[float, float] | None = None
        viewer.mouse_drag_callbacks.append(self._on_mouse)

    def _on_mouse(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        if event.button not in (1, 2) or not is_picking(viewer):
            return
        is_right = event.button == 2  # napari zooms with drags of it
        start, position, modifiers = event.pos, event.position, set(event.modifiers)
        yield
        while event.type == "mouse_move":
            if _apart_px(event.pos, start) > _SLOP_PX:
                return
            yield
        last, self._last_px = self._last_px, (start[0], start[1])
        is_same_place = last is not None and _apart_px(last, start) <= _SLOP_PX
        adds = bool(modifiers & {"Shift", "Control"})
        has_tool = _mode(viewer) not in _PLAIN_MODES
        place = position[-2], position[-1]
        self._on_click(Click(place, is_same_place, adds, has_tool, is_right))


def is_picking(viewer: ViewerModel) -> bool:
    """Whether a click picks something; else it draws, or turns the view."""
    return viewer.dims.ndisplay == 2 and _mode(viewer) in PICKING_MODES


def _mode(viewer: ViewerModel) -> str:
    return str(getattr(viewer.layers.selection.active, "mode", "pan_zoom"))


def _apart_px(a: Any, b: Any) -> float:
    return max(abs(float(a[0]) - float(b[0])), abs(float(a[1]) - float(b[1])))
