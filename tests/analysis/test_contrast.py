"""Between which values pictures are shown."""

from __future__ import annotations

import numpy as np
import pytest

from napari_isx.analysis.contrast import contrast_limits

LIMITS = (0.2, 99.8)


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([], (0, 1)),
        ([np.full((3, 4), 7, np.uint16)], (7, 8)),
        ([np.full((3, 4), np.nan, np.float32)], (0, 1)),
        ([np.zeros((2, 2)), np.full((2, 2), 5.0)], (0, 5)),
        # One bright pixel in many does not set the limits, unless there is nothing else.
        ([np.r_[np.linspace(0, 100, 9999), 1e6].reshape(100, 100)], (0.2, 99.82)),
        ([np.r_[np.zeros(9999), 5.0].reshape(100, 100)], (0, 5)),
    ],
)
def test_contrast_limits(frames, expected):
    assert contrast_limits(frames, LIMITS) == pytest.approx(expected, rel=1e-3)


def test_contrast_of_a_large_frame_looks_at_some_of_its_pixels(monkeypatch):
    sizes = []
    percentile = np.percentile
    monkeypatch.setattr(
        np, "percentile", lambda pixels, q: sizes.append(pixels.size) or percentile(pixels, q)
    )
    contrast_limits([np.arange(1_000_000, dtype=np.float32).reshape(1000, 1000)] * 5, LIMITS)
    assert 100_000 < sizes[0] < 600_000


def test_contrast_of_extreme_values_is_finite():
    low, high = contrast_limits([np.array([[-3e38, 3e38]], np.float32)], LIMITS)
    assert np.isfinite([low, high]).all()
    low, high = contrast_limits([np.full((2, 2), 1e30, np.float32)], LIMITS)
    assert high > low


def test_contrast_leaves_out_the_extremes():
    pixels = np.full((10, 100, 100), 500.0)
    pixels[:, :50] = 100
    pixels[0, 0, 0], pixels[0, 0, 1], pixels[0, 0, 2] = 9e9, np.nan, -np.inf
    low, high = contrast_limits([pixels], (1, 99.8))
    assert (low, high) == (100, 500)
    assert contrast_limits([np.full((2, 3, 3), 7, np.uint8)], LIMITS) == (7, 8), (
        "never nothing between"
    )
