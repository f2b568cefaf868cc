"""Where pixels lie."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import recordings

from napari_isx import IsxFileError, Spacing, open_isx
from napari_isx.io.format.json_fields import Fields, Rational

NAMED = Path("recording.isxd")


def from_json(**changes) -> Spacing:
    return Spacing.from_fields(Fields(NAMED, recordings.spacing_info(3, 7) | changes))


def test_rows_come_before_columns():
    spacing = from_json()
    assert spacing.num_pixels == (3, 7)
    assert spacing.pixel_size_um == (6.0, 17.6)
    assert spacing.top_left_um == (-12.0, 906.4)
    assert spacing.pixel_size == (Rational(6, 1), Rational(176, 10))


def test_spacing_survives_json():
    spacing = from_json()
    assert Spacing.from_fields(Fields(NAMED, spacing.to_json())) == spacing


def test_regular_keeps_everyday_values():
    spacing = Spacing.regular((3, 7), (6, 17.6), (-12, 906.4))
    assert spacing.pixel_size == (Rational(6, 1), Rational(88, 5))
    assert spacing.top_left_um == (-12.0, 906.4)
    assert Spacing.regular((3, 7), 2.5).pixel_size_um == (2.5, 2.5)
    assert Spacing.regular((3, 7)) == Spacing((3, 7))


@pytest.mark.parametrize(
    "changes",
    [
        {"numPixels": {"x": 2**20, "y": 2**20}},
        {"numPixels": {"x": 2**40, "y": 1}},
        {"numPixels": {"x": 0, "y": 3}},
        {"numPixels": {"x": 3}},
        {"numPixels": [3, 7]},
        {"pixelSize": {"x": recordings.rational(3, 0), "y": recordings.rational(3)}},
        {"pixelSize": {"x": recordings.rational(0), "y": recordings.rational(3)}},
        {"pixelSize": {"x": recordings.rational(-3), "y": recordings.rational(3)}},
        {"topLeft": {"x": recordings.rational(3, -1), "y": recordings.rational(3)}},
        {"topLeft": {"x": 3, "y": 3}},
        {"topLeft": None},
    ],
)
def test_impossible_pixels_are_an_error_that_names_the_key(changes):
    (key,) = changes
    with pytest.raises(IsxFileError, match=key):
        from_json(**changes)


@pytest.mark.parametrize(
    ("num_pixels", "size", "corner"),
    [
        ((0, 5), 3, (0, 0)),
        ((5, -1), 3, (0, 0)),
        ((3, 5), 0, (0, 0)),
        ((3, 5), (3, -1), (0, 0)),
        ((3, 5), 1e-9, (0, 0)),
        ((3, 5), float("nan"), (0, 0)),
        ((3, 5), float("inf"), (0, 0)),
        ((3, 5), 3, (0, float("inf"))),
    ],
)
def test_regular_refuses_what_is_no_grid(num_pixels, size, corner):
    with pytest.raises(ValueError, match="pixels"):
        Spacing.regular(num_pixels, size, corner)


def test_num_pixels_equals_isx(isx, tmp_path):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(2, 3, 7))
    theirs = isx.Movie.read(str(path))
    with open_isx(path) as movie:
        assert movie.spacing.num_pixels == theirs.spacing.num_pixels
        top, left = movie.spacing.top_left_um
        height, width = movie.spacing.pixel_size_um
    # Left, top, width and height of the field in its own pixels.
    assert list(theirs.spacing._pixel_coordinates) == [
        round(left / width),
        round(top / height),
        7,
        3,
    ]
    del theirs
