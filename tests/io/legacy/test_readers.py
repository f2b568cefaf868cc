"""Files of older systems, which `isx` reads in a process of its own."""

from __future__ import annotations

import glob
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil
import pytest
from helpers import legacy_files, recordings

from napari_isx import GpioSet, IsxFileError, Movie, UnsupportedIsxError, open_isx
from napari_isx.io.legacy import isx_process
from napari_isx.io.legacy.readers import LegacyGpioSet, LegacyMovie

pytestmark = pytest.mark.skipif(find_spec("isx") is None, reason="isx is not installed here")

FRAMES = recordings.pixels(7, 5, 9)


@pytest.fixture(autouse=True)
def _nothing_left_behind(monkeypatch):
    """No process, and no file or folder in a temporary folder."""
    folders = []

    def make_folder(**kwargs):
        folders.append(tempfile.mkdtemp(**kwargs))
        return folders[-1]

    monkeypatch.setattr(isx_process, "mkdtemp", make_folder)
    processes = _workers()
    yield
    assert _workers() <= processes
    for folder in folders:
        assert not os.path.exists(folder)
        assert not glob.glob(f"/tmp/{os.path.basename(folder)}*")


def _workers() -> set[int]:
    children = psutil.Process().children(recursive=True)
    return {child.pid for child in children if _is_worker(child)}


def _is_worker(process: psutil.Process) -> bool:
    try:
        worker = "napari_isx.io.legacy.isx_worker"
        return worker in process.cmdline() or process.status() == "zombie"
    except psutil.NoSuchProcess:
        return False


def _worker() -> psutil.Process:
    (pid,) = _workers()
    return psutil.Process(pid)


@contextmanager
def theirs(kind, path: Path):
    """The file in `isx` in this process, and without what that leaves behind."""
    opened = kind.read(str(path))
    try:
        yield opened
    finally:
        del opened
        for left in glob.glob(f"/tmp/{glob.escape(path.stem)}*.isxd"):
            os.unlink(left)


def assert_same_movie(isx, path: Path, movie: LegacyMovie) -> None:
    with theirs(isx.Movie, path) as other:
        timing = other.timing
        assert movie.dtype == other.data_type
        assert movie.shape == (timing.num_samples, *other.spacing.num_pixels)
        assert movie.timing.period_s == timing.period.secs_float
        assert movie.timing.start.replace(tzinfo=None) == timing.start.to_datetime()
        assert list(movie.timing.dropped) == timing.dropped
        for i in range(timing.num_samples):
            np.testing.assert_array_equal(movie.read_frame(i), other.get_frame_data(i))
        assert movie.acquisition_info == (other.get_acquisition_info() or {})
        del timing


def test_an_xml_and_its_parts_are_one_movie(isx, tmp_path):
    path = legacy_files.write_recording(tmp_path, FRAMES)
    with open_isx(path) as movie:
        assert isinstance(movie, Movie)
        assert_same_movie(isx, path, movie)
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
        assert movie.metadata["fps"] == "15.02"
        assert sorted(p.name for p in tmp_path.iterdir()) == ["r-001.tif", "r.tif", "r.xml"]


def test_the_frame_rate_counts_where_isx_does_not_understand_the_start(isx, tmp_path):
    legacy_files.write_tif(tmp_path / "r.tif", FRAMES)
    path = legacy_files.write_xml(tmp_path / "r.xml", {"r.tif": 7}, record_start="yesterday")
    with theirs(isx.Movie, path) as other:
        assert other.timing.period.secs_float == 0
    with open_isx(path) as movie:
        assert movie.timing.period == (1000, 15020)
    legacy_files.write_xml(path, {"r.tif": 7}, record_start="yesterday", fps="0")
    with pytest.raises(IsxFileError, match="no frame rate"):
        open_isx(path)


