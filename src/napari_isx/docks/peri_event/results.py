"""What is said and drawn of responses: orders of cells, averages, columns of *Cells*, words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.analysis.event_responses import PeriEvent
from napari_isx.analysis.trace_heatmap import order_by, order_by_clustering
from napari_isx.docks.peri_event.panels import Curve
from napari_isx.session.responses import Computed


def order_of(result: PeriEvent, name: str) -> npt.NDArray[np.int64]:
    """The places of the cells in an order, the first on top."""
    if name == "effect":
        return order_by(result.effect, descending=True)
    if name == "p":
        return order_by(result.p)
    if name == "peak":
        known = np.where(np.isfinite(result.mean), result.mean, -np.inf)
        return order_by(known.argmax(axis=1))
    if name == "alike":
        return order_by_clustering(np.nan_to_num(result.mean).astype(np.float32))
    return np.arange(len(result.cell_indices))


def curves_of(
    computed: Computed, places: Sequence[int], *, by_condition: bool = True
) -> Iterator[Curve]:
    """The mean of each cell, or of each of its conditions."""
    result, labels = computed.result, computed.alignment.labels if by_condition else ()
    for place in places:
        name = computed.group.names[int(result.cell_indices[place])]
        if not labels:
            yield Curve(name, result.mean[place], result.sem[place])
            continue
        trials = result.responses_of(place)
        kept = np.array([labels[event] for event in computed.kept.tolist()], object)
        for label in computed.alignment.conditions:
            chosen = trials[kept == label]
            if len(chosen):
                count = np.isfinite(chosen).sum(axis=0)
                with np.errstate(invalid="ignore", divide="ignore"):
                    mean = np.nansum(chosen, axis=0) / count
                    variance = np.nansum((chosen - mean) ** 2, axis=0) / (count - 1)
                    sem = np.sqrt(variance / count)
                yield Curve(f"{name} {label or '(no label)'}", mean, sem)


def columns_of(computed: Computed) -> tuple[list[Metric], dict[str, npt.NDArray[np.float64]]]:
    """Effect, z, p, q and modulation for the table of cells, by the events' name."""
    result, name = computed.result, computed.alignment.name
    source = f"To {computed.alignment.source}. {result.methods_text}"
    sign = {"up": 1.0, "down": -1.0, "none": 0.0}
    known = np.isfinite(result.effect)
    modulated = np.array([sign[one] for one in result.modulation])
    by_title = {
        "effect": result.effect, "z": result.z, "p": result.p, "q": result.q,
        "modulated": np.where(known, modulated, np.nan),
    }  # fmt: skip
    both = computed.difference
    if both is not None:
        by_title[f"{both.first} - {both.second}"] = both.difference
        by_title[f"q of {both.first} - {both.second}"] = both.q
    metrics, values = [], {}
    for title, column in by_title.items():
        key = f"response {title}: {name}"
        definition = f"1 up, -1 down, 0 neither. {source}" if title == "modulated" else source
        metrics.append(Metric(key, f"{title} ({name})", definition, format=".3g"))
        values[key] = np.full(len(computed.group.names), np.nan)
        values[key][result.cell_indices] = column
    return metrics, values


def methods_of(computed: Computed, reasons: Sequence[str]) -> str:
    """What was aligned to, how many events were excluded and why, and which cells there are."""
    statuses = {computed.group.status(cell) for cell in computed.result.cell_indices.tolist()}
    which = " and ".join(sorted(str(one) for one in statuses)) or "no"
    text = f"Aligned to {computed.alignment.source}; {which} cells."
    excluded = len(computed.alignment) - len(computed.events)
    if excluded:
        why = ", ".join(f"{reasons.count(one)} {one}" for one in dict.fromkeys(reasons))
        text += f" {excluded} of {len(computed.alignment)} events were excluded ({why})."
    return text


def summary(computed: Computed) -> str:
    """How many cells respond, and to how many of the events."""
    result = computed.result
    up, down = (result.modulation.count(one) for one in ("up", "down"))
    significant = int((result.q < result.alpha).sum())
    text = (
        f"{up} of {len(result.cell_indices)} cells up, {down} down; {significant} at q < "
        f"{result.alpha:g} · {len(result.kept_events)} of {len(computed.alignment)} events"
    )
    both = computed.difference
    if both is not None:
        differ = int((both.q < result.alpha).sum())
        text += f"; {both.first} and {both.second} differ in {differ} cells at q < {result.alpha:g}"
    reasons = list(result.left_out.values())
    left = [f"{reasons.count(one)} {one}" for one in dict.fromkeys(reasons)]
    excluded = len(computed.alignment) - len(computed.events)
    left += [f"{excluded} excluded"] if excluded else []
    return f"{text} (left out: {', '.join(left)})" if left else text
