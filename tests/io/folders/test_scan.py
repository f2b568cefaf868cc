"""Finding the recordings in a folder, and which of them open unless the user wishes otherwise."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from inspect import isabstract

import numpy as np
import pytest
from helpers import behavior_files, gpio_files, legacy_files, recordings, series_files

from napari_isx import Timing, write_cell_set, write_image, write_movie
from napari_isx.io.base.recording import Recording
from napari_isx.io.behavior.movie import HEADER
from napari_isx.io.folders import scan as folder_module
from napari_isx.io.folders.scan import find_recordings, has_recordings, is_ours, pick_movie
from napari_isx.io.folders.summary import IMU, UNKNOWN, Found
from napari_isx.io.gpio.write import write_imu
from napari_isx.io.kinds import KINDS
from napari_isx.io.vessels.write import write_vessel_set

STREAM = gpio_files.random_stream(1, 50)


def names(finds):
    return [found.path.name for found in finds]


def selected(folder):
    return {found.path.name for found in find_recordings(folder) if found.selected}


def movie(path, age_s=0, **kwargs):
    """A movie that was last changed some time ago."""
    path.parent.mkdir(exist_ok=True, parents=True)
    series_files.movie(path, **kwargs)
    os.utime(path, (1e9 - age_s, 1e9 - age_s))
    return path


def imu(path):
    counts = np.zeros((5, 3), np.int16)
    write_imu(path, counts, counts, timing=series_files.timing(5))
    return path


def vessels(path):
    image, trace = np.ones((6, 8), np.float32), np.zeros(5, np.float32)
    timing = series_files.timing(5)
    write_vessel_set(path, "vessel diameter", image, [[[1, 1], [4, 4]]], [trace], timing=timing)
    return path


def converted(path, kind=3):
    """Channels in a `.isxd` file; events are stored like them."""
    return recordings.edit(series_files.events(path), type=kind)


@pytest.fixture
def everything(tmp_path):
    """A recording of every kind, in the order in which it is listed."""
    for name in ("rec.isxd", "rec-PP.isxd", "rec-PP-BP-MC.isxd"):
        movie(tmp_path / name)
    behavior_files.isxb(tmp_path / "camera.isxb")
    write_image(tmp_path / "mean.isxd", np.ones((6, 8), np.float32))
    vessels(tmp_path / "vessels.isxd")
    series_files.cells(tmp_path / "cells.isxd")
    series_files.events(tmp_path / "events.isxd")
    gpio_files.write(tmp_path / "rec.gpio", STREAM)
    imu(tmp_path / "rec.imu")
    (tmp_path / "broken.isxd").write_bytes(b"nothing")
    (tmp_path / "notes.txt").write_text("not ours")
    return tmp_path


def test_every_kind_is_found_and_told(everything):
    finds = find_recordings(everything)
    assert [(found.kind, found.path.name) for found in finds] == [
        ("movie", "rec-PP-BP-MC.isxd"),
        ("movie", "rec-PP.isxd"),
        ("movie", "rec.isxd"),
        ("behavior movie", "camera.isxb"),
        ("image", "mean.isxd"),
        ("vessel set", "vessels.isxd"),
        ("cell set", "cells.isxd"),
        ("event set", "events.isxd"),
        ("GPIO", "rec.gpio"),
        ("IMU", "rec.imu"),
        ("unknown", "broken.isxd"),
    ]
    told = {found.path.name: found for found in finds}
    assert told["rec.isxd"].description == "4 frames of 3 x 5 uint16 at 20 Hz"
    assert told["rec.isxd"].size_bytes == (everything / "rec.isxd").stat().st_size
    assert told["rec.isxd"].modified_s == 1e9
    assert told["cells.isxd"].description.startswith("3 cells of 3 x 4")
    assert all(found.description or found.problem for found in finds)


def test_one_movie_and_all_that_goes_with_it_are_selected(everything):
    assert selected(everything) == {
        *("rec-PP-BP-MC.isxd", "camera.isxb", "vessels.isxd", "cells.isxd", "events.isxd"),
        *("rec.gpio", "rec.imu"),
    }


def test_what_belongs_to_another_recording_is_not_selected(tmp_path):
    for animal, age_s in (("A", 9), ("B", 0)):
        extra = {"processingInterface": {"recordingUUID": f"u-{animal}"}}
        timing = series_files.timing(4)
        pixels = recordings.pixels(4, 3, 5)
        write_movie(tmp_path / f"{animal}.isxd", pixels, timing=timing, extra_properties=extra)
        os.utime(tmp_path / f"{animal}.isxd", (1e9 - age_s, 1e9 - age_s))
        write_cell_set(
            tmp_path / f"{animal}-cells.isxd",
            np.ones((2, 3, 5), np.float32),
            np.zeros((2, 4), np.float32),
            timing=timing,
            extra_properties=extra,
        )
    series_files.events(tmp_path / "events.isxd")  # nobody knows of which animal
    assert selected(tmp_path) == {"B.isxd", "B-cells.isxd", "events.isxd"}
    (tmp_path / "B.isxd").unlink()
    assert selected(tmp_path) == {"A.isxd", "A-cells.isxd", "events.isxd"}
    (tmp_path / "A.isxd").unlink()
    assert selected(tmp_path) == {"A-cells.isxd", "B-cells.isxd", "events.isxd"}


PLANES = ({"idps": {"efocus": 400}}, {"idps": {"efocus": 700}})
COLORS = ({"idps": {"channel": "green"}}, {"idps": {"channel": "red"}})
ANIMALS = ({"animal": {"id": "m1"}}, {"animal": {"id": "m2"}})


@pytest.mark.parametrize("newest", [0, 1])
@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (PLANES, ("efocus 400 and not 700", "efocus 700 and not 400")),
        (COLORS, ("channel green and not red", "channel red and not green")),
        (ANIMALS, ("animal m1 and not m2", "animal m2 and not m1")),
        ((None, None), ("of another day than the movie",) * 2),
    ],
)
def test_what_is_of_another_source_than_the_movie_is_not_selected(tmp_path, sources, told, newest):
    for i, extra in enumerate(sources):
        days_s = 0 if extra else 86_400 * i
        more = {"timing": series_files.timing(4, days_s), "extra_properties": extra}
        movie(tmp_path / f"{i}.isxd", 0 if i == newest else 9, **more)
        series_files.cells(tmp_path / f"{i}-cells.isxd", 4, **more)
    assert selected(tmp_path) == {f"{newest}.isxd", f"{newest}-cells.isxd"}
    finds = {found.path.stem: found for found in find_recordings(tmp_path)}
    assert finds[f"{1 - newest}-cells"].processing == told[1 - newest]
    assert finds[f"{newest}-cells"].processing == ""


def test_every_kind_has_its_place_in_the_list():
    kinds, left = set(), [Recording]
    while left:
        one = left.pop()
        left += one.__subclasses__()
        if not isabstract(one) and one.__module__.startswith("napari_isx."):
            kinds.add(one.kind)
    # IMU is told by the file, and what is unknown.
    assert kinds <= {IMU, UNKNOWN, *(kind.name for kind in KINDS)}
    assert len(kinds) == len(KINDS)


def test_images_alone_are_selected(tmp_path):
    for name in ("mean.isxd", "max.isxd"):
        write_image(tmp_path / name, np.ones((6, 8), np.float32))
    (tmp_path / "broken.isxd").write_bytes(b"nothing")
    assert selected(tmp_path) == {"mean.isxd", "max.isxd"}


def test_broken_files_are_listed_with_what_is_wrong(tmp_path):
    (tmp_path / "empty.gpio").write_bytes(b"")
    (tmp_path / "broken.isxb").write_bytes(b"\xff" * 200)
    whole = movie(tmp_path / "short.isxd").read_bytes()
    (tmp_path / "short.isxd").write_bytes(whole[:50] + whole[90:])
    recordings.write(tmp_path / "metrics.isxd", b"", {"type": 6})
    finds = {found.path.name: found for found in find_recordings(tmp_path)}
    assert len(finds) == 4
    assert not any(found.selected for found in finds.values())
    assert finds["empty.gpio"].problem == "not an Inscopix file but empty"
    assert "frames" in finds["short.isxd"].problem
    assert "metrics file" in finds["metrics.isxd"].problem
    assert finds["broken.isxb"].kind == "behavior movie"
    assert finds["broken.isxb"].problem


def test_a_link_to_nothing_is_listed_with_what_is_wrong(tmp_path, link):
    link(tmp_path / "gone.isxd", tmp_path / "nowhere.isxd")
    (found,) = find_recordings(tmp_path)
    assert found.problem == os.strerror(2)


# Series


def test_parts_of_a_recording_are_one_find(tmp_path):
    for part, age_s in ((1, 50), (2, 7), (10, 90)):
        movie(tmp_path / f"rec-{part}.isxd", age_s, start_s=part)
        series_files.cells(tmp_path / f"cells-{part}.isxd", start_s=part)
    rec, cells = find_recordings(tmp_path)
    assert [path.name for path in rec.paths] == ["rec-1.isxd", "rec-2.isxd", "rec-10.isxd"]
    assert rec.size_bytes == sum(path.stat().st_size for path in rec.paths)
    assert rec.modified_s == 1e9 - 7
    assert rec.description.endswith(", in 3 parts")
    assert rec.description.startswith("184 frames of 3 x 5 uint16")
    assert (cells.kind, len(cells.paths)) == ("cell set", 3)


def test_parts_with_other_names_are_one_find_by_their_uuid(tmp_path):
    extra = {"processingInterface": {"recordingUUID": "u-1"}}
    for name, start_s in (("morning", 0), ("noon", 5)):
        timing = series_files.timing(4, start_s)
        frames = recordings.pixels(4, 3, 5)
        write_movie(tmp_path / f"{name}.isxd", frames, timing=timing, extra_properties=extra)
    (found,) = find_recordings(tmp_path)
    assert (names([found]), len(found.paths)) == (["morning.isxd"], 2)
    assert found.provenance.facts == {"Recording UUID": {"u-1"}}


def test_unlike_files_stay_apart(tmp_path):
    movie(tmp_path / "rec-1.isxd")
    movie(tmp_path / "rec-2.isxd", start_s=1, shape=(4, 5))
    assert [len(found.paths) for found in find_recordings(tmp_path)] == [1, 1]


def test_gpio_files_are_not_decoded_for_the_list(tmp_path, monkeypatch):
    from napari_isx.io.gpio import gpio_file as gpio

    def refuse(*args, **kwargs):
        raise AssertionError("decoded")

    monkeypatch.setattr(gpio, "decode_stream", refuse)
    for part in (1, 2):
        gpio_files.write(tmp_path / f"rec-{part}.gpio", STREAM)
    finds = find_recordings(tmp_path)
    assert [found.description for found in finds] == ["channels as recorded"] * 2
    assert all(found.may_be_part and found.selected for found in finds)


def test_long_behavior_movies_are_told_from_their_headers(tmp_path, monkeypatch):
    for i in (1, 2):
        path = behavior_files.isxb(tmp_path / f"camera-{i}.isxb", dropped=[3])
    metadata_bytes = HEADER.unpack_from(path.read_bytes())[9]
    monkeypatch.setattr(folder_module, "_ALLOWANCE_BYTES", metadata_bytes + 1)
    first, second = find_recordings(tmp_path)
    assert first.description.startswith("11 frames of 48 x 64 at ")
    assert not first.may_be_part
    assert second.description == "11 frames"
    assert second.may_be_part


# Which movie


def processing(path, code=0, idps=None):
    kwargs = {"extra_properties": {"idps": idps}} if idps is not None else {}
    movie(path, code=code, **kwargs)
    (found,) = find_recordings(path.parent)
    return found.processing


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("rec", ""),
        ("2021-02-01-10-20-30_video", ""),
        ("mc", ""),
        ("PP-mouse", ""),
        ("rec-PP", "preprocessed"),
        ("rec-pp-bp-mc-dff", "preprocessed, filtered, motion corrected, dF/F"),
        ("rec-PP-PP-MC", "preprocessed, motion corrected"),
        ("rec_MC_002", "motion corrected"),
        ("rec-DFF-PROJ", ""),
    ],
)
def test_names_tell_what_was_done(tmp_path, stem, expected):
    assert processing(tmp_path / f"{stem}.isxd") == expected


def test_the_files_own_description_tells_what_was_done(tmp_path):
    assert processing(tmp_path / "1" / "a.isxd", idps={"pre_mc": {}}) == "motion corrected"
    assert processing(tmp_path / "2" / "a.isxd", idps={"spatialDownsampling": 2}) == "processed"
    assert processing(tmp_path / "3" / "a.isxd", idps={"efocus": 5, "channel": "red"}) == ""
    assert processing(tmp_path / "4" / "a.isxd", idps=[]) == ""
    assert processing(tmp_path / "5" / "a.isxd", code=1) == "processed"
    assert processing(tmp_path / "6" / "a-MC.isxd", idps={"pre_mc": {}}) == "motion corrected"


@pytest.mark.parametrize(
    ("ages_s", "expected"),
    [
        ({"rec": 9, "other": 5, "rec-001": 0, "older": 99}, "rec-001"),
        ({"rec": 0, "rec-PP": 20, "mouse-MC": 10}, "mouse-MC"),
        ({"a-PP": 0, "a-PP-MC": 1, "a-PP-MC-DFF": 2, "b-PP-BP-MC-DFF": 50}, "a-PP-MC-DFF"),
        ({"a-PP": 0, "a-PP2-MC": 1, "ab-PP-MC": 2}, "a-PP"),
    ],
)
def test_the_newest_processed_movie_is_selected(tmp_path, ages_s, expected):
    for number, (stem, age_s) in enumerate(ages_s.items()):
        movie(tmp_path / f"{stem}.isxd", age_s, shape=(3, 4 + number))
    assert selected(tmp_path) == {f"{expected}.isxd"}


def test_there_is_no_movie_among_none():
    assert pick_movie([]) is None


# The same data twice


@pytest.mark.parametrize("name", ["rec_gpio.isxd", "REC.isxd", "rec.isxd"])
def test_of_a_converted_file_the_original_is_selected(tmp_path, name):
    gpio_files.write(tmp_path / "rec.gpio", STREAM)
    converted(tmp_path / name)
    assert selected(tmp_path) == {"rec.gpio"}
    finds = {found.path.name: found for found in find_recordings(tmp_path)}
    assert finds[name].problem is None
    assert finds[name].processing == "converted from rec.gpio"


def test_a_converted_file_alone_or_beside_a_broken_one_is_selected(tmp_path):
    converted(tmp_path / "rec_imu.isxd", kind=7)
    assert [found.kind for found in find_recordings(tmp_path)] == ["IMU"]
    assert selected(tmp_path) == {"rec_imu.isxd"}
    (tmp_path / "rec.imu").write_bytes(b"broken")
    assert selected(tmp_path) == {"rec_imu.isxd"}
    imu(tmp_path / "rec.imu")
    assert selected(tmp_path) == {"rec.imu"}


# Folders


def test_subfolders_are_searched_three_levels_down(tmp_path):
    place = tmp_path
    for depth in range(5):
        movie(place / f"at{depth}.isxd", shape=(3, 4 + depth))
        place = place / "below"
    assert set(names(find_recordings(tmp_path))) == {f"at{depth}.isxd" for depth in range(4)}


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    movie(tmp_path / ".Trash" / "rec.isxd")
    (tmp_path / "._rec.isxd").write_bytes(b"what a Mac leaves on other disks")
    assert find_recordings(tmp_path) == []
    assert not has_recordings(tmp_path)


def test_links_in_circles_and_twice_to_a_file_are_followed_once(tmp_path, link):
    path = movie(tmp_path / "sub" / "rec.isxd")
    link(tmp_path / "sub" / "up", tmp_path)
    link(tmp_path / "again", tmp_path / "sub")
    link(tmp_path / "other.isxd", path)
    assert len(find_recordings(tmp_path)) == 1


def test_an_empty_folder_has_none(tmp_path):
    assert find_recordings(tmp_path) == []
    assert not has_recordings(tmp_path)


def test_a_folder_that_is_gone_or_a_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        find_recordings(tmp_path / "gone")
    with pytest.raises(NotADirectoryError):
        find_recordings(movie(tmp_path / "rec.isxd"))
    assert not has_recordings(tmp_path / "gone")


def test_what_may_not_be_read_is_an_error_at_the_top_and_passed_over_below(tmp_path, monkeypatch):
    movie(tmp_path / "rec.isxd")
    movie(tmp_path / "closed" / "rec2.isxd")
    scandir = os.scandir

    def guarded(path):
        if path in forbidden:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(folder_module.os, "scandir", guarded)
    forbidden = {tmp_path / "closed"}
    assert names(find_recordings(tmp_path)) == ["rec.isxd"]
    forbidden.add(tmp_path)
    with pytest.raises(PermissionError):
        find_recordings(tmp_path)
    assert not has_recordings(tmp_path)


def test_thousands_of_other_files_are_passed_quickly(tmp_path):
    for i in range(4000):
        (tmp_path / f"{i}.txt").touch()
    started = time.thread_time()
    assert not has_recordings(tmp_path)
    assert find_recordings(tmp_path) == []
    assert time.thread_time() - started < 2


def test_no_more_than_so_many_entries_are_looked_at(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(folder_module, "_MAX_ENTRIES", 20)
    movie(tmp_path / "a.isxd")
    for i in range(30):
        (tmp_path / f"{i}.txt").touch()
    movie(tmp_path / "sub" / "b.isxd")
    assert len(find_recordings(tmp_path)) <= 1
    assert "only the first 20" in caplog.text
    monkeypatch.setattr(folder_module, "_MAX_ENTRIES", 33)
    assert len(find_recordings(tmp_path)) == 2


def test_hundreds_of_files_are_listed_in_a_moment(tmp_path):
    for i in range(300):
        timing = Timing.regular(1, 0.05, series_files.START + timedelta(hours=i))
        write_movie(tmp_path / f"rec{i}.isxd", [np.zeros((3, 5), np.uint16)], timing=timing)
    started = time.thread_time()
    assert len(find_recordings(tmp_path)) == 300
    assert time.thread_time() - started < 3  # 0.2 s where nothing else runs


@pytest.mark.parametrize("suffix", [".isxd", ".isxc", ".isxb", ".gpio", ".imu"])
def test_our_suffixes_are_ours_in_any_case(tmp_path, suffix):
    assert is_ours(tmp_path / f"a{suffix}")
    assert is_ours(tmp_path / f"a{suffix.upper()}")


@pytest.mark.parametrize("suffix", [".tif", ".tiff", ".hdf5", ".h5", ".xml", ".raw"])
def test_files_that_others_read_too_are_ours_by_content_alone(tmp_path, suffix):
    for content in (b"", b"II*\0", b"<xml/>", b"\x89HDF\r\n\x1a\n", b"\0" * 64):
        path = tmp_path / f"recording_20160706_132714{suffix}"
        path.write_bytes(content)
        assert not is_ours(path)
    assert not has_recordings(tmp_path)
    assert find_recordings(tmp_path) == []


def test_an_old_recording_is_told_from_its_xml_which_stands_for_its_parts(tmp_path):
    name = "recording_20160706_132714"
    frames = recordings.pixels(7, 5, 9)
    parts = {f"{name}.tif": 3, f"{name}-001.tif": 4}
    legacy_files.write_tif(tmp_path / f"{name}.tif", frames[:3])
    legacy_files.write_tif(tmp_path / f"{name}-001.tif", frames[3:])
    legacy_files.write_tif(tmp_path / "other.tif", frames)
    path = legacy_files.write_xml(tmp_path / f"{name}.xml", parts)
    assert has_recordings(tmp_path)
    (found,) = find_recordings(tmp_path)
    assert found.paths == (path,)
    assert (found.kind, found.description) == ("movie", "9 frames of 5 x 9 uint16 at 15.02 Hz")
    files = [path, *(tmp_path / part for part in parts)]
    assert found.size_bytes == sum(file.stat().st_size for file in files)
    assert found.selected
    (tmp_path / f"{name}-001.tif").unlink()
    sound, broken = sorted(find_recordings(tmp_path), key=lambda found: found.problem is not None)
    assert (sound.path.name, broken.path) == (f"{name}.tif", path)
    assert "files that it lists are missing" in broken.problem


def test_numbered_files_without_an_xml_are_one_recording(tmp_path):
    frames = recordings.pixels(7, 5, 9)
    legacy_files.write_tif(tmp_path / "r.tif", frames[:3])
    assert not has_recordings(tmp_path)
    legacy_files.write_tif(tmp_path / "r-001.tif", frames[3:])
    assert has_recordings(tmp_path)
    (found,) = find_recordings(tmp_path)
    assert found.path == tmp_path / "r.tif"
    assert found.stands_for == (tmp_path / "r-001.tif",)
    assert found.description == "7 frames of 5 x 9 uint16 at 20 Hz"


def test_an_hdf5_file_that_is_broken_is_among_the_finds(tmp_path):
    data = legacy_files.nvista_datasets(recordings.pixels(7, 5, 9))
    path = legacy_files.write_hdf5(tmp_path / "r.hdf5", **data)
    os.truncate(path, path.stat().st_size - 100)
    (found,) = find_recordings(tmp_path)
    assert found.kind == "movie"
    assert "no sound HDF5 file" in found.problem


def test_only_so_many_files_are_looked_into(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(folder_module, "_MAX_LEGACY_LOOKS", 3)
    for i in range(5):
        (tmp_path / f"{i}.xml").write_text("<other/>")
    movie(tmp_path / "rec.isxd")
    assert names(find_recordings(tmp_path)) == ["rec.isxd"]
    assert "no more than 3" in caplog.text


def test_a_find_has_its_first_part_as_path(tmp_path):
    paths = (tmp_path / "a", tmp_path / "b")
    assert Found(paths, "movie").path == paths[0]
