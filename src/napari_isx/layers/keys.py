"""Metadata keys of our layers. The layer list is the session: what is open is read from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from napari_isx.io.base.recording import Recording

if TYPE_CHECKING:
    from napari.layers import Layer

LayerData: TypeAlias = tuple[Any, dict[str, Any], Literal["image", "labels", "shapes", "points"]]
"""What napari adds a layer from: data, keyword arguments, type."""

RECORDING_KEY: Final = "napari_isx"
"""The opened file (`Recording`) that a layer shows. Set on every layer of ours; read by all."""

ROIS_KEY: Final = "napari_isx_rois"
"""The cut footprints (list of `Roi`) of a cell set. Set on its layers; read by all that needs
a cell's place."""

BOX_KEY: Final = "napari_isx_box"
"""True for the layer of a behavior movie that follows the tracked animal. Read to move its box."""

_PREFIX: Final = "napari_isx"


def our_keys(layer: Layer) -> set[str]:
    """Our keys in a layer's metadata; none in a layer of somebody else."""
    return {key for key in layer.metadata if str(key).startswith(_PREFIX)}


def recording_of(layer: Layer) -> Recording | None:
    """The opened file that a layer shows, or None for a layer of somebody else."""
    recording = layer.metadata.get(RECORDING_KEY)
    return recording if isinstance(recording, Recording) else None


SEPARATOR: Final = " · "
# A name that the microscope gives ends with the time; what was done with it is written after.
_STAMPED: Final = re.compile(r"(.*\d{2}[-_:]?\d{2}[-_:]?\d{2})[-_ ]+(\D.*)")


def layer_name(kind: str, title: str) -> str:
    """The name of a layer: first what tells it from others, as the layer list cuts long names.

    >>> layer_name("cells", "2014_09_12_14_33_19-PP-BP-ICA")
    'cells PP-BP-ICA · 2014_09_12_14_33_19'
    """
    found = _STAMPED.fullmatch(title)
    base, rest = found.groups() if found else (title, "")
    rest = "" if rest.lower() == kind.lower() else rest
    first = " ".join(part for part in (kind, rest) if part)
    return f"{first}{SEPARATOR}{base}" if first and first != base else base
