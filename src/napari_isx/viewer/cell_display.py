"""What of the cells is on the canvas: which, how, and in which colors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, NamedTuple
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
import numpy.typing as npt
from napari.layers import Labels, Shapes
from napari.utils.colormaps import ensure_colormap
from psygnal import Signal

from napari_isx.analysis.cell_metrics.definitions import STATUS
from napari_isx.layers.cells import MAX_VISIBLE_CONTOURS, outline_labels
from napari_isx.layers.keys import ROIS_KEY
from napari_isx.layers.styles import VALUE_COLORMAP, ColorBy, value_limits
from napari_isx.session.groups import CellGroup
from napari_isx.session.review import Review
from napari_isx.session.session import Session
from napari_isx.viewer.camera import CenteringControl
from napari_isx.viewer.canvas import CanvasControl
from napari_isx.viewer.clicks import is_picking
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

Scope = Literal["all", "filtered", "selected"]
Style = Literal["contours", "filled", "both"]

_LEGEND_COLORS: Final = 9


class Legend(NamedTuple):
    """What colors stand for: from that of `low` to that of `high`; None for no such colors."""

    colors: list[str] | None
    low: str
    high: str


@dataclass(eq=False)
class _Display:
    """What is on the canvas of one group.

    Attributes
    ----------
    scope : {"all", "filtered", "selected"}
    color : str
        What they are colored by: "status", "file", or the key of a column.
    """

    scope: Scope = "all"
    color: str = "status"


class CellsDisplay(Control):
    """Draws the cells of each group as is chosen for them.

    Parameters
    ----------
    viewer : ViewerModel
    session : Session
    canvas : CanvasControl
    centering : CenteringControl
        For a cell that is clicked twice.
    """

    changed: ClassVar[Signal] = Signal()
    """Something else is on the canvas."""

    def __init__(
        self,
        viewer: ViewerModel,
        session: Session,
        canvas: CanvasControl,
        centering: CenteringControl,
    ) -> None:
        super().__init__(viewer, session)
        self._canvas = canvas
        self._centering = centering
        self._known: WeakSet[Layer] = WeakSet()
        self._displays: WeakKeyDictionary[CellGroup, _Display] = WeakKeyDictionary()
        viewer.mouse_double_click_callbacks.append(self._on_double_click)

    def show_scope(self, scope: Scope) -> None:
        """Draw all cells, the filtered ones, or the selected ones."""
        if (review := self.session.review) is not None:
            self._display_of(review.group).scope = scope
            self._draw(review)

    def show_style(self, style: Style) -> None:
        """Draw contours, filled cells, or both."""
        if (group := self.session.group) is None:
            return
        layers = self.layers_of(group.cells)
        is_many = len(group.names) > MAX_VISIBLE_CONTOURS
        for layer in layers:
            if isinstance(layer, Labels):
                outline_labels(layer, outlined=is_many and style == "contours")
                layer.visible = is_many or style != "contours"
            elif isinstance(layer, Shapes):
                layer.visible = style == "both" or (style == "contours" and not is_many)
        self._canvas.show_statuses(group)
        self.changed.emit()

    def color_by(self, what: str) -> None:
        """Color the cells of the group by their status, as in the file, or by a column."""
        if (review := self.session.review) is not None:
            self._display_of(review.group).color = what
            self._draw(review)

    def color_all(self, what: ColorBy) -> None:
        """Color the cells and vessels of all groups by their status, or as in the file."""
        for group in self.session.groups:
            self._display_of(group).color = what
            self._paint(group, None)
        self.changed.emit()

    def coloring_of(self, group: CellGroup) -> ColorBy:
        """What the cells or vessels of a group are colored by."""
        color = self._display_of(group).color
        return "status" if color == "status" else "file" if color == "file" else "values"

    def follow_layers(self) -> None:
        """Take over layers that were added."""
        for layer, shown in self.our_layers():
            if ROIS_KEY not in layer.metadata or layer in self._known:
                continue
            self._known.add(layer)
            layer.events.visible.connect(self._on_visible)
            group = next((one for one in self.session.groups if one.cells is shown), None)
            if (
                isinstance(layer, Labels)
                and group is not None
                and len(group.names) > MAX_VISIBLE_CONTOURS
            ):
                outline_labels(layer, outlined=True)
                self._canvas.show_statuses(group)
        self.changed.emit()

    def follow_rows(self, review: Review) -> None:
        """Other rows are shown in the table."""
        if self._display_of(review.group).scope == "filtered":
            self._draw(review)

    def follow_selection(self, review: Review) -> None:
        """Other cells are selected."""
        if self._display_of(review.group).scope == "selected":
            self._draw(review)

    def follow_columns(self, review: Review) -> None:
        """There are other columns, so that the one they are colored by may be gone."""
        display = self._display_of(review.group)
        if display.color not in ("status", "file", *review.table.titles):
            display.color = "status"
            self._draw(review)

    def follow_values(self, review: Review, key: str) -> None:
        """A column has other values; decisions the canvas follows itself."""
        if self._display_of(review.group).color == key != STATUS:
            self._draw(review)

    def chosen(self, group: CellGroup) -> tuple[Scope, Style | None, str]:
        """Which cells are drawn, how, and what they are colored by."""
        display = self._display_of(group)
        return display.scope, self._style_of(group), display.color

    def legend(self, review: Review) -> Legend:
        """What the colors stand for."""
        color = self._display_of(review.group).color
        values = review.table.values(color)
        if values is None or not np.isfinite(values).any():
            return Legend(None, "", "")
        metric = next(metric for metric in review.table.columns if metric.key == color)
        low, high = (metric.text(value) for value in value_limits(values))
        shades = ensure_colormap(VALUE_COLORMAP).map(np.linspace(0, 1, _LEGEND_COLORS))
        colors = ["#" + "".join(f"{round(255 * c):02x}" for c in shade[:3]) for shade in shades]
        return Legend(colors, low, f"{high} {metric.unit}".strip())

    def _on_visible(self, event: object = None) -> None:  # noqa: ARG002
        self.changed.emit()

    def _on_double_click(self, viewer: ViewerModel, event: Any) -> None:  # noqa: ARG002
        """Zoom to the cell that the first of the two clicks has selected."""
        if event.button == 1 and not event.modifiers and is_picking(self.viewer):
            group, found = self._canvas.found_at((event.position[-2], event.position[-1]))
            selected = self.session.selected
            if group is self.session.group and len(selected) == 1 and selected[0] in found:
                self._centering.show(selected[0])

    def _display_of(self, group: CellGroup) -> _Display:
        return self._displays.setdefault(group, _Display())

    def _draw(self, review: Review) -> None:
        """Bring the canvas in line with what is chosen for it."""
        display, look = self._display_of(review.group), self._canvas.look_of(review.group)
        count = len(review.table)
        look.shown = None
        if display.scope != "all":
            drawn = self.session.selected
            look.shown = np.zeros(count, np.bool_)
            look.shown[review.table.order if display.scope == "filtered" else list(drawn)] = True
        self._paint(review.group, review.table.values(display.color))
        self.changed.emit()

    def _paint(self, group: CellGroup, values: npt.NDArray[np.float64] | None) -> None:
        """Give the cells their colors, by these values where it is a column."""
        look = self._canvas.look_of(group)
        look.color_by, look.values = self.coloring_of(group), values
        self._canvas.show_statuses(group)

    def _style_of(self, group: CellGroup) -> Style | None:
        layers = [layer for layer in self.layers_of(group.cells) if layer.visible]
        filled = any(isinstance(layer, Labels) and not layer.contour for layer in layers)
        outlined = any(isinstance(layer, Shapes) or layer.contour for layer in layers)
        if filled and outlined:
            return "both"
        return "filled" if filled else "contours" if outlined else None
