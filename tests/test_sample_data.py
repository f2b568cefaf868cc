"""The simulated sample recording."""

from __future__ import annotations

import hashlib
import sys

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points, Shapes

from napari_isx import sample_data
from napari_isx.layers.cells import cell_layers
from napari_isx.layers.images import movie_layer
from napari_isx.rois import cut_rois
from napari_isx.sample_data import FILES, make_sample_recording, sample_folder, write_sample


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sample's files, written once."""
    path = tmp_path_factory.mktemp("sample") / "made"
    write_sample(path)
    return path


@pytest.fixture
def recording(folder, opened):
    """Movie, cell set and event set."""
    return [opened(folder / name) for name in FILES]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder of the user."""
    import platformdirs

    monkeypatch.setattr(
        platformdirs, "user_cache_path", lambda *names: tmp_path.joinpath("cache", *names)
    )
    return tmp_path / "cache"


def state(folder) -> dict[str, tuple[int, int]]:
    """Name, inode and time of change of all files."""
    stats = {path.name: path.stat() for path in folder.iterdir()}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in stats.items()}


def test_isx_reads_the_same(isx, folder, recording):
    movie, cells, events = recording
    theirs = isx.Movie.read(str(folder / FILES[0]))
    assert (theirs.timing.num_samples, theirs.spacing.num_pixels) == (len(movie), movie.shape[1:])
    assert list(theirs.timing.dropped) == list(movie.timing.dropped)
    assert theirs.timing.period.secs_float == movie.timing.period_s
    for i in (0, 180, 181, 599):
        assert theirs.get_frame_data(i).tobytes() == movie[i].tobytes()
    their_cells = isx.CellSet.read(str(folder / FILES[1]))
    assert [their_cells.get_cell_name(i) for i in range(cells.num_cells)] == cells.names
    assert [their_cells.get_cell_status(i) for i in range(cells.num_cells)] == cells.statuses
    for i in range(cells.num_cells):
        assert their_cells.get_cell_image_data(i).tobytes() == cells.footprint(i).tobytes()
        assert their_cells.get_cell_trace_data(i).tobytes() == cells.trace(i).tobytes()
    their_events = isx.EventSet.read(str(folder / FILES[2]))
    for i in range(events.num_cells):
        offsets, values = their_events.get_cell_data(i)
        # isx takes its offsets by way of float seconds, and cuts off.
        cut_off = (events.events(i).offsets_us / 1e6 * 1e6).astype("u8")
        np.testing.assert_array_equal(offsets, cut_off)
        assert values.tobytes() == events.events(i).values.tobytes()
    del theirs, their_cells, their_events


def test_it_shows_what_real_recordings_have(recording):
    movie, cells, events = recording
    assert set(cells.statuses) == {"accepted", "undecided", "rejected"}
    assert movie.timing.dropped
    assert np.isnan(cells.traces[:, list(movie.timing.dropped)]).all()
    assert movie.has_timestamps
    assert movie.acquisition_info["Animal ID"] == "S-01"
    assert cells.trace_units == "dF over noise"
    assert len(np.unique(cells.colors, axis=0)) == cells.num_cells
    assert sum(len(events.events(i)) for i in range(events.num_cells)) > 100
    assert movie.dtype == np.uint16


def test_some_cells_overlap(recording):
    _, cells, _ = recording
    masks = np.zeros(cells.spacing.num_pixels, int)
    for footprint in cells.footprints:
        masks += footprint > 0.2 * footprint.max()
    assert (masks > 1).any()
    assert (masks == 1).sum() > (masks > 1).sum()


def test_all_three_share_one_clock(recording):
    movie, cells, events = recording
    assert movie.timing.period_s == cells.timing.period_s == events.timing.period_s == 0.1
    assert movie.timing.start == cells.timing.start == events.timing.start
    assert len(movie) == cells.timing.num_samples == events.timing.num_samples == 600
    assert events.names == cells.names
    last = max(times[-1] for i in range(events.num_cells) if len(times := events.events(i).times_s))
    assert last < movie.timing.duration_s


def test_traces_rise_at_the_events(recording):
    _, cells, events = recording
    rises = [
        cells.trace(i)[event] - cells.trace(i)[event - 4]
        for i in range(cells.num_cells)
        for event in np.rint(events.events(i).times_s / 0.1).astype(int)
        if event >= 4
    ]
    assert np.nanmedian(rises) > 4


def layer_of(data):
    return ViewerModel()._add_layer_from_data(*data)[0]


def test_the_cells_lie_where_the_movie_lights_up(recording):
    """The cell set is cropped and downsampled, so this fails where its geometry is wrong."""
    movie, cells, events = recording
    image, labels = layer_of(movie_layer(movie)), layer_of(cell_layers(cells)[0])
    rises, elsewhere = [], []
    for i, roi in enumerate(cut_rois(cells, cells.spacing.num_pixels)):
        frames = np.rint(events.events(i).times_s / 0.1).astype(int)
        frames = frames[(frames >= 4) & movie.timing.valid_mask[frames]]
        frames = frames[movie.timing.valid_mask[frames - 4]]
        if len(frames) < 3:
            continue
        increment = np.mean([movie[f].astype(float) - movie[f - 4] for f in frames], axis=0)
        world = labels.data_to_world(roi.centroid)
        row, col = (round(at) for at in image.world_to_data((0, *world))[1:])
        rises.append(increment[row - 2 : row + 3, col - 2 : col + 3].mean())
        # The same place where crop or downsampling were forgotten, and a mirrored one.
        wrong = [(row - 16, col - 24), (row // 2, col // 2), (col, row), (271 - row, 367 - col)]
        elsewhere += [
            increment[r - 2 : r + 3, c - 2 : c + 3].mean()
            for r, c in wrong
            if 2 <= r < 270 and 2 <= c < 366
        ]
    assert len(rises) > 10
    assert np.median(rises) > 30
    assert np.mean(np.array(rises) > np.percentile(elsewhere, 90)) > 0.9
    assert abs(np.median(elsewhere)) < 10


def test_it_is_the_same_every_time(folder, tmp_path):
    write_sample(tmp_path / "again")
    for name in FILES:
        first, second = ((path / name).read_bytes() for path in (folder, tmp_path / "again"))
        assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest(), name


def test_it_is_kept_in_the_users_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "napari-isx" in sample_folder().parts
    if sys.platform == "linux":
        assert tmp_path in sample_folder().parents
        assert not sample_folder().exists(), "asking for the folder does not make it"


@pytest.fixture
def copying(folder, monkeypatch):
    """Count how often the sample is simulated; copy it instead."""
    calls = []

    def copy(target):
        calls.append(target)
        target.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (target / name).write_bytes((folder / name).read_bytes())

    monkeypatch.setattr(sample_data, "write_sample", copy)
    return calls


def test_it_is_written_once(cache, copying):
    assert [kind for _, _, kind in make_sample_recording()] == [
        "image",
        "labels",
        "shapes",
        "points",
    ]
    before = state(sample_folder())
    assert set(before) == set(FILES)
    make_sample_recording()
    assert copying == [sample_folder()]
    assert state(sample_folder()) == before
    assert cache in sample_folder().parents


@pytest.mark.parametrize("missing", FILES)
def test_a_half_written_folder_is_completed(cache, copying, missing):
    make_sample_recording()
    (sample_folder() / missing).unlink()
    (sample_folder() / f".{missing}.part").write_bytes(b"half")
    assert len(make_sample_recording()) == 4
    assert len(copying) == 2


def test_an_interrupted_simulation_leaves_no_file_that_looks_whole(tmp_path, monkeypatch):
    def stop(*args):
        yield np.zeros((272, 368), np.uint16)
        raise KeyboardInterrupt

    monkeypatch.setattr(sample_data, "simulate_frames", stop)
    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path / "s")
    assert not (tmp_path / "s" / FILES[0]).exists()


def test_an_unwritable_cache_is_an_error(cache):
    cache.mkdir()
    (cache / "napari-isx").write_bytes(b"a file where the folder should be")
    with pytest.raises(OSError, match="napari-isx"):
        make_sample_recording()


def test_napari_opens_it_from_its_menu(discovered, cache, copying):
    viewer = ViewerModel()
    viewer.open_sample("napari-isx", "recording")
    assert [type(layer) for layer in viewer.layers] == [Image, Labels, Shapes, Points]
    assert viewer.layers[0].contrast_limits[1] > viewer.layers[0].contrast_limits[0] + 100
    viewer.layers.clear()
