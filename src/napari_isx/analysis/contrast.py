"""Between which values pictures are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

# Enough for percentiles, few enough to be quick on pictures of megapixels.
_PIXELS_LOOKED_AT: Final = 250_000


def contrast_limits(
    pictures: Sequence[npt.NDArray[Any]], percentiles: tuple[float, float]
) -> tuple[float, float]:
    """Limits between which the pixels of some pictures lie, without the outermost ones.

    Parameters
    ----------
    pictures : sequence of numpy.ndarray
        Of any shape; what is not finite does not count.
    percentiles : (float, float)
        In percent.

    Returns
    -------
    (float, float)
        The second greater than the first, whatever the pictures hold; (0, 1) without any.
    """
    step = max(sum(picture.size for picture in pictures) // _PIXELS_LOOKED_AT, 1)
    parts = [picture.reshape(-1)[::step].astype(np.float64) for picture in pictures]
    pixels = np.concatenate([np.empty(0), *parts])
    pixels = pixels[np.isfinite(pixels)]
    if not len(pixels):
        return 0.0, 1.0
    low, high = np.percentile(pixels, percentiles).tolist()
    if not high > low:
        low, high = float(pixels.min()), float(pixels.max())
    return (low, high) if high > low else (low, low + max(1.0, abs(low) / 1000))
