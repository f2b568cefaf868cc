"""What the docks *Heat map* show of all cells, and what is asked for there."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary, ref

import numpy as np

from napari_isx.analysis.trace_heatmap import HeatMap, Norm, Order, Shades
from napari_isx.docks.common.background import Work
from napari_isx.docks.common.review_follower import ReviewFollower
from napari_isx.docks.common.visible_controller import SeenControl
from napari_isx.docks.heatmap.orders import (
    FILE_ORDER,
    FIRST_EVENT_ORDER,
    SLOW_ORDERS,
    STATUS_ORDER,
    find_order,
    order_cells,
    orders_of,
    read_detail,
    read_overview,
)
from napari_isx.io.cells.cell_set import CellSet, CellStatus
from napari_isx.session.cell_table import CellTable
from napari_isx.session.groups import CellGroup, VesselGroup
from napari_isx.session.review import Review
from napari_isx.session.session import Session
from napari_isx.viewer.camera import CenteringControl
from napari_isx.viewer.time import TimeControl

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_isx.docks.heatmap.dock import HeatMapWidget

_NO_CELLS: Final = "Open a cell set to see all its traces here."
_FOR_CELLS: Final = "Vessels are selected; only cells are shown here."
_NO_TRACES: Final = "Open the cell set of these events to see all its traces here."
_EMPTY: Final = "This cell set has no traces."


@dataclass(eq=False)
class _Kept:
    """What was computed of a cell set."""

    heat: HeatMap | None = None
    shades: dict[Norm, Shades] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)


class HeatMapControl(SeenControl["HeatMapWidget"]):
    """The docks that show all cells of the group; see `SeenControl`."""

    def __init__(
        self,
        viewer: ViewerModel,
        session: Session,
        time: TimeControl,
        centering: CenteringControl,
    ) -> None:
        super().__init__(viewer, session, time)
        self._centering = centering
        self._norm: Norm = "z"
        self._order = FILE_ORDER
        self._only_filtered = False
        self._range_s: tuple[float, float] | None = None
        self._kept: WeakKeyDictionary[CellSet, _Kept] = WeakKeyDictionary()
        self._group: CellGroup | None = None  # whose cells are shown
        self._followed = ReviewFollower(session, self._slots)  # of that group
        self._span_s: tuple[float, float] | None = None  # when they are in session time
        self._finer: Shades | None = None  # the part of time that was read last
        self._offered: list[tuple[str, str]] = []
        self._overview: Work[tuple[HeatMap, Shades]] = Work(
            self._on_overview, self._on_failure, self._on_overview_end
        )
        self._ordering: Work[Order] = Work(self._on_order, self._on_failure, self._on_no_more)
        self._detail: Work[Shades | None] = Work(self._on_detail, self._on_failure)
        session.recordings_changed.connect(self._on_recordings)
        session.groups_changed.connect(self._on_recordings)
        session.settled.selection_changed.connect(self._on_selection)
        session.settled.statuses_changed.connect(self._on_statuses)

    @property
    def is_busy(self) -> bool:
        return any(work.is_running for work in (self._overview, self._ordering, self._detail))

    def attach(self, view: HeatMapWidget) -> None:
        view.cell_picked.connect(self._pick_cell)
        view.cell_decided.connect(self._decide)
        view.cell_centered.connect(self._centering.show)
        view.order_picked.connect(self._pick_order)
        view.norm_picked.connect(self._pick_norm)
        view.only_filtered_changed.connect(self._pick_filtered)
        view.range_changed.connect(self._refine)
        super().attach(view)

    def show(self) -> None:
        """Show the cells of the group, read first where they were not; nothing while unseen."""
        for work in (self._overview, self._ordering, self._detail):
            work.cancel()
        self._group = self._span_s = self._finer = self._range_s = None
        self._followed.stop()
        if not self._seen():
            return
        reason = _why_nothing(self.session.group)
        for view in self._seen():
            view.show_progress(None)
            if reason:
                view.show_message(reason)
        if not reason:
            self._group, self._span_s = self.session.group, self._span_now()
            self._followed.update()
            self._show_cells()
            self._show_orders()
            self._show_map()
            self._on_time(self.session.cursor.time_s)

    def _show_cells(self) -> None:
        group = self._group
        if group is None:
            return
        statuses = [group.status(i) for i in range(len(group.names))]
        for view in self._seen():
            view.show_cells(group.names, statuses)
            view.show_norm(self._norm)
            view.show_selection(self.session.selected)

    def _show_orders(self) -> None:
        if self._group is None:
            return
        table = self._table()
        self._offered = orders_of(self._group, table)
        if self._order not in dict(self._offered):
            self._order = FILE_ORDER
        for view in self._seen():
            view.show_orders(self._offered, self._order)
            view.show_only_filtered(None if table is None else self._only_filtered)

    def _show_map(self) -> None:
        self._overview.cancel()
        kept = self._kept_now()
        if kept is None or self._group is None or self._group.cells is None:
            return
        shades = kept.shades.get(self._norm)
        if shades is None:
            cells = self._group.cells
            placed = self.session.clock.placed(cells)
            self._overview.start(partial(read_overview, cells, placed, self._norm, kept.heat))
        else:
            self._draw(shades)
            self._find_order()

    def _draw(self, shades: Shades) -> None:
        order, self._finer = self._order_now(), None
        for view in self._seen():
            view.show_map(shades, order)
            view.show_selection(self.session.selected)
        if self._range_s is not None:
            self._refine(*self._range_s)

    def _on_overview(self, step: tuple[HeatMap, Shades]) -> None:
        heat, shades = step
        kept = self._kept_now()
        if heat.is_complete and kept is not None:
            kept.heat, kept.shades[self._norm] = heat, shades
        for view in self._seen():
            view.show_progress(heat.num_done / max(len(heat.values), 1))
        self._draw(shades)

    def _on_overview_end(self) -> None:
        self._on_no_more()
        self._find_order()

    def _on_no_more(self) -> None:
        for view in self._seen():
            view.show_progress(None)

    def _on_failure(self, text: str) -> None:
        for view in self._seen():
            view.show_progress(None)
            view.show_message(f"The cells cannot be shown.\n{text}")

    def _find_order(self) -> None:
        """Have the order found that was picked, where it takes long."""
        self._ordering.cancel()
        kept, group = self._kept_now(), self._group
        if self._order not in SLOW_ORDERS or kept is None or group is None:
            return
        if self._order not in kept.orders and kept.heat is not None:
            for view in self._seen():
                view.show_busy()
            self._ordering.start(partial(find_order, group, kept.heat, self._order))

    def _on_order(self, order: Order) -> None:
        kept = self._kept_now()
        if kept is not None:
            kept.orders[self._order] = order
            self._show_order()

    def _show_order(self) -> None:
        order = self._order_now()
        for view in self._seen():
            view.show_order(order)

    def _order_now(self) -> Order:
        """The cells that are shown, from the top."""
        group, kept, table = self._group, self._kept_now(), self._table()
        if group is None or kept is None:
            return np.arange(0)
        order = kept.orders.get(self._order)
        if order is None:
            order = order_cells(group, table, self._order)
        if self._only_filtered and table is not None:
            order = order[np.isin(order, table.order)]
        return order

    def _pick_cell(self, cell: int) -> None:
        if self._group is not None:
            self._lead()
            self.session.select(self._group, [cell])

    def _decide(self, cell: int, status: CellStatus) -> None:
        if self._followed.review is not None:
            self._followed.review.decide([cell], status, "click")

    def _lead(self) -> None:
        """Let decisions move on, and keys step, by the rows that are shown here."""
        review = self._followed.review
        if review is None:
            return
        weak = ref(self)

        def order() -> Order:
            control = weak()
            is_seen = control is not None and control._followed.review is review
            return control._order_now() if control is not None and is_seen else np.arange(0)

        review.order = order

    def _pick_order(self, key: str) -> None:
        self._order = key
        self._lead()
        for view in self._seen():
            view.show_orders(self._offered, key)
            view.show_progress(None)
        self._find_order()
        self._show_order()

    def _pick_norm(self, norm: Norm) -> None:
        self._norm = norm
        for view in self._seen():
            view.show_norm(norm)
        self._show_map()

    def _pick_filtered(self, on: bool) -> None:
        self._only_filtered = on
        self._lead()
        self._show_order()

    def _refine(self, start_s: float, stop_s: float) -> None:
        """Read a part of the time with as many columns as there are pixels."""
        self._range_s = start_s, stop_s
        kept, group = self._kept_now(), self._group
        overview = kept.shades.get(self._norm) if kept is not None else None
        if overview is None or group is None or group.cells is None:
            return
        if not _is_finest(overview, group) and not (
            _covers(self._finer, self._range_s) and _is_finest(self._finer, group)
        ):
            placed = self.session.clock.placed(group.cells)
            span_s, norm = self._range_s, self._norm
            self._detail.start(partial(read_detail, group.cells, placed, norm, span_s, overview))

    def _on_detail(self, shades: Shades | None) -> None:
        if shades is not None:
            self._finer = shades
            for view in self._seen():
                view.show_detail(shades)

    def _on_selection(self) -> None:
        if self.session.group is not self._group:
            self.show()
        for view in self._seen() if self._group is not None else ():
            view.show_selection(self.session.selected)

    def _on_recordings(self) -> None:
        for kept in self._kept.values():  # the clock may be another one, and so the events
            kept.shades.clear()
            kept.orders.pop(FIRST_EVENT_ORDER, None)
        is_same = self._group is not None and self._group is self.session.group
        if not is_same or self._span_now() != self._span_s:
            self.show()
        elif not self._overview.is_running:
            self._show_orders()
            self._show_map()
        else:  # what is being read is where it was
            self._show_orders()

    def _on_statuses(self, group: CellGroup) -> None:
        if group is self._group:
            self._show_cells()
            if self._order == STATUS_ORDER:
                self._show_order()

    def _on_table_order(self) -> None:
        if self._only_filtered:
            self._show_order()

    def _on_table_values(self, key: str) -> None:
        if self._group is not None and orders_of(self._group, self._table()) != self._offered:
            self._show_orders()
        if self._order.endswith(f" {key}"):
            self._show_order()

    def _table(self) -> CellTable | None:
        """The table of the cells, whose columns they can be ordered by."""
        review = self._followed.review
        return review.table if review is not None else None

    def _slots(self, review: Review) -> list[tuple[Any, Any]]:
        return [
            (review.table.order_changed, self._on_table_order),
            (review.table.values_changed, self._on_table_values),
        ]

    def _span_now(self) -> tuple[float, float] | None:
        """When the traces of the group start and end in session time; None without any."""
        group, clock = self.session.group, self.session.clock
        if group is None or group.cells is None:
            return None
        placed = clock.placed(group.cells)
        return placed.offset_s, placed.end_s

    def _kept_now(self) -> _Kept | None:
        """What was computed of the cell set that is shown."""
        cells = self._group.cells if self._group is not None else None
        return self._kept.setdefault(cells, _Kept()) if cells is not None else None


def _why_nothing(group: CellGroup | None) -> str:
    if group is None:
        return _NO_CELLS
    if isinstance(group, VesselGroup):
        return _FOR_CELLS
    if group.cells is None:
        return _NO_TRACES
    return "" if group.names and group.timing.num_samples else _EMPTY


def _is_finest(shades: Shades | None, group: CellGroup) -> bool:
    """Whether each column of a map is a sample."""
    if shades is None:
        return False
    column_s: float = (shades.stop_s - shades.start_s) / max(shades.values.shape[1], 1)
    return column_s < 1.5 * group.timing.period_s


def _covers(shades: Shades | None, span_s: tuple[float, float]) -> bool:
    """Whether a map has all of a stretch of time."""
    return shades is not None and shades.start_s <= span_s[0] and span_s[1] <= shades.stop_s
