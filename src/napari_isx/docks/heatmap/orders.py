"""The heat map of a cell set in session time, and the orders that its cells can be in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.trace_heatmap import (
    HeatMap,
    Norm,
    Order,
    Shades,
    heat_map,
    order_by,
    order_by_clustering,
    shade,
)
from napari_isx.io.cells.cell_set import STATUSES, CellSet
from napari_isx.session.cell_table import CellTable
from napari_isx.session.groups import CellGroup
from napari_isx.timeline.placed import Placed

FILE_ORDER: Final = "file"
STATUS_ORDER: Final = "status"
FIRST_EVENT_ORDER: Final = "first event"
CLUSTERED_ORDER: Final = "clustering"
SLOW_ORDERS: Final = frozenset({FIRST_EVENT_ORDER, CLUSTERED_ORDER})
"""Orders for which files are read, or traces compared."""
_COLUMN: Final = "column "


def read_overview(
    cells: CellSet, placed: Placed, norm: Norm, heat: HeatMap | None = None
) -> Iterator[tuple[HeatMap, Shades]]:
    """Read all traces, unless they were read before, and shade them as far as they are there.

    Raises IsxFileError: a trace could not be read.
    """
    for step in heat_map(cells) if heat is None else (heat,):
        yield step, shade(step, norm, span_s=_span_s(step, placed))


def read_detail(
    cells: CellSet, placed: Placed, norm: Norm, span_s: tuple[float, float], overview: Shades
) -> Iterator[Shades | None]:
    """Read a part of the session's time with finer columns, in the colors of the overview.

    None while it is not all there. Errors are those of :func:`read_overview`.
    """
    # A sample more at each end, so that rounding leaves no edge without one.
    start_s = placed.from_session_s(span_s[0]) - placed.timing.period_s
    stop_s = placed.from_session_s(span_s[1]) + placed.timing.period_s
    for step in heat_map(cells, start_s=start_s, stop_s=stop_s):
        if step.is_complete:
            limits = overview.low, overview.high
            yield shade(step, norm, span_s=_span_s(step, placed), limits=limits)
        else:
            yield None


def orders_of(group: CellGroup, table: CellTable | None) -> list[tuple[str, str]]:
    """Key and title of each order that the cells of a group can be in now."""
    orders = [(FILE_ORDER, "File order"), (STATUS_ORDER, "Status")]
    if group.events is not None:
        orders.append((FIRST_EVENT_ORDER, "First event"))
    orders.append((CLUSTERED_ORDER, "Similar side by side"))
    for metric in table.columns if table is not None else ():
        if table is not None and table.values(metric.key) is not None:
            origin = ", stored" if metric.source == "stored" else ""
            orders.append((_COLUMN + metric.key, f"{metric.title}{origin}, high first"))
    return orders


def order_cells(group: CellGroup, table: CellTable | None, key: str) -> Order:
    """The cells of a group in an order that needs no reading, from the top.

    As in the file, if there is no such order.
    """
    count = len(group.names)
    if key == STATUS_ORDER:
        statuses = [group.status(i) for i in range(count)]
        codes = [np.nan if status is None else STATUSES.index(status) for status in statuses]
        return order_by(np.array(codes))
    values = table.values(key.removeprefix(_COLUMN)) if table is not None else None
    if key.startswith(_COLUMN) and values is not None:
        return order_by(values, descending=True)
    return np.arange(count)


def find_order(group: CellGroup, heat: HeatMap, key: str) -> Iterator[Order]:
    """One of the slow orders, for another thread; an IsxFileError where events cannot be read."""
    if key == CLUSTERED_ORDER:
        yield order_by_clustering(heat.values)
    else:
        yield order_by(first_events_s(group))


def first_events_s(group: CellGroup) -> npt.NDArray[np.float64]:
    """``(n,)``: when each cell's first event is, in seconds of the event set; NaN for none."""
    first = np.full(len(group.names), np.nan)
    for cell in range(len(first)):
        events = group.events_of(cell)
        if events is not None and len(events):
            first[cell] = events.times_s.min()
    return first


def _span_s(heat: HeatMap, placed: Placed) -> tuple[float, float]:
    start_s, stop_s = placed.to_session_s([heat.start_s, heat.stop_s]).tolist()
    return start_s, stop_s
