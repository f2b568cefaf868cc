"""What was computed of responses and epochs, as tables of an NWB file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from hdmf.common import DynamicTable, DynamicTableRegion, VectorData

from napari_isx.analysis.epochs import EpochActivity
from napari_isx.analysis.event_responses import PeriEvent
from napari_isx.io.cells.cell_set import CellSet

if TYPE_CHECKING:
    from napari_isx.export.nwb.session import NwbSession

_Columns = Mapping[str, tuple[str, Any]]


def add_responses(
    session: NwbSession,
    cells: CellSet,
    results: Mapping[str, PeriEvent | EpochActivity],
    table: Any,
) -> None:
    """Add the results that belong to a cell set, by the name of their events or epochs.

    Parameters
    ----------
    table : PlaneSegmentation
        The cells, to which each row leads.
    """
    for name, result in results.items():
        if isinstance(result, PeriEvent):
            _add_peri_event(session, cells, name, result, table)
        else:
            _add_epochs(session, cells, name, result, table)


def _add_peri_event(
    session: NwbSession, cells: CellSet, name: str, result: PeriEvent, table: Any
) -> None:
    lags = result.lags_s
    shape = f"around the event, from {lags[0]:g} to {lags[-1]:g} s: see the table of lags"
    columns: dict[str, tuple[str, Any]] = {
        "effect": ("Mean of the response window minus that of the baseline.", result.effect),
        **_tests(result.z, result.p, result.q),
        "modulation": ("up, down or none, without correction.", list(result.modulation)),
        "mean": (f"Mean over the events {shape}.", result.mean),
        "sem": (f"Standard error over the events {shape}.", result.sem),
    }
    title = session.name(f"Responses_{name}")
    _add(session, title, f"Responses of the cells of {cells.name} to {name}. "
         f"{result.methods_text}", _region(result.cell_indices, table), columns)  # fmt: skip
    _add(session, session.name(f"{title}_lags"), f"The times of {title}.", None,
         {"lag_s": ("Seconds from the event's sample.", lags)})  # fmt: skip
    kept = set(result.kept_events.tolist())
    reasons = [result.left_out.get(i, "") for i in range(len(result.events_s))]
    times_s = session.placed(cells).to_session_s(result.events_s)
    _add(session, session.name(f"{title}_events"), f"The events of {title}.", None, {
        "event_time": ("Seconds from the session's start.", times_s),
        "is_averaged": ("Whether it is in the numbers.", [i in kept for i in range(len(reasons))]),
        "reason": ("Why not: edge, gap or overlap; empty where it is.", reasons),
    })  # fmt: skip


def _add_epochs(
    session: NwbSession, cells: CellSet, name: str, result: EpochActivity, table: Any
) -> None:
    num_labels, num_cells = result.mean.shape
    columns: dict[str, tuple[str, Any]] = {
        "label": ("Of the epochs.", np.repeat(result.labels, num_cells).tolist()),
        "duration_s": ("Time with samples.", np.repeat(result.duration_s, num_cells)),
        "mean": ("Of the trace, in its own units.", result.mean.ravel()),
        "event_rate_hz": ("NaN where no events are known.", result.event_rate_hz.ravel()),
        "effect": (
            "Mean inside minus mean outside, in standard deviations of the trace.",
            result.effect.ravel(),
        ),
        **_tests(result.z.ravel(), result.p.ravel(), result.q.ravel()),
        "modulation": (
            "up, down or none, without correction.",
            [one for row in result.modulation for one in row],
        ),
    }
    region = _region(np.tile(result.cell_indices, num_labels), table)
    _add(session, session.name(f"Epochs_{name}"),
         f"Activity of the cells of {cells.name} while {name} lasts, and in the rest. Tested by "
         f"circular shifts of all epochs together.", region, columns)  # fmt: skip


def _tests(z: Any, p: Any, q: Any) -> dict[str, tuple[str, Any]]:
    return {
        "z": ("How many standard deviations of the shifted effects from their mean.", z),
        "p": ("Share of the shifted effects beyond it, on the side where there are fewer.", p),
        "q": ("Two-sided p after Benjamini and Hochberg over these cells.", q),
    }


def _region(cells: npt.NDArray[np.int64], table: Any) -> Any:
    return DynamicTableRegion(
        name="cell", description="Which cell.", data=cells.tolist(), table=table
    )


def _add(session: NwbSession, name: str, description: str, region: Any, columns: _Columns) -> None:
    made = [VectorData(name=n, description=text, data=data) for n, (text, data) in columns.items()]
    session.module("responses", "What cells do around events and in epochs").add(
        DynamicTable(
            name=name, description=description,
            columns=made if region is None else [region, *made],
        )
    )  # fmt: skip
