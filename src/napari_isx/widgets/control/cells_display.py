"""What of the cells is on the canvas: which, how, in which colours, and how large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Labels, Shapes
from napari.utils.colormaps import ensure_colormap
from psygnal import Signal

from napari_isx.layers.keys import ROIS_KEY
from napari_isx.layers.styles import VALUE_COLORMAP, value_limits
from napari_isx.session.cells.review import Review
from napari_isx.session.groups import CellGroup
from napari_isx.session.session import Session
from napari_isx.widgets.cells.display import FILE_COLORS, STATUS_COLORS, Scope, Style
from napari_isx.widgets.control.base import Control
from napari_isx.widgets.control.canvas import CanvasControl
from napari_isx.widgets.control.clicks import is_picking

if TYPE_CHECKING:
    from napari.components import ViewerModel

_LEGEND_COLORS: Final = 9
# Of the field, what a cell takes when it is zoomed to.
_CELL_SHARE: Final = 1 / 6


class Legend(NamedTuple):
    """What colours stand for: from that of `low` to that of `high`; None for no such colours."""

    colors: list[str] | None
    low: str
    high: str


@dataclass(eq=False)
class _Display:
    """What is on the canvas of one group."""

    scope: Scope = "all"
    color: str = STATUS_COLORS


class CellsDisplay(Control):
    """Draws the cells of each group as is chosen for them."""

    changed: ClassVar[Signal] = Signal()
    """Something else is on the canvas."""

    def __init__(self, viewer: ViewerModel, session: Session, canvas: CanvasControl) -> None:
        super().__init__(viewer, session)
        self._canvas = canvas
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
        for layer in self.layers_of(group.cells):
            if isinstance(layer, Labels):
                layer.visible = style != "contours"
            elif isinstance(layer, Shapes):
                layer.visible = style != "filled"
        self.changed.emit()

    def color_by(self, what: str) -> None:
        """Colour the cells by their status, as in the file, or by a column."""
        if (review := self.session.review) is not None:
            self._display_of(review.group).color = what
            self._draw(review)

    def follow_coloring(self, what: str) -> None:
        """All cells were coloured by their status, or as in the file, in another dock."""
        for group in self.session.groups:
            self._display_of(group).color = FILE_COLORS if what == "file" else STATUS_COLORS
        self.changed.emit()

    def zoom_to(self, cell: int) -> None:
        """Bring a cell of the group to the middle of the canvas, large."""
        group = self.session.group
        layer = self.layer_with_rois(group) if group is not None else None
        if layer is None or self.viewer.dims.ndisplay != 2:
            return
        roi = layer.metadata[ROIS_KEY][cell]
        if roi.is_empty:
            return
        center = np.array(layer.data_to_world(roi.centroid))[-2:]
        size_um = max(np.ptp(roi.contour, axis=0) * layer.scale[-2:])
        self.viewer.reset_view()
        camera = getattr(self.viewer, "scene", self.viewer).camera  # `scene` is of napari 0.9
        extent = self.viewer.layers.extent.world
        shown_um = max(np.ptp(extent, axis=0)[-2:])
        camera.center = tuple(center)
        camera.zoom *= max(shown_um * _CELL_SHARE / size_um, 1.0)

    def follow_layers(self) -> None:
        """Take over layers that were added."""
        for layer, _ in self.our_layers():
            if ROIS_KEY in layer.metadata:
                layer.events.visible.connect(self._on_visible)
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
        """There are other columns, so that the one they are coloured by may be gone."""
        display = self._display_of(review.group)
        if display.color not in (STATUS_COLORS, FILE_COLORS, *review.table.titles):
            display.color = STATUS_COLORS
            self._draw(review)

    def follow_values(self, review: Review, key: str) -> None:
        """A column has other values; decisions the canvas follows itself."""
        if self._display_of(review.group).color == key != STATUS_COLORS:
            self._draw(review)

    def chosen(self, group: CellGroup) -> tuple[Scope, Style | None, str]:
        """Which cells are drawn, how, and what they are coloured by."""
        display = self._display_of(group)
        return display.scope, self._style_of(group), display.color

    def legend(self, review: Review) -> Legend:
        """What the colours stand for."""
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
                self.zoom_to(selected[0])

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
        look.values = review.table.values(display.color)
        if display.color == FILE_COLORS:
            look.color_by = "file"
        else:
            look.color_by = "status" if display.color == STATUS_COLORS else "values"
        self._canvas.show_statuses(review.group)
        self.changed.emit()

    def _style_of(self, group: CellGroup) -> Style | None:
        layers = [layer for layer in self.layers_of(group.cells) if layer.visible]
        filled = any(isinstance(layer, Labels) for layer in layers)
        outlined = any(isinstance(layer, Shapes) for layer in layers)
        if filled and outlined:
            return "both"
        return "filled" if filled else "contours" if outlined else None
