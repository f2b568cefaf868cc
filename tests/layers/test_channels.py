"""GPIO and IMU recordings as a layer without points."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import gpio_files
from napari.components import ViewerModel

from napari_isx import IsxFileError
from napari_isx.io.gpio import gpio_file as gpio_module
from napari_isx.layers.channels import channels_layer


@pytest.fixture
def gpio(tmp_path, opened):
    stream = gpio_files.random_stream(3, 50)
    return opened(gpio_files.write(tmp_path / "my inputs.gpio", stream, session={}))


def test_the_layer_is_empty_and_carries_the_channels(gpio):
    viewer = ViewerModel()
    data, kwargs, kind = channels_layer(gpio)
    assert isinstance(data, np.ndarray)
    (layer,) = viewer._add_layer_from_data(data, kwargs, kind)
    assert layer.name == "GPIO · my inputs"
    assert layer.data.shape == (0, 3)
    assert layer.metadata["napari_isx"] is gpio
    assert not layer.visible, "there is nothing to draw, which would take its time at each step"
    np.testing.assert_allclose(layer.scale, (gpio.timing.period_s, 1, 1))
    assert [str(unit) for unit in layer.units] == ["second", "micrometer", "micrometer"]
    assert tuple(layer.axis_labels) == ("t", "y", "x")


def test_packets_are_read_when_the_layer_is_made_and_never_again(gpio, monkeypatch):
    decoded = []
    decode = gpio_module.decode_stream

    def counting(*args, **kwargs):
        decoded.append(1)
        return decode(*args, **kwargs)

    monkeypatch.setattr(gpio_module, "decode_stream", counting)
    channels_layer(gpio)
    assert decoded == [1]
    assert gpio.num_channels > 3
    assert gpio.timing.num_samples > 0
    assert gpio.channel(0).times_s.size
    assert decoded == [1]


def test_broken_packets_are_told_when_the_file_is_opened(tmp_path, opened):
    gpio = opened(gpio_files.write(tmp_path / "empty.gpio", b"", session={}))
    with pytest.raises(IsxFileError, match=r"empty\.gpio"):
        channels_layer(gpio)
