"""Other shapes in a Shapes layer, whatever way the viewer shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from napari.layers import Shapes


def redraw(
    layer: Shapes,
    shapes: Sequence[npt.NDArray[np.floating[Any]]],
    shape_type: Literal["rectangle", "path"],
    **look: Any,
) -> None:
    """Take all shapes out of a layer, and draw others.

    To set the layer's `data` would do, if napari did not fail at that with a layer of two
    dimensions while it shows three.

    `shapes`: ``(n, 2)`` each; none leaves the layer empty. `look`: as for ``Shapes.add``. By
    default they look like the shapes that were there last.
    """
    layer.selected_data = set(range(len(layer.data)))
    layer.remove_selected()
    if len(shapes):
        layer.add(list(shapes), shape_type=shape_type, **look)
