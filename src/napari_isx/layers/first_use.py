"""What napari does once, with the first layer of each kind: a second in which a window stands."""

from __future__ import annotations

from functools import cache

import numpy as np


@cache
def prepare() -> None:
    """Have napari do it now, in whatever thread: import, compile, and look units up."""
    import dask.array as da
    import pandas as pd
    from napari.layers import Image, Labels, Points, Shapes
    from napari.utils.colormaps import CyclicLabelColormap

    place = {"scale": (2.0, 2.0), "units": ("um", "um"), "axis_labels": ("y", "x")}
    in_time = {"scale": (0.1, 2.0, 2.0), "units": ("s", "um", "um"), "axis_labels": ("t", "y", "x")}
    features = pd.DataFrame({"name": ["A"]})
    corners = np.array([[0.0, 0.0], [0.0, 3.0], [3.0, 3.0]])
    look = {"face_color": "transparent", "edge_color": np.ones((1, 4))}
    Image(da.zeros((2, 2, 2), chunks=1), cache=False, **in_time)
    Shapes([corners], shape_type="polygon", features=features, text="{name}", **look, **place)
    Shapes([corners], shape_type="path", **look, **place)
    colors = CyclicLabelColormap(colors=np.ones((3, 4)), background_value=0)
    Labels(np.ones((3, 3), np.uint16), features=features, colormap=colors, **place)
    Points(np.zeros((1, 3)), features=features, face_color="transparent", **in_time)