@pytest.mark.parametrize("name", ["m.tif", "m.tiff", "M.TIF"])
@pytest.mark.parametrize("dtype", ["u2", "f4"])
def test_a_tiff_movie(isx, tmp_path, name, dtype):
    path = legacy_files.write_tif(tmp_path / name, (FRAMES / 7).astype(dtype))
    with open_isx(path) as movie:
        same = legacy_files.write_tif(tmp_path / "lower.tif", (FRAMES / 7).astype(dtype))
        assert_same_movie(isx, same, movie)
        assert movie.timing.period_s == 0.05
        assert movie.spacing.pixel_size_um == (3, 3)


@pytest.mark.parametrize("suffix", ["hdf5", "h5", "HDF5"])
def test_an_hdf5_movie_and_its_channels(isx, tmp_path, suffix):
    data = legacy_files.nvista_datasets(FRAMES)
    path = legacy_files.write_hdf5(tmp_path / f"m.{suffix}", **data)
    same = legacy_files.write_hdf5(tmp_path / f"lower-{os.getpid()}.hdf5", **data)
    with open_isx(path) as movie:
        assert_same_movie(isx, same, movie)
        assert movie.timing.period == (86, 1000)
        with movie.open_gpio() as gpio:
            assert gpio.channel_names == ["IO1", "IO2", "sync", "trigger"]
            assert gpio.channel_dense == [True] * 4
            assert_same_channels(isx, same, gpio)
            with pickle.loads(pickle.dumps(gpio)) as again:
                assert isinstance(again, LegacyGpioSet)
        np.testing.assert_array_equal(movie[6], FRAMES[6])


def test_an_hdf5_movie_without_channels(tmp_path):
    path = legacy_files.write_hdf5(tmp_path / "m.hdf5", images=FRAMES)
    with open_isx(path) as movie:
        assert movie.open_gpio() is None
        assert movie.timing.period_s == 0.05


def assert_same_channels(isx, path: Path, gpio: GpioSet) -> None:
    with theirs(isx.GpioSet, path) as other:
        names = [other.get_channel_name(i) for i in range(other.num_channels)]
        assert gpio.channel_names == names
        assert gpio.timing.num_samples == other.timing.num_samples
        assert gpio.timing.period_s == other.timing.period.secs_float
        assert gpio.timing.start.replace(tzinfo=None) == other.timing.start.to_datetime()
        for i in range(len(names)):
            offsets, values = other.get_channel_data(i)
            np.testing.assert_array_equal(gpio.channel(i).offsets_us, offsets)
            np.testing.assert_array_equal(gpio.channel(i).values, values)


@pytest.mark.parametrize("name", ["box.raw", "BOX.RAW"])
def test_a_gpio_stream(isx, tmp_path, name):
    data = legacy_files.some_stream()
    path = tmp_path / name
    path.write_bytes(data)
    same = tmp_path / f"same-{os.getpid()}.raw"
    same.write_bytes(data)
    with open_isx(path) as gpio:
        assert isinstance(gpio, GpioSet)
        assert_same_channels(isx, same, gpio)
        assert gpio.channel_names == ["GPIO1", "GPIO2"]
        assert gpio.channel_units == ["", ""]
        assert gpio.channel_dense == [False, False]
        assert gpio.channel("GPIO1").values.max() == 1
        assert gpio.acquisition_info == {}
        signal_before = gpio.channel(1)
    np.testing.assert_array_equal(gpio.channel(1).values, signal_before.values)


@pytest.mark.parametrize("length", [0, 5, 11, 12, 13, 32, 200])
def test_the_second_byte_of_a_packet_is_its_length(isx, tmp_path, capfd, length):
    """`isx` complains of any other there, which is how it was found out."""
    data = bytearray(legacy_files.some_stream())
    first = data.index(legacy_files.SYNC) + len(legacy_files.SYNC)
    data[first + 1] = length
    path = tmp_path / f"length-{os.getpid()}.raw"
    path.write_bytes(data)
    with theirs(isx.GpioSet, path):
        assert bool(capfd.readouterr().out) is (length != 11)


