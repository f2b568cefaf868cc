"""Tables of responses, with the columns that Inscopix' cloud tool has, and q."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from napari_isx.analysis.chosen_traces import z_scored
from napari_isx.analysis.epochs import EpochActivity
from napari_isx.analysis.event_responses import PeriEvent, peri_event
from napari_isx.export.common import check_target
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.format.atomic_write import write_whole

_COLUMNS: Final = [
    "name", "true_mean_post-pre", "shuffled_mean_post-pre", "shuffled_std_post-pre", "z-score",
    "p-value", "modulation", "q-value",
]  # fmt: skip
_EPOCH_COLUMNS: Final = [
    "name", "label", "duration_s", "mean", "event_rate_hz", "effect_sd", "z-score", "p-value",
    "modulation", "q-value",
]  # fmt: skip
_GROUPS: Final = {"up_modulated": "up", "down_modulated": "down", "non_modulated": "none"}


def export_epochs(
    names: Sequence[str],
    result: EpochActivity,
    path: Path,
    *,
    methods: str = "",
    overwrite: bool = False,
) -> Path:
    """Write what cells do in epochs, one row for a cell and a label, and the methods beside it.

    Parameters
    ----------
    names : sequence of str
        One for each cell of the set.
    result : EpochActivity
    path : Path
        ``<stem>.EPOCHS.csv`` and ``<stem>.METHODS.txt`` stand there.
    methods : str
        What was compared.
    overwrite : bool

    Raises
    ------
    FileExistsError
        One is there already.
    """
    base = path.with_suffix("")
    table, text = (base.with_name(base.name + suffix) for suffix in (".EPOCHS.csv", ".METHODS.txt"))
    for target in (table, text):
        check_target(target, overwrite)
    rows = [
        (
            names[cell], label, result.duration_s[row], result.mean[row, place],
            result.event_rate_hz[row, place], result.effect[row, place], result.z[row, place],
            result.p[row, place], result.modulation[row][place], result.q[row, place],
        )
        for row, label in enumerate(result.labels)
        for place, cell in enumerate(result.cell_indices.tolist())
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=_EPOCH_COLUMNS)
    write_whole(table, frame.to_csv(index=False, lineterminator="\n").encode())
    write_whole(text, f"{methods}\n".encode())
    return table


def export_responses(
    cells: CellSet,
    names: Sequence[str],
    result: PeriEvent,
    path: Path,
    *,
    methods: str = "",
    overwrite: bool = False,
) -> tuple[Path, Path]:
    """Write averages and statistics as two CSV files, and the methods text beside them.

    Parameters
    ----------
    cells : CellSet
        Whose traces were averaged.
    names : sequence of str
        One for each cell of the set.
    result : PeriEvent
    path : Path
        ``<stem>.TRACES.csv``, ``<stem>.STATISTICS.csv`` and ``<stem>.METHODS.txt`` stand there.
    methods : str
        What was aligned to, and what else there is to say, before the result's own text.
    overwrite : bool

    Raises
    ------
    FileExistsError
        One is there already.
    """
    base = path.with_suffix("")
    traces, statistics, text = (
        base.with_name(base.name + suffix)
        for suffix in (".TRACES.csv", ".STATISTICS.csv", ".METHODS.txt")
    )
    for target in (traces, statistics, text):
        check_target(target, overwrite)
    groups = _groups(cells, result)
    chosen = [names[cell] for cell in result.cell_indices.tolist()]
    write_whole(traces, _traces(result, chosen, groups).encode())
    write_whole(statistics, _statistics(result, chosen, groups).encode())
    write_whole(text, f"{methods} {result.methods_text}\n".lstrip().encode())
    return traces, statistics


def _groups(cells: CellSet, result: PeriEvent) -> dict[str, PeriEvent]:
    """The responses of the mean of all these cells, and of those up, down and not modulated."""
    modulation = np.array(result.modulation, object)
    members = {"population": np.ones(len(modulation), np.bool_)}
    members |= {name: modulation == one for name, one in _GROUPS.items()}
    is_there = cells.timing.valid_mask
    sums = np.zeros((len(members), len(is_there)))
    for place, cell in enumerate(result.cell_indices):
        trace = z_scored(cells.traces, cell[None], is_there).values[:, 0]
        for row, of in zip(sums, members.values(), strict=True):
            if of[place]:
                row += trace
    return {
        name: peri_event(
            row[None] / max(of.sum(), 1), result.events_s, timing=cells.timing,
            window_s=result.window_s, baseline_s=result.baseline_s, response_s=result.response_s,
            shuffles=result.shuffles, seed=result.seed, alpha=result.alpha, normalize=None,
        )
        for (name, of), row in zip(members.items(), sums, strict=True)
    }  # fmt: skip


def _traces(result: PeriEvent, names: Sequence[str], groups: Mapping[str, PeriEvent]) -> str:
    modulation = np.array(result.modulation, object)
    columns = {"Time": result.lags_s}
    for name, group in groups.items():
        of = result.mean if name == "population" else result.mean[modulation == _GROUPS[name]]
        columns[f"{name}_mean"] = group.mean[0] if len(of) else np.full(len(result.lags_s), np.nan)
        with np.errstate(invalid="ignore"):
            spread = of.std(axis=0, ddof=1) if len(of) > 1 else np.full(of.shape[1], np.nan)
        columns[f"{name}_sem"] = spread / np.sqrt(max(len(of), 1))
    for place, name in enumerate(names):
        columns[f"{name}_mean"], columns[f"{name}_sem"] = result.mean[place], result.sem[place]
    return pd.DataFrame(columns).to_csv(index=False, lineterminator="\n")


def _statistics(result: PeriEvent, names: Sequence[str], groups: Mapping[str, PeriEvent]) -> str:
    rows = [_row(name, group, 0) for name, group in groups.items()]
    rows += [_row(name, result, place) for place, name in enumerate(names)]
    return pd.DataFrame(rows, columns=_COLUMNS).to_csv(index=False, lineterminator="\n")


def _row(name: str, result: PeriEvent, i: int) -> tuple[object, ...]:
    return (
        name, result.effect[i], result.shifted_mean[i], result.shifted_std[i], result.z[i],
        result.p[i], f"{result.modulation[i]}_modulated".replace("none", "non"), result.q[i],
    )  # fmt: skip
