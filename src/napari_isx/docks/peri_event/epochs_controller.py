"""What the dock *Responses* shows of times that last: activity in them and in the rest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.analysis.trace_heatmap import order_by
from napari_isx.docks.common.background import Work
from napari_isx.docks.common.visible_controller import SeenControl
from napari_isx.docks.peri_event.dock import ResponsesWidget
from napari_isx.export.responses_csv import export_epochs
from napari_isx.session.groups import CellGroup
from napari_isx.session.responses import REST, ComputedEpochs, Responses, cells_of
from napari_isx.session.session import Session
from napari_isx.viewer.debounce import Later
from napari_isx.viewer.time import TimeControl

if TYPE_CHECKING:
    from napari.components import ViewerModel

_DELAY_MS: Final = 150
_MAX_BARS: Final = 6


class EpochsControl(SeenControl[ResponsesWidget]):
    """Compares epochs while they are looked at, in a worker, and follows the selection."""

    def __init__(
        self, viewer: ViewerModel, session: Session, time: TimeControl, responses: Responses
    ) -> None:
        super().__init__(viewer, session, time)
        self._responses = responses
        self.computed: ComputedEpochs | None = None
        self._later = Later(self.show, _DELAY_MS)
        self._work: Work[ComputedEpochs] = Work(self._on_computed, self._on_failure, title="Epochs")
        for changed in (
            responses.changed, session.groups_changed, session.recordings_changed,
        ):  # fmt: skip
            changed.connect(self._later.request)
        session.settled.selection_changed.connect(self._on_selection)
        session.settled.statuses_changed.connect(self._on_statuses)

    @property
    def is_busy(self) -> bool:
        """Whether something is being computed, or will be in a moment."""
        return self._work.is_running or self._later.is_due

    def attach(self, view: ResponsesWidget) -> None:
        """Let a dock show epochs until it is destroyed."""
        view.epoch_cell_picked.connect(self._pick_cell)
        super().attach(view)

    def _seen(self) -> list[ResponsesWidget]:
        return [view for view in super()._seen() if view.shows_epochs]

    def show(self) -> None:
        """Show the epochs, compared again; nothing while unseen."""
        self._later.cancel()
        self._work.cancel()
        if self.computed is not None and self.computed.group not in self.session.groups:
            self.computed = None  # it would keep the traces of a closed file
        if not self._seen():
            return
        reason, compute = self._responses.computing_epochs()
        if compute is None:
            self.computed = None
            for view in self._seen():
                view.show_message(reason)
            return
        for view in self._seen():
            view.show_text("Computing…")
        self._work.start(compute)

    def export(self, path: Path) -> None:
        """Write the table of what is shown, named after `path`; see :func:`export_epochs`."""
        if self.computed is not None:
            names = self.computed.group.names
            export_epochs(names, self.computed.result, path, methods=methods_of(self.computed))

    def _on_computed(self, computed: ComputedEpochs) -> None:
        self.computed = computed
        review = self.session.reviews.of(computed.group)
        if review is not None:
            name = f"{computed.alignment.name} (epochs)"
            review.add_columns(*columns_of(computed), name, computed.result)
        order = order_by(computed.result.effect[0], descending=True)
        for view in self._seen():
            view.show_epochs(computed.result, order, self._responses.settings.alpha)
        self._on_selection()

    def _on_failure(self, text: str) -> None:
        for view in self._seen():
            view.show_message(text)

    def _on_selection(self, _event: object = None) -> None:
        computed = self.computed
        if computed is None or not self._seen():
            return
        if computed.group is not self.session.group:
            self._later.request()  # the pictures are of other cells
            return
        result, names = computed.result, computed.group.names
        place_of = {cell: place for place, cell in enumerate(result.cell_indices.tolist())}
        selected = [cell for cell in self.session.selected if cell in place_of]
        text = summary(computed, self._responses.settings.alpha)
        if not selected and np.isfinite(result.z[0]).any():
            selected = [int(result.cell_indices[np.nanargmax(np.abs(result.z[0]))])]
            text = f"{names[selected[0]]}, of the largest |z|, is shown. {text}"
        shown = selected[-_MAX_BARS:]
        for view in self._seen():
            view.show_text(text)
            view.show_epoch_selection(
                result, [place_of[cell] for cell in shown], [names[cell] for cell in shown]
            )

    def _on_statuses(self, group: CellGroup) -> None:
        """Compare other cells, where decisions changed which they are."""
        computed = self.computed
        if computed is None or group is not computed.group or not self._seen():
            return
        if cells_of(group) != computed.result.cell_indices.tolist():
            self._later.request()

    def _pick_cell(self, place: int, is_added: bool) -> None:
        if self.computed is None:
            return
        group, cell = self.computed.group, int(self.computed.result.cell_indices[place])
        if is_added:
            self.session.toggle(group, cell)
        else:
            self.session.select(group, [cell])


def columns_of(computed: ComputedEpochs) -> tuple[list[Metric], dict[str, np.ndarray]]:
    """Mean, rate, effect, z, p, q and modulation for the table of cells, by label."""
    result, sign = computed.result, {"up": 1.0, "down": -1.0, "none": 0.0}
    metrics, values = [], {}
    for row, label in enumerate(result.labels):
        is_rest = row == len(result.labels) - 1
        title = f"{label} of {computed.alignment.name}" if is_rest else label
        modulated = np.array([sign[one] for one in result.modulation[row]])
        columns = {"mean": result.mean[row], "events/s": result.event_rate_hz[row]}
        if not is_rest:
            columns |= {
                "effect": result.effect[row], "z": result.z[row], "p": result.p[row],
                "q": result.q[row],
                "modulated": np.where(np.isfinite(result.effect[row]), modulated, np.nan),
            }  # fmt: skip
        for name, column in columns.items():
            key = f"epochs {name}: {title}"
            metrics.append(Metric(key, f"{name} ({title})", methods_of(computed), format=".3g"))
            values[key] = np.full(len(computed.group.names), np.nan)
            values[key][result.cell_indices] = column
    return metrics, values


def methods_of(computed: ComputedEpochs) -> str:
    """What was compared with what, and how it was tested."""
    result, alignment = computed.result, computed.alignment
    spans = alignment.epochs
    parts = ", ".join(
        f"{label} ({duration_s:.1f} s"
        + (f" in {len(spans[label])} epochs)" if label in spans else ")")
        for label, duration_s in zip(result.labels, result.duration_s.tolist(), strict=True)
    )
    return (
        f"Epochs from {alignment.source}: {parts}. Effect: mean in a label's epochs minus mean "
        f"outside of them, in standard deviations of the trace. Modulated cells are beyond the "
        f"shifted effects' tails when all epochs are shifted together around the recording's end; "
        f"q is the two-sided p corrected by Benjamini and Hochberg for the cells of a label."
    )


def summary(computed: ComputedEpochs, alpha: float) -> str:
    """How many cells are modulated in each label's epochs, and how long these last."""
    result, texts = computed.result, []
    for row, label in enumerate(result.labels[:-1]):
        up, down = (result.modulation[row].count(one) for one in ("up", "down"))
        significant = int((result.q[row] < alpha).sum())
        cells = f"{up} of {len(result.cell_indices)} cells up, {down} down"
        lasts = f"{label}, {result.duration_s[row]:.1f} s"
        texts.append(f"{lasts}: {cells}; {significant} at q < {alpha:g}")
    if not np.isfinite(result.effect[:-1]).any():
        return f"{computed.alignment.name}: always or never, so that there is nothing to compare."
    return " · ".join([*texts, f"{REST} {result.duration_s[-1]:.1f} s"])