def test_two_files_of_one_name_are_two_recordings(tmp_path):
    # isx makes a file of the name in the temporary folder, and reads one instead of the other.
    opened = []
    for i in (1, 2):
        (tmp_path / str(i)).mkdir()
        path = tmp_path / str(i) / "box.raw"
        path.write_bytes(legacy_files.stream((i, k % 2 == 0, 10**15 + k) for k in range(4)))
        opened.append(open_isx(path))
    assert [gpio.channel_names for gpio in opened] == [["GPIO1"], ["GPIO2"]]
    assert [len(gpio.channel(0)) for gpio in opened] == [4, 4]
    for gpio in opened:
        gpio.close()


def test_a_movie_is_read_lazily_by_many_threads(tmp_path):
    path = legacy_files.write_tif(tmp_path / "m.tif", FRAMES)
    with open_isx(path) as movie:
        with ThreadPoolExecutor(8) as pool:
            for i, frame in enumerate(pool.map(lambda i: movie[i % 7], range(200))):
                np.testing.assert_array_equal(frame, FRAMES[i % 7])
        np.testing.assert_array_equal(movie.to_dask()[2:5].compute(), FRAMES[2:5])
        np.testing.assert_array_equal(movie.read_rows(1, 2, 4), FRAMES[1, 2:4])
        with pytest.raises(IndexError):
            movie[7]
        with pickle.loads(pickle.dumps(movie)) as again:
            np.testing.assert_array_equal(again[6], FRAMES[6])


def test_isx_is_not_imported_here(tmp_path):
    legacy_files.write_tif(tmp_path / "m.tif", FRAMES)
    code = (
        "import sys; from napari_isx import open_isx\n"
        f"with open_isx({str(tmp_path / 'm.tif')!r}) as movie: movie[0]\n"
        "assert 'isx' not in sys.modules"
    )
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, timeout=60, check=True
    )
    assert result.stdout == result.stderr == b""


def test_a_closed_movie_cannot_be_read_and_its_process_is_gone(tmp_path):
    path = legacy_files.write_tif(tmp_path / "m.tif", FRAMES)
    movie = open_isx(path)
    worker = _worker()
    movie.close()
    movie.close()
    assert not worker.is_running()
    with pytest.raises(ValueError, match=r"m\.tif is closed"):
        movie[0]


