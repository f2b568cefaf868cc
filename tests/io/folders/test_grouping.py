"""Which of several files are parts of one recording."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from helpers import legacy_files, recordings

from napari_isx import Timing, open_isx, write_cell_set, write_movie
from napari_isx.io.folders.grouping import series_of

START = datetime(2024, 5, 6, tzinfo=UTC)


def movie(path, start_s=0.0, shape=(3, 5), uuid=None, animal=None, **idps):
    timing = Timing.regular(4, 0.05, START + timedelta(seconds=start_s))
    extra = {"idps": idps}
    if uuid:
        extra["processingInterface"] = {"recordingUUID": uuid}
    if animal:
        keys = ("sex", "dob", "species", "weight", "description")
        extra["animal"] = {"id": animal} | dict.fromkeys(keys, "")
    path.parent.mkdir(exist_ok=True)
    write_movie(path, recordings.pixels(4, *shape), timing=timing, extra_properties=extra)
    return path


@pytest.mark.parametrize(
    "names",
    [
        ["rec_part1", "rec_part2", "rec_part3"],
        ["rec-1", "rec-2", "rec-10"],
        ["Rec 1", "Rec 2"],
        ["rec.001-BP-MC", "rec.002-BP-MC"],
        ["recording_20160706_132714", "recording_20160706_132714-001"],
        ["2021-02-01-10-20-30_video", "2021-02-01-10-20-30_video-001"],
        ["細胞_PT1", "細胞_PT2"],
        ["part1", "part2"],
    ],
)
def test_numbered_names_are_one_recording_in_order_of_time(tmp_path, names):
    paths = [movie(tmp_path / f"{name}.isxd", i) for i, name in enumerate(names)]
    assert series_of(reversed(paths)) == [paths]
    assert series_of(map(str, paths)) == [paths]


@pytest.mark.parametrize(
    "names",
    [
        ["rec", "other"],
        ["mouse1", "mouse2"],
        ["rec_1", "rec_2-MC"],
        ["rec_part1", "rec_part1_dff"],
        ["20210201", "20210202"],
        ["rec_1_left", "rec_1_right"],
    ],
)
def test_other_names_are_not(tmp_path, names):
    paths = [movie(tmp_path / f"{name}.isxd", i) for i, name in enumerate(names)]
    assert series_of(paths) == [[path] for path in paths]


@pytest.mark.parametrize(
    "other",
    [
        {"shape": (3, 6)},
        {"start_s": 0.1},
        {"start_s": 86_400},
        {"start_s": 1e9},
        {"uuid": "another"},
        {"animal": "another"},
        {"efocus": 300},
        {"channel": {"not": "a name"}},
    ],
)
def test_files_that_do_not_fit_each_other_stand_alone(tmp_path, other):
    paths = [movie(tmp_path / "rec_1.isxd"), movie(tmp_path / "rec_2.isxd", **other)]
    assert series_of(paths) == [[path] for path in paths]


def test_names_in_other_folders_or_of_other_formats_are_not_the_same(tmp_path):
    paths = [
        movie(tmp_path / "a" / "rec_1.isxd"),
        movie(tmp_path / "b" / "rec_2.isxd", 1),
        movie(tmp_path / "a" / "rec_3.ISXC.isxd", 2),
    ]
    assert series_of(paths) == [[path] for path in paths]


def test_a_recordings_uuid_counts_for_more_than_its_name(tmp_path):
    paths = [
        movie(tmp_path / "a" / "morning.isxd", 5, uuid="x"),
        movie(tmp_path / "rec_1.isxd", 9, uuid="y"),
        movie(tmp_path / "b" / "evening.isxd", 0, uuid="x"),
        movie(tmp_path / "rec_2.isxd", 20, uuid="z"),
    ]
    assert series_of(paths) == [[paths[2], paths[0]], [paths[1]], [paths[3]]]


def test_raw_and_processed_parts_of_a_recording_are_two_series(tmp_path):
    raw = [movie(tmp_path / f"rec_{i}.isxd", i, uuid="x") for i in range(2)]
    processed = [movie(tmp_path / f"rec_{i}-MC.isxd", i, uuid="x") for i in range(2)]
    mixed = [raw[0], processed[0], raw[1], processed[1]]
    assert series_of(mixed) == [raw, processed]


def test_each_kind_is_grouped_apart_and_what_is_broken_stands_alone(tmp_path):
    cells = []
    for i in range(2):
        cells.append(tmp_path / f"cells_{i}.isxd")
        timing = Timing.regular(4, 0.05, START + timedelta(seconds=i))
        arrays = recordings.cell_arrays(2, 3, 5, 4)
        write_cell_set(cells[-1], *arrays, timing=timing)
    movies = [movie(tmp_path / f"rec_{i}.isxd", i) for i in range(2)]
    broken, missing, text = (tmp_path / f"rec_{i}.isxd" for i in (3, 4, 5))
    broken.write_bytes(movies[0].read_bytes()[:-3])
    text.write_text("nothing")
    image = tmp_path / "rec_6.isxd"
    recordings.write_movie(image, recordings.pixels(1, 3, 5), type=4)
    given = [broken, cells[1], movies[0], missing, movies[1], cells[0], text, image]
    expected = [[broken], cells, movies, [missing], [text], [image]]
    assert series_of(given) == expected
    assert series_of([]) == []
    assert series_of([movies[0], movies[0]]) == [[movies[0]], [movies[0]]]


@pytest.mark.real
def test_real_parts_find_each_other(real_data):
    groups = series_of(sorted(real_data.glob("*.isx?")))
    assert [[path.stem for path in group] for group in groups if len(group) > 1] == [
        ["behavior_1920x1080_part0", "behavior_1920x1080_part1"],
        ["cellset_6cells_part1", "cellset_6cells_part2"],
    ]


def test_files_that_another_one_reads_are_grouped_with_it(tmp_path):
    frames = recordings.pixels(7, 5, 9)
    xml = legacy_files.write_recording(tmp_path, frames)
    other = recordings.write_movie(tmp_path / "other.isxd", frames)
    first, second = tmp_path / "r.tif", tmp_path / "r-001.tif"
    assert series_of([second, other, xml, first]) == [[xml, second, first], [other]]
    assert series_of([second, first]) == [[first, second]]
    assert series_of([second]) == [[second]]
    with open_isx([xml, second, first]) as movie:
        assert movie.path == xml
