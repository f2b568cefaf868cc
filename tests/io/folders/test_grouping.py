"""Which of several files are parts of one recording."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from helpers import legacy_files, recordings

from napari_isx import (
    IsxFileError,
    Timing,
    open_isx,
    write_cell_set,
    write_event_set,
    write_image,
    write_movie,
)
from napari_isx.io.folders.grouping import by_hand, series_of

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
        ["2022-05-01-10-20-30_video_trig_0-PP", "2022-05-01-10-20-30_video_trig_1-PP"],
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


def cells(path, start_s=0.0, seed=1, uuid=None, **idps):
    timing = Timing.regular(4, 0.05, START + timedelta(seconds=start_s))
    footprints = recordings.noise(seed).standard_normal((3, 4, 5))
    extra = {"idps": idps, "processingInterface": {"recordingUUID": uuid}}
    traces = np.zeros((3, 4))
    write_cell_set(path, footprints, traces, timing=timing, extra_properties=extra)
    return path


def events(path, start_s=0.0, **idps):
    timing = Timing.regular(4, 0.05, START + timedelta(seconds=start_s))
    signals = {f"C{i}": ([0], [1.0]) for i in range(3)}
    write_event_set(path, signals, timing=timing, extra_properties={"idps": idps})
    return path


STARTS = {"2021-06-28-23-34-09_video": 0.0, "2021-06-28-23-45-49_video": 700.0}


def test_cell_sets_with_the_same_footprints_are_one_series_whatever_their_names(tmp_path):
    paths = [
        cells(tmp_path / f"{name}-CNMFE.isxd", start, uuid=name) for name, start in STARTS.items()
    ]
    assert series_of(paths[::-1]) == [paths]
    others = [cells(tmp_path / f"{i}-more.isxd", start) for i, start in enumerate((1400, 2000))]
    assert series_of([*paths, *others]) == [[*paths, *others]]


def test_cell_sets_with_other_footprints_are_of_other_cells_whatever_their_names(tmp_path):
    paths = [cells(tmp_path / f"rec_{i}.isxd", i, seed=i) for i in (1, 2)]
    assert series_of(paths) == [[path] for path in paths]
    copies = [cells(tmp_path / f"copy_{i}.isxd") for i in (1, 2)]
    assert series_of(copies) == [[path] for path in copies], "of the same time"
    far = [cells(tmp_path / f"{i}.isxd", start) for i, start in enumerate((0, 86_400))]
    assert series_of(far) == [[path] for path in far], "days apart"


def test_movies_and_events_named_by_their_start_go_with_their_cells(tmp_path):
    made = {}
    for name, start in STARTS.items():
        made.setdefault("raw", []).append(movie(tmp_path / f"{name}.isxd", start))
        made.setdefault("pp", []).append(movie(tmp_path / f"{name}-PP.isxd", start))
        made.setdefault("cells", []).append(cells(tmp_path / f"{name}-PP-CNMFE.isxd", start))
        made.setdefault("ed", []).append(events(tmp_path / f"{name}-PP-CNMFE-ED.isxd", start))
    lone = movie(tmp_path / "2021-06-28-23-55-00_video.isxd", 1251)
    given = [lone, *(path for paths in zip(*made.values(), strict=True) for path in paths)]
    assert series_of(given) == [[lone], *made.values()]
    without_cells = [path for key in ("raw", "pp", "ed") for path in made[key]]
    assert series_of(without_cells) == [[path] for path in without_cells]


@pytest.mark.parametrize("says_so", [True, False])
def test_parts_and_trials_of_several_planes_are_a_series_of_each_plane(tmp_path, says_so):
    made = {400: [], 1000: []}
    for trial in (0, 1, 2):
        for efocus, paths in made.items():
            idps = {"efocus": efocus} if says_so else {}
            name = f"2022-05-01-10-20-30_video_trig_{trial}-efocus_{efocus:04d}"
            paths.append(movie(tmp_path / f"{name}-PP.isxd", 10 * trial, **idps))
    given = [path for paths in zip(*made.values(), strict=True) for path in paths]
    assert series_of(given) == list(made.values())
    assert by_hand(given) == list(made.values())


def test_by_hand_files_of_any_name_and_day_are_a_series_of_each_kind(tmp_path):
    movies = [movie(tmp_path / f"{n}.isxd", 100_000 * i) for i, n in enumerate(("left", "own"))]
    sets = [cells(tmp_path / f"{n}_set.isxd", 9 * i, seed=i + 1) for i, n in enumerate("ab")]
    alone = events(tmp_path / "e.isxd")
    given = [movies[1], sets[0], alone, movies[0], sets[1]]
    assert by_hand(given) == [movies, sets, [alone]]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"start_s": 0.1}, "it begins 0.1 s before one.isxd has ended"),
        ({"shape": (3, 6)}, "its frame size is 3 x 6, but that of one.isxd is 3 x 5"),
    ],
)
def test_by_hand_what_cannot_be_a_series_says_why(tmp_path, other, reason):
    paths = [movie(tmp_path / "one.isxd"), movie(tmp_path / "two.isxd", **other)]
    with pytest.raises(IsxFileError, match=reason):
        by_hand(paths)
    images = [tmp_path / f"i{i}.isxd" for i in (1, 2)]
    for path in images:
        write_image(path, np.ones((3, 4), np.float32))
    with pytest.raises(IsxFileError, match="cannot be part of a series"):
        by_hand(images)


@pytest.mark.real
def test_real_parts_find_each_other(real_data):
    # The two cell sets of parts have equal names, but every cell lies elsewhere.
    groups = series_of(sorted(real_data.glob("*.isx?")))
    assert [[path.stem for path in group] for group in groups if len(group) > 1] == [
        ["behavior_1920x1080_part0", "behavior_1920x1080_part1"],
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
