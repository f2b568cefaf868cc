"""GPIO and IMU recordings as a Points layer that has no points."""

from __future__ import annotations

import numpy as np

from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.layers.keys import RECORDING_KEY, LayerData, layer_name
from napari_isx.layers.placement import seconds_per_step


def channels_layer(gpio: GpioSet) -> LayerData:
    """An empty Points layer ``(t, y, x)`` that carries the channels, for the layer list.

    Raises IsxFileError: the packets of a `.gpio` file, which are read here, are broken.
    """
    # The timing of a `.gpio` file is known once its packets are read, and so are its channels:
    # who opens the file waits for that, and nobody who looks at it later.
    step_s = seconds_per_step(gpio.timing)
    return (
        np.empty((0, 3)),  # not None: napari leaves that out of sample data
        {
            "name": layer_name("IMU" if gpio.is_imu else "GPIO", gpio.title),
            "ndim": 3,
            "visible": False,  # napari slices and draws what is visible, though it has no points
            "metadata": {RECORDING_KEY: gpio},
            "scale": (step_s, 1.0, 1.0),
            "units": ("s", "um", "um"),
            "axis_labels": ("t", "y", "x"),
        },
        "points",
    )
