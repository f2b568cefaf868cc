"""Movies of older systems: an `.xml` and its files, TIFF and HDF5 files alone, beside `isx`."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
from helpers import legacy_files, recordings
from helpers.isx_judge import IsxJudge

from napari_isx import IsxFileError, Movie, UnsupportedIsxError, open_isx
from napari_isx.io.legacy.readers import LegacyMovie

FRAMES = recordings.pixels(7, 5, 9)
FLOATS = (FRAMES / 7).astype("f4")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PARTS = {"r.tif": 3, "r-001.tif": 4}


@pytest.fixture
def parts(tmp_path) -> Path:
    """A folder with the two files of a recording."""
    legacy_files.write_tif(tmp_path / "r.tif", FRAMES[:3])
    legacy_files.write_tif(tmp_path / "r-001.tif", FRAMES[3:])
    return tmp_path


def assert_same_movie(judge: IsxJudge, path: Path, movie: LegacyMovie) -> None:
    theirs = judge.movie(path)
    assert "error" not in theirs
    assert movie.dtype == theirs["dtype"]
    assert movie.shape == (theirs["num_samples"], *theirs["num_pixels"])
    assert movie.timing.period_s == theirs["period_s"]
    start = movie.timing.start or EPOCH  # which isx takes for an unknown one
    assert start.replace(tzinfo=None) == theirs["start"]
    assert list(movie.timing.dropped) == theirs["dropped"]
    top_left, size = movie.spacing.top_left_um, movie.spacing.pixel_size_um
    assert tuple(round(top_left[i] / size[i]) for i in range(2)) == theirs["corner"]
    np.testing.assert_array_equal(movie[:], theirs["frames"])
    assert movie.acquisition_info == (theirs["acquisition_info"] or {})


def test_an_xml_and_its_files_are_one_movie(judge, tmp_path, opened):
    path = legacy_files.write_recording(tmp_path, FRAMES)
    movie = opened(path)
    assert isinstance(movie, Movie)
    assert_same_movie(judge, path, movie)
    assert movie.shape == (9, 5, 9)
    assert movie.timing.dropped == (3, 5)
    assert movie.timing.period == (1000, 15020)
    assert movie.timing.start_s == (1_403_188_522_234, 1000)
    np.testing.assert_array_equal(movie[:][movie.timing.valid_mask], FRAMES)
    assert not movie[3].any()
    assert movie.spacing.pixel_size_um == (6, 6)
    assert movie.spacing.top_left_um == (6, 4)
    assert movie.timestamps_us is None
    assert movie.timestamp_us(0) is None
    assert movie.planes == []
    assert movie.clock_problems == ()
    assert movie.metadata["fps"] == "15.02"
    assert [one.name for one in movie.paths] == ["r.xml", "r.tif", "r-001.tif"]
    assert movie.open_gpio() is None


def test_files_are_opened_when_they_are_read(parts, opened):
    movie = opened(legacy_files.write_xml(parts / "r.xml", PARTS))
    (parts / "r-001.tif").write_bytes(b"gone")
    np.testing.assert_array_equal(movie[2], FRAMES[2])
    with pytest.raises(IsxFileError, match=r"r-001\.tif: it is not an Inscopix file"):
        movie[8]


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("Jun 19, 2014 02:35:22.234000 PM", 1_403_188_522_234_000),
        ("jun 19, 2014 02:35:22.234000 pm", 1_403_188_522_234_000),
        ("Jun 19, 2014 12:35:22.234000 PM", 1_403_181_322_234_000),
        ("Jun 19, 2014 12:35:22.234000 AM", 1_403_138_122_234_000),
        ("Jan 01, 1960 02:35:22.234000 PM", -315_566_677_766_000),
        ("Feb 29, 2016 02:35:22.000000 AM", 1_456_713_322_000_000),
    ],
)
def test_times_of_the_start(judge, parts, opened, text, us):
    movie = opened(legacy_files.write_xml(parts / "r.xml", PARTS, record_start=text))
    assert movie.timing.start_s == (us // 1000, 1000)
    assert_same_movie(judge, movie.path, movie)


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("Jun 19, 2014 02:35:22.234567 PM", 1_403_188_522_234_567),
        ("Jun 9, 2014 2:35:22.2 PM", 1_402_324_522_200_000),
        ("Jun 19, 2014 02:35:22 PM", 1_403_188_522_000_000),
    ],
)
def test_times_of_the_start_that_isx_does_not_understand(judge, parts, opened, text, us):
    movie = opened(legacy_files.write_xml(parts / "r.xml", PARTS, record_start=text))
    assert judge.movie(movie.path)["period_s"] == 0
    assert float(movie.timing.start_s) == us / 1e6
    assert movie.timing.period == (1000, 15020)
    assert movie.clock_problems == ()


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "Foo 19, 2014 02:35:22.234000 PM", None),
        *("Feb 30, 2014 02:35:22.234000 PM", "Jun 19, 2014 13:35:22.000000 P"),
    ],
)
def test_an_unknown_start_is_told_and_the_frame_rate_counts(parts, opened, text):
    movie = opened(legacy_files.write_xml(parts / "r.xml", PARTS, record_start=text))
    assert movie.timing.start_s is None
    assert movie.timing.period == (1000, 15020)
    assert movie.clock_problems == ("r.xml: it tells no time of its start",)


@pytest.mark.parametrize("fps", ["15", "15.0204", "15.0206", "15.0625", "1e2", " 20 ", "0.5"])
def test_frame_rates(judge, parts, opened, fps):
    movie = opened(legacy_files.write_xml(parts / "r.xml", PARTS, fps=fps))
    assert_same_movie(judge, movie.path, movie)


@pytest.mark.parametrize("fps", ["", "0", "-5", "x", "20,5", "nan", "inf", "1e9", None])
def test_an_unknown_frame_rate_is_told(parts, opened, fps):
    movie = opened(legacy_files.write_xml(parts / "r.xml", PARTS, fps=fps))
    assert movie.timing.period_s == 0.05
    assert movie.timing.start_s == (1_403_188_522_234, 1000)
    (problem,) = movie.clock_problems
    assert problem == "r.xml: it tells no frame rate, so 50 ms are taken for each frame"


@pytest.mark.parametrize("dropped", ["[]", "[3,5]", "[ 3, 5 ]", "[5, 3]", "[0]", "[8, 7]"])
def test_lists_of_dropped_frames(judge, parts, opened, dropped):
    movie = opened(legacy_files.write_xml(parts / "r.xml", PARTS, dropped=dropped))
    assert_same_movie(judge, movie.path, movie)


def test_a_frame_that_is_listed_as_dropped_twice_is_counted_once(parts, opened):
    movie = opened(legacy_files.write_xml(parts / "r.xml", PARTS, dropped="[3, 3]"))
    assert movie.timing.dropped == (3,)
    np.testing.assert_array_equal(movie[:][[0, 1, 2, 4, 5, 6, 7]], FRAMES)


@pytest.mark.parametrize("dropped", ["[3 5]", "[3-5]", "[-1]", "[3, x]", "3, 5", "[3, 5", "[20]"])
def test_a_list_of_dropped_frames_that_cannot_be_understood(parts, dropped):
    path = legacy_files.write_xml(parts / "r.xml", PARTS, dropped=dropped)
    with pytest.raises(IsxFileError, match=r"dropped frames should be|frame 20 is listed"):
        open_isx(path)


@pytest.mark.parametrize("name", ["width", "height", "left", "top", "downsample"])
def test_a_place_on_the_sensor_is_taken_whole_or_not(judge, parts, opened, name):
    movie = opened(legacy_files.write_xml(parts / "r.xml", PARTS, **{name: None}))
    assert_same_movie(judge, movie.path, movie)
    assert movie.spacing.top_left_um == (0, 0)


@pytest.mark.parametrize("downsample", [1, 3, 4])
def test_downsampled_recordings(judge, parts, opened, downsample):
    movie = opened(legacy_files.write_xml(parts / "r.xml", PARTS, downsample=downsample, left=-7))
    assert_same_movie(judge, movie.path, movie)
    assert movie.spacing.pixel_size_um == (3 * downsample, 3 * downsample)


def test_counts_of_frames_that_are_not_told_are_counted(judge, parts, opened):
    text = legacy_files.xml(PARTS, dropped="[]").replace(' frames="3"', "")
    (parts / "r.xml").write_text(text)
    np.testing.assert_array_equal(opened(parts / "r.xml")[:], FRAMES)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "lists no TIFF or HDF5 file"),
        ({"none.tif": 7}, "1 of the 1 files that it lists are missing: none.tif"),
        ({"r.tif": 3, "../x/none.tif": 4}, "1 of the 2 files that it lists are missing: none.tif"),
        (
            {"r.tif": 2, "r-001.tif": 4},
            "should have 2 x 5 x 9 uint16 like its recording, but has 3",
        ),
        ({"r.tif": 400_000_000, "r-001.tif": 4}, "should have 400000000 x"),
        ({"r.tif": 3, "r-001.tif": 9_000_000}, "9,000,005 frames"),
    ],
)
def test_what_an_xml_cannot_list(parts, files, said):
    path = legacy_files.write_xml(parts / "r.xml", files)
    with pytest.raises(IsxFileError, match=said):
        open_isx(path)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (FRAMES[:4, :4], "has 4 x 4 x 9 uint16"),
        (FLOATS[:4], "has 4 x 5 x 9 float32"),
        (FRAMES[:3], "has 3 x 5 x 9"),
    ],
)
def test_a_file_that_is_not_like_its_recording(parts, opened, other, said):
    legacy_files.write_tif(parts / "r-001.tif", other)
    movie = opened(legacy_files.write_xml(parts / "r.xml", PARTS))
    for _ in range(2):
        with pytest.raises(IsxFileError, match=said):
            movie[8]
    np.testing.assert_array_equal(movie[0], FRAMES[0])


def test_an_xml_of_hdf5_files(judge, tmp_path, opened):
    legacy_files.write_hdf5(tmp_path / "r.hdf5", images=FRAMES[:3])
    legacy_files.write_hdf5(tmp_path / "r-001.hdf5", images=FRAMES[3:])
    movie = opened(legacy_files.write_xml(tmp_path / "r.xml", {"r.hdf5": 3, "r-001.hdf5": 4}))
    assert_same_movie(judge, movie.path, movie)


@pytest.mark.parametrize("name", ["m.tif", "m.tiff", "M.TIF"])
@pytest.mark.parametrize("dtype", ["u2", "f4"])
def test_a_tiff_movie(judge, tmp_path, opened, name, dtype):
    frames = (FRAMES / 7).astype(dtype)
    movie = opened(legacy_files.write_tif(tmp_path / name, frames))
    same = legacy_files.write_tif(tmp_path / "lower.tif", frames)
    assert_same_movie(judge, same, movie)
    assert movie.timing.period_s == 0.05
    assert movie.timing.start is None
    assert movie.spacing.pixel_size_um == (3, 3)
    assert movie.clock_problems == (
        f"{name}: it tells no frame rate, so 50 ms are taken for each frame, "
        "and no time of its start",
    )


TIFFS = {
    "big-endian": {"byteorder": ">"},
    "big-endian float": {"byteorder": ">", "data": FLOATS},
    "BigTIFF": {"bigtiff": True},
    "big-endian BigTIFF": {"bigtiff": True, "byteorder": ">"},
    "ImageJ": {"imagej": True},
    "strips": {"rowsperstrip": 2},
    "white is 0": {"photometric": "miniswhite"},
    "one page": {"data": FRAMES[:1]},
}


@pytest.mark.parametrize("kind", TIFFS)
def test_kinds_of_tiff(judge, tmp_path, opened, kind):
    kwargs = {"data": FRAMES, **TIFFS[kind]}
    path = legacy_files.write_tif(tmp_path / "m.tif", kwargs.pop("data"), **kwargs)
    assert_same_movie(judge, path, opened(path))


def test_pages_that_lie_apart(judge, tmp_path, opened):
    path = legacy_files.write_pages(tmp_path / "m.tif", FRAMES)
    assert_same_movie(judge, path, opened(path))


def test_frames_that_only_the_first_page_tells_of(tmp_path, opened):
    """As ImageJ has them above 4 GB; `isx` sees one frame."""
    path = legacy_files.write_tif(tmp_path / "m.tif", FRAMES, truncate=True)
    np.testing.assert_array_equal(opened(path)[:], FRAMES)


@pytest.mark.parametrize(
    ("frames", "kwargs", "said"),
    [
        (FRAMES.astype("i2"), {}, "holds int16"),
        (FRAMES.astype("u4"), {}, "holds uint32"),
        (FRAMES.astype("f8"), {}, "holds float64"),
        (np.zeros((4, 5, 9, 3), "u2"), {"photometric": "rgb"}, "have colors"),
        (np.zeros((4, 32, 48), "u2"), {"tile": (16, 16)}, "lie in tiles"),
        (FRAMES, {"compression": "zlib"}, "compressed"),
    ],
)
def test_pixels_that_are_not_read(tmp_path, frames, kwargs, said):
    """Numbers of 16 and 32 bits `isx` reads as uint16 and float32 whatever they are."""
    path = legacy_files.write_tif(tmp_path / "m.tif", frames, **kwargs)
    with pytest.raises(UnsupportedIsxError, match=said) as caught:
        open_isx(path)
    assert "napari's own reader" in caught.value.advice


def test_pages_of_different_sizes(tmp_path):
    path = legacy_files.write_pages(tmp_path / "m.tif", [FRAMES[0], FRAMES[1][:, :5]])
    with pytest.raises(IsxFileError, match=r"no sound TIFF file|not the size of the first"):
        open_isx(path)


def test_numbered_files_without_an_xml_are_one_movie(parts, opened):
    legacy_files.write_tif(parts / "r-003.tif", FRAMES)  # there is no 2
    movie = opened(parts / "r.tif")
    np.testing.assert_array_equal(movie[:], FRAMES)
    assert [one.name for one in movie.paths] == ["r.tif", "r-001.tif"]
    with pickle.loads(pickle.dumps(movie)) as again:
        np.testing.assert_array_equal(again[6], FRAMES[6])
    np.testing.assert_array_equal(opened(parts / "r-001.tif")[:], FRAMES[3:])


def test_a_file_and_those_that_it_reads_are_one_recording(parts, opened):
    legacy_files.write_xml(parts / "r.xml", PARTS)
    paths = [parts / name for name in ("r-001.tif", "r.xml", "r.tif")]
    movie = opened(paths)
    assert movie.path == parts / "r.xml"
    assert movie.timing.dropped == (3, 5)
    np.testing.assert_array_equal(opened([paths[0], paths[2]])[:], FRAMES)


@pytest.mark.parametrize("suffix", ["hdf5", "h5", "HDF5"])
def test_an_hdf5_movie(judge, tmp_path, opened, suffix):
    data = legacy_files.nvista_datasets(FRAMES)
    movie = opened(legacy_files.write_hdf5(tmp_path / f"m.{suffix}", **data))
    same = legacy_files.write_hdf5(tmp_path / "lower.hdf5", **data)
    assert_same_movie(judge, same, movie)
    assert movie.timing.period == (86, 1000)
    assert movie.clock_problems == ()


@pytest.mark.parametrize("layout", ["earliest", "latest", "whole blocks", "part blocks"])
def test_layouts_of_hdf5(judge, tmp_path, opened, layout):
    chunks = {"whole blocks": (1, 5, 9), "part blocks": (2, 3, 4)}.get(layout)
    path = tmp_path / "m.hdf5"
    with h5py.File(path, "w", libver=None if chunks else layout) as file:
        file.create_dataset("images", data=FRAMES, chunks=chunks)
    assert_same_movie(judge, path, opened(path))


@pytest.mark.parametrize("dtype", [">u2", "f4", ">f4", "u1"])
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_hdf5_movies_that_isx_cannot_read(tmp_path, opened, dtype, compression):
    path = tmp_path / "m.hdf5"
    frames = (FRAMES % 200).astype(dtype)
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=frames, compression=compression)
    movie = opened(path)
    assert movie.dtype.byteorder in "<|="
    np.testing.assert_array_equal(movie[:], frames)


@pytest.mark.parametrize(
    "times",
    [
        1.5e9 + 0.75 + np.arange(7) * 0.0666,
        np.arange(7) * 0.1,
        np.arange(7) * 0.1 - 5.5,
        1.5e9 + np.array([0, 0.1, 0.2, 0.3, 1.4, 1.5, 1.6]),
        np.arange(7) * 0.0035,
        np.array([0, 0, 0, 0, 0, 0, 0.0245]),
        np.zeros(0),
        (1.5e9 + np.arange(7) * 0.1)[:, None],
        np.full(7, 1.5e9),
        1.5e9 - np.arange(7) * 0.1,
    ],
)
def test_times_of_an_hdf5_movie(judge, tmp_path, opened, times):
    path = legacy_files.write_hdf5(tmp_path / "m.hdf5", images=FRAMES, timeStamp=times)
    movie = opened(path)
    assert_same_movie(judge, path, movie)
    rises = len(times) > 1 and times[-1] > times[0]
    assert bool(movie.clock_problems) is not rises


@pytest.mark.parametrize("times", [[np.nan] * 7, [1e300] * 7, 1.5e9, np.arange(7) * 1e15])
def test_times_that_are_none(tmp_path, opened, times):
    movie = opened(legacy_files.write_hdf5(tmp_path / "m.hdf5", images=FRAMES, timeStamp=times))
    assert movie.timing.period_s == 0.05
    assert movie.clock_problems
    assert len(movie) == 7


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"images": FRAMES.astype("i2")}, "holds int16"),
        ({"images": FRAMES[0]}, "which is no movie"),
        ({"images": FRAMES[None]}, "which is no movie"),
        ({"Images": FRAMES}, "no dataset called images"),
        ({"images/images": FRAMES}, "no dataset called images"),
    ],
)
def test_hdf5_files_without_a_movie(tmp_path, data, said):
    with pytest.raises(IsxFileError, match=said):
        open_isx(legacy_files.write_hdf5(tmp_path / "m.hdf5", **data))


def test_no_other_file_is_read_for_what_an_hdf5_file_says(tmp_path):
    legacy_files.write_hdf5(tmp_path / "other.hdf5", images=FRAMES)
    (tmp_path / "raw").write_bytes(bytes(FRAMES.nbytes))
    layout = h5py.VirtualLayout(FRAMES.shape, "u2")
    layout[:] = h5py.VirtualSource(tmp_path / "other.hdf5", "images", FRAMES.shape)
    for i in range(3):
        with h5py.File(tmp_path / f"{i}.hdf5", "w") as file:
            if i == 0:
                file["images"] = h5py.ExternalLink("other.hdf5", "images")
            elif i == 1:
                external = [(str(tmp_path / "raw"), 0, FRAMES.nbytes)]
                file.create_dataset("images", FRAMES.shape, "u2", external=external)
            else:
                file.create_virtual_dataset("images", layout)
        with pytest.raises(IsxFileError, match="no dataset called images"):
            open_isx(tmp_path / f"{i}.hdf5")


def test_others_may_write_into_an_hdf5_file_that_is_open(tmp_path, opened):
    path = legacy_files.write_hdf5(tmp_path / "m.hdf5", images=FRAMES)
    opened(path)
    code = f"import h5py; h5py.File({str(path)!r}, 'r+').close()"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.fixture(params=["m.tif", "m.hdf5"])
def movie_path(request, tmp_path) -> Path:
    if request.param == "m.tif":
        return legacy_files.write_tif(tmp_path / request.param, FRAMES)
    path = tmp_path / request.param
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=FRAMES, chunks=(1, 5, 9), compression="gzip")
    return path


def test_a_movie_is_read_by_many_threads(movie_path, opened):
    movie = opened(movie_path)
    with ThreadPoolExecutor(8) as pool:
        for i, frame in enumerate(pool.map(lambda i: movie[i % 7], range(400))):
            np.testing.assert_array_equal(frame, FRAMES[i % 7])
    np.testing.assert_array_equal(movie.to_dask()[2:5].compute(), FRAMES[2:5])
    np.testing.assert_array_equal(movie.read_rows(1, 2, 4), FRAMES[1, 2:4])
    with pytest.raises(IndexError):
        movie[7]
    with pickle.loads(pickle.dumps(movie)) as again:
        np.testing.assert_array_equal(again[6], FRAMES[6])


def test_a_closed_movie_cannot_be_read(movie_path):
    movie = open_isx(movie_path)
    movie.close()
    movie.close()
    with pytest.raises(ValueError, match=r"m\..* is closed"):
        movie[0]


FORKING = """
import os, sys
from napari_isx import open_isx
movie = open_isx(sys.argv[1])
first = movie[0]
child = os.fork()
if child == 0:
    right = all((movie[0] == first).all() for _ in range(50))
    movie.close()
    os._exit(0 if right else 1)
