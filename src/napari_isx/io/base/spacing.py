"""Where each pixel lies on the sensor."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.format.json_fields import Fields, Rational

# Miniscope sensors have 1 to 4 megapixels.
MAX_PIXELS: Final = 1 << 26
# Pixel pitch of the nVista 3 family's sensor, and the default of `isx`.
DEFAULT_PIXEL_SIZE_UM: Final = 3


@dataclass(frozen=True)
class Spacing:
    """Size and place of a pixel grid, in nominal micrometers on the sensor.

    Attributes
    ----------
    num_pixels : (int, int)
        Rows, columns.
    pixel_size : (Rational, Rational)
        Height and width of a pixel in micrometers, in the file's own terms.
    top_left : (Rational, Rational)
        Top and left edge of the grid in micrometers from the sensor's origin, likewise.

    Notes
    -----
    The unit is the sensor's, not the tissue's: the optics' magnification is not in it. A movie
    downsampled by 2 has pixels twice the size, a cropped one another top left edge, so grids of
    one recording lie on each other.
    """

    num_pixels: tuple[int, int]
    pixel_size: tuple[Rational, Rational] = (Rational(DEFAULT_PIXEL_SIZE_UM, 1),) * 2
    top_left: tuple[Rational, Rational] = (Rational(0, 1),) * 2

    @classmethod
    def regular(
        cls,
        num_pixels: tuple[int, int],
        pixel_size_um: float | tuple[float, float] = DEFAULT_PIXEL_SIZE_UM,
        top_left_um: tuple[float, float] = (0, 0),
    ) -> Spacing:
        """Make a spacing from everyday values, kept to a millionth of a micrometer.

        Parameters
        ----------
        num_pixels : (int, int)
            Rows, columns.
        pixel_size_um : float or (float, float)
            Micrometers per pixel; one value, or rows and columns apart.
        top_left_um : (float, float)
            Micrometers from the sensor's origin to the grid's top and left edge.

        Raises
        ------
        ValueError
            No pixels, a size that is not positive, or a value that is not finite.
        """
        sizes = pixel_size_um if isinstance(pixel_size_um, tuple) else (pixel_size_um,) * 2
        if min(num_pixels) < 1 or not all(map(isfinite, (*sizes, *top_left_um))):
            raise ValueError(f"no grid has {num_pixels} pixels of {sizes} um at {top_left_um} um")
        rows, cols = map(operator.index, num_pixels)
        (height, width), (top, left) = map(_rational, sizes), map(_rational, top_left_um)
        if min(height.num, width.num) < 1:
            raise ValueError(f"pixels need a size of at least a millionth of 1 um, not {sizes} um")
        return cls((rows, cols), (height, width), (top, left))

    @classmethod
    def from_fields(cls, fields: Fields) -> Spacing:
        """Read a ``spacingInfo`` object."""
        pixels = fields.child("numPixels")
        rows, cols = pixels.integer("y", 1, MAX_PIXELS), pixels.integer("x", 1, MAX_PIXELS)
        if rows * cols > MAX_PIXELS:
            fields.fail("numPixels", f"an image of at most {MAX_PIXELS:,} pixels")
        size, top_left = fields.child("pixelSize"), fields.child("topLeft")
        return cls(
            (rows, cols),
            (size.rational("y", 1), size.rational("x", 1)),
            (top_left.rational("y"), top_left.rational("x")),
        )

    def to_json(self) -> dict[str, Any]:
        """The ``spacingInfo`` object that :meth:`from_fields` reads."""
        (rows, cols), (size_y, size_x) = self.num_pixels, self.pixel_size
        top, left = self.top_left
        return {
            "numPixels": {"x": cols, "y": rows},
            "pixelSize": {"x": size_x._asdict(), "y": size_y._asdict()},
            "topLeft": {"x": left._asdict(), "y": top._asdict()},
        }

    @property
    def pixel_size_um(self) -> tuple[float, float]:
        """Height and width of a pixel in nominal micrometers."""
        return float(self.pixel_size[0]), float(self.pixel_size[1])

    @property
    def top_left_um(self) -> tuple[float, float]:
        """Top and left edge of the first pixel in nominal micrometers."""
        return float(self.top_left[0]), float(self.top_left[1])

    def to_um(self, pixels: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Where places of the grid are on the sensor.

        Parameters
        ----------
        pixels : array_like
            ``(n, 2)`` rows and columns; pixel centers have whole numbers.

        Returns
        -------
        numpy.ndarray
            ``(n, 2)`` nominal micrometers down and across.
        """
        corners = np.asarray(pixels, np.float64).reshape(-1, 2) + 0.5
        places: npt.NDArray[np.float64] = corners * self.pixel_size_um + self.top_left_um
        return places


def _rational(value: float) -> Rational:
    # NumPy's numbers are none to Fraction.
    return Rational(*Fraction(float(value)).limit_denominator(10**6).as_integer_ratio())


def check_shape(what: str, shape: tuple[int, ...], spacing: Spacing) -> None:
    """Raise ValueError for pixels that are not those of the spacing."""
    if 0 in shape:
        raise ValueError(f"{what} of {shape} pixels have none")
    if shape != spacing.num_pixels:
        raise ValueError(f"{what} of {shape} pixels, but spacing of {spacing.num_pixels}")
