"""Numbers in a file's description, in the ways in which programs write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import recordings

from napari_isx import IsxFileError, open_isx


def with_fractions(value: Any) -> Any:
    """The same JSON with every whole number written as MATLAB and R may: 3.0."""
    if isinstance(value, dict):
        return {key: with_fractions(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_fractions(item) for item in value]
    return float(value) if type(value) is int else value


def rewritten(path: Path) -> Path:
    payload, footer = recordings.split(path)
    return recordings.write(path, payload, with_fractions(footer))


def test_a_movie_of_whole_numbers_with_a_point_is_that_of_isx(isx, tmp_path: Path) -> None:
    frames = recordings.pixels(5, 3, 4)
    timing = recordings.timing_info(7, dropped=[1], blank=[4])
    path = rewritten(recordings.write_movie(tmp_path / "m.isxd", frames, timing=timing))
    theirs = isx.Movie.read(str(path))
    with open_isx(path) as ours:
        assert ours.shape == (7, 3, 4)
        assert ours.timing.dropped == (1,)
        assert ours.timing.period_s == theirs.timing.period.secs_float
        for i in range(7):
            np.testing.assert_array_equal(ours[i], theirs.get_frame_data(i))
    del theirs


def test_cells_of_whole_numbers_with_a_point_are_those_of_isx(isx, tmp_path: Path) -> None:
    path = rewritten(recordings.write_cells(tmp_path / "c.isxd"))
    theirs = isx.CellSet.read(str(path))
    with open_isx(path) as ours:
        assert ours.statuses == [theirs.get_cell_status(i) for i in range(ours.num_cells)]
        for i in range(ours.num_cells):
            np.testing.assert_array_equal(ours.trace(i), theirs.get_cell_trace_data(i))
        before = path.read_bytes()
        with pytest.raises(IsxFileError, match="cannot be changed in place"):
            ours.save_statuses(["rejected"] * ours.num_cells)
    assert path.read_bytes() == before
    del theirs


def test_events_of_whole_numbers_with_a_point_are_those_of_isx(isx, tmp_path: Path) -> None:
    data = recordings.some_packets(20, 2)
    path = rewritten(recordings.write_events(tmp_path / "e.isxd", ["a", "b"], data))
    theirs = isx.EventSet.read(str(path))
    with open_isx(path) as ours:
        assert ours.timing.num_samples == theirs.timing.num_samples
        np.testing.assert_array_equal(ours.events("b").values, theirs.get_cell_data(1)[1])
    del theirs


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"CellStatuses": [0, 1, 7]}, r"'CellStatuses\[2\]' must be .* from 0 to 2, found 7\."),
        ({"CellStatuses": [0, 1.5, 2]}, r"'CellStatuses\[1\]' must be .*, found 1\.5\."),
        (
            {"timingInfo": recordings.timing_info(9, dropped=[3, -1])},
            r"'timingInfo\.dropped\[1\]' must be .*, found -1\.",
        ),
        (
            {"timingInfo": recordings.timing_info(9, period=(0, 1))},
            r"'timingInfo\.period' must be longer than 0 s, found 0/1\.",
        ),
    ],
)
def test_an_error_names_the_one_value_that_is_wrong(
    tmp_path: Path, changes: dict[str, Any], finding: str
) -> None:
    path = recordings.write_cells(tmp_path / "c.isxd", 3, (4, 5), 9)
    with pytest.raises(IsxFileError, match=finding):
        open_isx(recordings.edit(path, **changes))


def with_latin_1(path: Path) -> Path:
    """A name of the file in the encoding of an old Windows."""
    path.write_bytes(path.read_bytes().replace(b"Zo_", "Zoé".encode("latin-1")))
    return path


def test_a_name_in_another_encoding_costs_no_frame(isx, tmp_path: Path) -> None:
    frames = recordings.pixels(3, 3, 4)
    extra = {"personnel": {"name": "Zo_"}, "name": "日本 é"}
    path = recordings.write_movie(tmp_path / "m.isxd", frames, extraProperties=extra)
    theirs = isx.Movie.read(str(with_latin_1(path)))
    with open_isx(path) as ours:
        np.testing.assert_array_equal(ours[2], theirs.get_frame_data(2))
        info = ours.acquisition_info
        assert (info["Experimenter Name"], info["Session Name"]) == ("Zoé", "日本 é")
    del theirs


def test_cells_with_a_name_in_another_encoding_can_be_decided(tmp_path: Path) -> None:
    names = {"CellNames": ["Zo_", "b"]}
    path = with_latin_1(recordings.write_cells(tmp_path / "c.isxd", 2, **names))
    with open_isx(path) as cells:
        assert cells.names == ["Zoé", "b"]
        cells.save_statuses(["rejected", "accepted"])
    with open_isx(path) as cells:
        assert (cells.names, cells.statuses) == (["Zoé", "b"], ["rejected", "accepted"])
    assert "Zoé".encode("latin-1") in path.read_bytes()