def test_a_forgotten_movie_ends_its_process(tmp_path):
    import gc

    movie = open_isx(legacy_files.write_tif(tmp_path / "m.tif", FRAMES))
    worker = _worker()
    del movie
    gc.collect()
    assert not worker.is_running()


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such signals")
def test_a_crash_while_reading_is_an_error(tmp_path):
    path = legacy_files.write_tif(tmp_path / "m.tif", FRAMES)
    with open_isx(path) as movie:
        _worker().send_signal(signal.SIGSEGV)
        with pytest.raises(IsxFileError, match=r"m\.tif: isx crashed while reading frame 0"):
            movie[0]
        assert not _workers()
        with pytest.raises(IsxFileError, match="open the file again"):
            movie[1]


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such signals")
def test_a_read_that_hangs_is_an_error(tmp_path, monkeypatch):
    path = legacy_files.write_tif(tmp_path / "m.tif", FRAMES)
    with open_isx(path) as movie:
        monkeypatch.setattr(isx_process, "READ_TIMEOUT_S", 0.3)
        _worker().send_signal(signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(IsxFileError, match=r"did not answer within 0\.3 s"):
            movie[0]
        assert time.monotonic() - began < 5


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such signals")
def test_an_opening_that_takes_too_long_is_an_error(tmp_path, monkeypatch):
    path = legacy_files.write_tif(tmp_path / "m.tif", FRAMES)
    send = isx_process.send

    def send_to_one_that_hangs(stream, request):
        _worker().send_signal(signal.SIGSTOP)
        send(stream, request)

    monkeypatch.setattr(isx_process, "send", send_to_one_that_hangs)
    monkeypatch.setattr(isx_process, "OPEN_TIMEOUT_S", 0.3)
    with pytest.raises(IsxFileError, match=r"did not answer within 0\.3 s while opening it"):
        open_isx(path)


ORPHAN = """
import os, sys
from napari_isx import open_isx
movie = open_isx(sys.argv[1])
print(movie._isx.answer["description"], flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such signals")
def test_a_process_whose_parent_died_cleans_up(tmp_path):
    path = legacy_files.write_tif(tmp_path / "m.tif", FRAMES)
    result = subprocess.run(
        [sys.executable, "-c", ORPHAN, path], capture_output=True, text=True, timeout=60
    )
    folder = Path(result.stdout.strip()).parent
    for _ in range(100):
        if not folder.exists():
            break
        time.sleep(0.05)
    assert result.stdout
    assert not folder.exists()


FORKING = """
import os, sys
from napari_isx import open_isx
movie = open_isx(sys.argv[1])
first = movie[0]
child = os.fork()
if child == 0:
    right = (movie[0] == first).all()
    movie.close()
    os._exit(0 if right else 1)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert (movie[0] == first).all()
movie.close()
sys.exit(code)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_reads_on(tmp_path):
    path = legacy_files.write_tif(tmp_path / "m.tif", FRAMES)
    subprocess.run([sys.executable, "-c", FORKING, path], check=True, timeout=60)


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
    "no parts.xml": legacy_files.xml({}).encode(),
    "missing part.xml": legacy_files.xml({"none.tif": 7}).encode(),
    "endless.xml": legacy_files.xml({"none.tif": 7}).encode()[:-60],
    "nothing dropped.xml": legacy_files.xml({"none.tif": 7}, dropped=None).encode(),
    "empty.raw": b"",
    "random.raw": recordings.noise(6).bytes(5000),
    "syncs.raw": legacy_files.SYNC * 20,
    "noise behind packets.raw": legacy_files.some_stream(9) + recordings.noise(7).bytes(999),
    "cut.raw": legacy_files.some_stream(1)[:12],
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
    assert time.monotonic() - began < 10  # most of it is the start of isx
    assert capfd.readouterr() == ("", "")
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_half_an_hdf5_movie_is_an_error(tmp_path):
    path = legacy_files.write_hdf5(tmp_path / "m.hdf5", images=recordings.pixels(50, 50, 60))
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(IsxFileError, match=r"m\.hdf5"):
        open_isx(path)


def test_half_a_tiff_movie_has_fewer_frames_and_these_are_right(tmp_path):
    frames = recordings.pixels(50, 50, 60)
    path = legacy_files.write_pages(tmp_path / "m.tif", frames)
    os.truncate(path, path.stat().st_size // 2)
    with open_isx(path) as movie:
        assert 20 < len(movie) < 30
        np.testing.assert_array_equal(movie[:-1], frames[: len(movie) - 1])
        with pytest.raises(IsxFileError, match="isx failed while reading frame"):
            movie[-1]


def test_claims_of_more_than_there_is(tmp_path):
    legacy_files.write_tif(tmp_path / "r.tif", FRAMES)
    path = legacy_files.write_xml(tmp_path / "r.xml", {"r.tif": 4_000_000_000})
    with pytest.raises(IsxFileError, match="at most"):
        open_isx(path)
    legacy_files.write_xml(path, {"r.tif": 1_000_000})
    with open_isx(path) as movie, pytest.raises(IsxFileError):
        movie[900_000]


@pytest.mark.parametrize("suffix", ["tif", "hdf5", "xml", "raw"])
def test_a_folder_is_no_file(tmp_path, suffix):
    folder = tmp_path / f"m.{suffix}"
    folder.mkdir()
    with pytest.raises(OSError, match=r"m\."):
        open_isx(folder)


def test_where_isx_does_not_work(tmp_path, monkeypatch):
    package = tmp_path / "shadow" / "isx"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('libisx is gone')")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    path = legacy_files.write_tif(tmp_path / "m.tif", FRAMES)
    with pytest.raises(UnsupportedIsxError, match=r"does not work here \(libisx is gone\)"):
        open_isx(path)