assert all((movie[0] == first).all() for _ in range(50))
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
movie.close()
sys.exit(code)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_reads_on(movie_path):
    subprocess.run([sys.executable, "-c", FORKING, movie_path], check=True, timeout=60)


def test_nothing_heavy_is_imported_to_look_at_other_files(tmp_path):
    path = recordings.write_movie(tmp_path / "m.isxd", FRAMES)
    code = (
        f"import sys; from napari_isx import open_isx; open_isx({str(path)!r}).close()\n"
        "assert not {'h5py', 'tifffile', 'isx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)


BROKEN = {
    "empty.tif": b"",
    "random.tif": recordings.noise(1).bytes(5000),
    "cut.tif": b"II*\0\x08\0\0\0",
    "far.tif": b"II*\0\xf0\xff\xff\xff",
    "random behind its magic.tif": b"II*\0\x08\0\0\0" + recordings.noise(2).bytes(5000),
    "empty.hdf5": b"",
    "random.h5": recordings.noise(3).bytes(5000),
    "cut.hdf5": b"\x89HDF\r\n\x1a\n",
    "random behind its signature.hdf5": b"\x89HDF\r\n\x1a\n" + recordings.noise(4).bytes(5000),
    "empty.xml": b"",
    "random.xml": recordings.noise(5).bytes(5000),
    "foreign.xml": b"<svg/>",
    "endless.xml": legacy_files.xml({"none.tif": 7}).encode()[:-60],
    "empty.raw": b"",
    "random.raw": recordings.noise(6).bytes(5000),
    "syncs.raw": legacy_files.SYNC * 20,
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_an_error(tmp_path, name, capfd):
    path = tmp_path / name
    path.write_bytes(BROKEN[name])
    began = time.monotonic()
    with pytest.raises(IsxFileError) as caught:
        open_isx(path)
    assert caught.value.path == str(path)
    assert name in str(caught.value)
    assert time.monotonic() - began < 2
    assert capfd.readouterr().out == ""
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("pages", [True, False])
def test_a_movie_cut_short_is_an_error(tmp_path, pages):
    write = legacy_files.write_pages if pages else legacy_files.write_tif
    paths = [write(tmp_path / "m.tif", recordings.pixels(50, 50, 60))]
    paths.append(legacy_files.write_hdf5(tmp_path / "m.hdf5", images=recordings.pixels(50, 50, 60)))
    for path in paths:
        for part in (0.3, 0.5, 0.9, 0.999):
            os.truncate(path, int(path.stat().st_size * part))
            with pytest.raises(IsxFileError, match=path.name):
                open_isx(path)


@pytest.mark.parametrize("suffix", ["tif", "hdf5", "xml", "raw"])
def test_a_folder_is_no_file(tmp_path, suffix):
    folder = tmp_path / f"m.{suffix}"
    folder.mkdir()
    with pytest.raises(OSError, match=r"m\."):
        open_isx(folder)


DAMAGING = """
import sys, numpy as np
from datetime import UTC, datetime
from pathlib import Path
from napari_isx import IsxFileError, open_isx
path, count = Path(sys.argv[1]), int(sys.argv[2])
random, sound = np.random.RandomState(4), path.read_bytes()
broken = 0
for _ in range(count):
    data = bytearray(sound)
    for _ in range(random.randint(1, 4)):
        at = random.randint(len(data))
        data[at : at + 1] = [(random.randint(256),), b"\\0", b"\\xff" * 4][random.randint(3)]
    path.write_bytes(data[: len(data) if random.randint(4) else random.randint(len(data))])
    try:
        with open_isx(path) as movie:
            movie[:5], movie[-1:]
            gpio = movie.open_gpio()
            if gpio is not None:
                with gpio:
                    gpio.channel(0)
    except IsxFileError:
        broken += 1
assert 0 < broken < count, broken
"""


@pytest.mark.parametrize("kind", ["m.tif", "pages.tif", "m.hdf5", "new.hdf5", "blocks.hdf5"])
def test_random_damage_leads_to_an_error_or_to_a_movie(tmp_path, kind):
    """In a process of its own, for the library of HDF5 could end it."""
    path = tmp_path / kind
    if kind.endswith("tif"):
        write = legacy_files.write_tif if kind == "m.tif" else legacy_files.write_pages
        write(path, FRAMES)
    else:
        chunks = (1, 5, 9) if kind == "blocks.hdf5" else None
        with h5py.File(path, "w", libver="latest" if kind == "new.hdf5" else None) as file:
            data = legacy_files.nvista_datasets(FRAMES)
            file.create_dataset("images", data=data.pop("images"), chunks=chunks)
            file.update(data)
    subprocess.run(
        [sys.executable, "-c", DAMAGING, path, "200"], check=True, timeout=100, capture_output=True
    )
