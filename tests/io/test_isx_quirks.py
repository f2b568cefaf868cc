"""Where `isx` 2.1.0 is wrong, and this package is not: one named test for each.

Each shows what `isx` does, so that a version of it which is right makes the test fail and the
note in the documentation can go.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers import recordings

from napari_isx import IsxFileError, Timing, open_isx
from napari_isx.io.format.source import FileSource

FRAMES = recordings.pixels(4, 3, 50)


def test_color_movies_can_be_read(isx, tmp_path):
    frames = recordings.pixels(2, 3, 5, 3)
    path = recordings.write_movie(tmp_path / "m.isxd", frames, 3)
    theirs = isx.Movie.read(str(path))
    with pytest.raises(KeyError):
        _ = theirs.data_type
    del theirs
    with open_isx(path) as movie:
        assert movie.dtype == np.uint8
        np.testing.assert_array_equal(movie[1], frames[1])


def test_missing_pixels_are_an_error_and_not_the_footers_text(isx, tmp_path):
    payload, footer = recordings.split(recordings.write_movie(tmp_path / "m.isxd", FRAMES))
    path = recordings.write(tmp_path / "m.isxd", payload[:-200], footer)
    theirs = isx.Movie.read(str(path))
    assert b'"dataType"' in theirs.get_frame_data(3).tobytes()
    del theirs
    with pytest.raises(IsxFileError, match=r"4 frames of 300 bytes.* only 3"):
        open_isx(path)


def test_the_valid_mask_of_blanks_alone_marks_the_blanks(isx, tmp_path):
    timing = recordings.timing_info(6, blank=[2, 4])
    path = recordings.write_movie(tmp_path / "m.isxd", FRAMES, timing=timing)
    theirs = isx.Movie.read(str(path))
    with open_isx(path) as movie:
        blank = [not movie[i].any() for i in range(6)]
        assert blank == [False, False, True, False, True, False]
        assert (~movie.timing.valid_mask).tolist() == blank
        assert list(~theirs.timing.get_valid_samples_mask().astype(bool)) != blank
    del theirs


def test_a_bad_index_does_not_poison_the_movie(isx, tmp_path):
    timing = recordings.timing_info(5, dropped=[1])
    path = recordings.write_movie(tmp_path / "m.isxd", FRAMES, timing=timing)
    theirs = isx.Movie.read(str(path))
    np.testing.assert_array_equal(theirs.get_frame_data(0), FRAMES[0])
    for index in (5, 0):
        with pytest.raises(Exception, match=r"."):
            theirs.get_frame_data(index)
    del theirs
    with open_isx(path) as movie:
        with pytest.raises(IndexError):
            movie[5]
        np.testing.assert_array_equal(movie[0], FRAMES[0])


def test_timing_and_spacing_outlive_their_recording(tmp_path):
    # In isx they point into freed memory; that is not shown here, because it may crash.
    path = recordings.write_movie(tmp_path / "m.isxd", FRAMES)
    timings = [open_isx(path).timing for _ in range(50)]
    spacing = open_isx(path).spacing
    assert all(timing.period == (1, 20) and timing.num_samples == 4 for timing in timings)
    assert spacing.num_pixels == (3, 50)


def test_timings_that_differ_in_cropped_samples_are_not_equal(isx):
    theirs = [isx.Timing(num_samples=9, cropped=cropped) for cropped in ([[1, 2]], [[5, 7]])]
    assert theirs[0] == theirs[1]
    assert Timing(9, cropped=((1, 2),)) != Timing(9, cropped=((5, 7),))
    assert Timing(9, cropped=((1, 2), (3, 4))) == Timing(9, cropped=((1, 4),))


def test_a_sample_listed_twice_is_missing_once(isx, tmp_path):
    timing = recordings.timing_info(5, dropped=[1, 1])
    path = recordings.write_movie(tmp_path / "m.isxd", FRAMES, timing=timing)
    theirs = isx.Movie.read(str(path))
    assert not np.array_equal(theirs.get_frame_data(2), FRAMES[1])
    del theirs
    with open_isx(path) as movie:
        np.testing.assert_array_equal(movie[2], FRAMES[1])
        np.testing.assert_array_equal(movie[4], FRAMES[3])


def test_cells_of_one_name_have_each_their_own_events(isx, tmp_path):
    data = recordings.packets([(10, 0, 1), (20, 1, 2), (30, 2, 3)])
    path = recordings.write_events(tmp_path / "e.isxd", ["a", "a", "b"], data)
    theirs = isx.EventSet.read(str(path))
    assert theirs.get_cell_data(1)[1].tolist() == [1]
    del theirs
    with open_isx(path) as events:
        assert [events.events(i).values.tolist() for i in range(3)] == [[1], [2], [3]]
        assert events.events("a").values.tolist() == [1]


def test_event_times_are_exact_to_the_microsecond(isx, tmp_path):
    offsets = [248, 249, 250, 251, 489, 1_000_249]
    data = recordings.packets((offset, 0, 1) for offset in offsets)
    path = recordings.write_events(tmp_path / "e.isxd", ["a"], data)
    theirs = isx.EventSet.read(str(path))
    assert theirs.get_cell_data(0)[0].tolist() != offsets
    assert set(offsets - theirs.get_cell_data(0)[0].astype(int)) == {0, 1}
    del theirs
    with open_isx(path) as events:
        assert events.events(0).offsets_us.tolist() == offsets


def test_an_event_before_the_start_is_not_half_a_million_years_after_it(isx, tmp_path):
    data = {"x": recordings.v1_packets([1_600_000_000_000_000], [-1])}
    path = recordings.write_v1_events(tmp_path / "e.isxd", data)
    theirs = isx.EventSet.read(str(path))
    assert theirs.get_cell_data(0)[0][0] > 2**63
    del theirs
    with open_isx(path) as events:
        assert events.events(0).offsets_us.tolist() == [0]


def test_names_are_whole_however_long(isx, tmp_path):
    names = ["x" * 300, "ä" * 200, "y" * 254 + "ä"]
    path = recordings.write_cells(tmp_path / "c.isxd", 3, CellNames=names)
    theirs = isx.CellSet.read(str(path))
    assert theirs.get_cell_name(0) == "x" * 255
    with pytest.raises(UnicodeDecodeError):
        theirs.get_cell_name(1)
    del theirs
    with open_isx(path) as cells:
        assert cells.names == names
    data = recordings.packets([(1, i, i) for i in range(3)])
    with open_isx(recordings.write_events(tmp_path / "e.isxd", names, data)) as events:
        assert [events.events(name).values.tolist() for name in names] == [[0], [1], [2]]


def test_nothing_is_printed_when_a_file_is_broken(isx, tmp_path, capfd):
    path = recordings.write_movie(tmp_path / "m.isxd", FRAMES)
    os.truncate(path, 100)
    with pytest.raises(Exception, match=r"."):
        isx.Movie.read(str(path))
    assert "Exception" in capfd.readouterr().out
    with pytest.raises(IsxFileError):
        open_isx(path)
    assert capfd.readouterr() == ("", "")


def test_files_of_one_name_in_two_folders_stay_apart(tmp_path):
    # isx unpacks some kinds into a file of the same name in the temporary folder.
    opened = []
    for i, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        data = recordings.packets([(i, 0, i)])
        path = recordings.write_events(tmp_path / folder / "e.isxd", ["x"], data)
        opened.append(open_isx(path))
    assert [events.events(0).values.tolist() for events in opened] == [[0], [1]]
    for events in opened:
        events.close()
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["e.isxd", "e.isxd"]


def test_all_events_come_from_one_pass_over_the_file(tmp_path, monkeypatch):
    # isx reads the whole file again for each cell.
    names = [f"C{i}" for i in range(50)]
    data = recordings.some_packets(2000, 50)
    path = recordings.write_events(tmp_path / "e.isxd", names, data)
    reads = []
    read_into = FileSource.read_into
    monkeypatch.setattr(
        FileSource,
        "read_into",
        lambda self, offset, target: reads.append(offset) or read_into(self, offset, target),
    )
    with open_isx(path) as events:
        reads.clear()
        total = sum(len(events.events(i)) for i in range(50))
    assert total > 1500
    assert len(reads) == 1


def test_many_threads_may_open_read_and_close(tmp_path):
    # isx crashes in one of three runs.
    path = recordings.write_movie(tmp_path / "m.isxd", FRAMES)

    def read(i):
        with open_isx(path) as movie:
            return movie[i % 4]

    with ThreadPoolExecutor(16) as pool:
        for i, frame in enumerate(pool.map(read, range(1000))):
            np.testing.assert_array_equal(frame, FRAMES[i % 4])


FORKING = """
import os, sys
from napari_isx import open_isx
movie = open_isx(sys.argv[1])
first = movie[0]
child = os.fork()
if child == 0:
    os._exit(0 if (movie[0] == first).all() and movie[-1].any() else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_reads_on(tmp_path):
    # In isx the child's first read hangs for ever.
    path = recordings.write_movie(tmp_path / "m.isxd", FRAMES)
    subprocess.run([sys.executable, "-c", FORKING, path], check=True, timeout=20)


def test_statuses_keep_the_length_of_the_file(isx, tmp_path):
    # isx writes the footer anew, with its own layout.
    path = recordings.write_cells(tmp_path / "c.isxd", indent=None)
    size = path.stat().st_size
    with open_isx(path) as cells:
        cells.save_statuses(["rejected"] * 5)
    assert path.stat().st_size == size
    theirs = isx.CellSet.read(str(path), read_only=False)
    theirs.set_cell_status(0, "accepted")
    theirs.flush()
    del theirs
    assert path.stat().st_size != size
