"""Pure functions on arrays and frames: footprints, metrics, images of events, responses to events.

The public names are :func:`peri_event`, :func:`compare_conditions`, :func:`epoch_activity` and
:func:`response_map`, with what they return.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from napari_isx.analysis.conditions import ConditionDifference, compare_conditions
    from napari_isx.analysis.epochs import EpochActivity, epoch_activity
    from napari_isx.analysis.event_responses import PeriEvent, peri_event
    from napari_isx.analysis.response_maps import ResponseMap, response_map

_HOME: Final = {
    "ConditionDifference": "conditions",
    "EpochActivity": "epochs",
    "PeriEvent": "event_responses",
    "ResponseMap": "response_maps",
    "compare_conditions": "conditions",
    "epoch_activity": "epochs",
    "peri_event": "event_responses",
    "response_map": "response_maps",
}

__all__ = [
    "ConditionDifference",
    "EpochActivity",
    "PeriEvent",
    "ResponseMap",
    "compare_conditions",
    "epoch_activity",
    "peri_event",
    "response_map",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"napari_isx.analysis.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'napari_isx.analysis' has no attribute {name!r}")
