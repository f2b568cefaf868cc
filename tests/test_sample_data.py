"""The simulated samples: a recording with all that was recorded beside it, and a series."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
import uuid
from itertools import pairwise

import numpy as np
import pytest
from helpers import gpio_files
from helpers.behavior_files import assert_equals_isx
from helpers.slow_disk import slow_disk
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points, Shapes

from napari_isx import open_isx, sample_data
from napari_isx.analysis import peri_event
from napari_isx.analysis.rois import cut_rois
from napari_isx.layers.cells import cell_layers
from napari_isx.layers.keys import RECORDING_KEY, recording_of
from napari_isx.layers.movies import movie_layer
from napari_isx.reader import read
from napari_isx.sample_data import (
    COMPANION_FILES,
    FILES,
    SERIES_FILES,
    make_sample_recording,
    make_sample_series,
    recording,
    sample_folder,
    write_sample,
    write_series,
)
from napari_isx.sample_data.animal import RUN_PX_S
from napari_isx.sample_data.box import BOX_LEAD_S, STIMULUS
from napari_isx.sample_data.camera import CAMERA_DELAY_S
from napari_isx.sample_data.neurons import RESPONSIVE
from napari_isx.timeline.clock import Clock

ALL_FILES = FILES + COMPANION_FILES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sample's files, written once."""
    path = tmp_path_factory.mktemp("sample") / "made"
    write_sample(path)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def series_folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("series") / "made"
    write_series(path)
    return path


@pytest.fixture
def imaging(folder, opened):
    """Movie, cell set and event set."""
    return [opened(folder / name) for name in FILES]


@pytest.fixture
def companions(folder, opened):
    """Box, head sensor, camera and vessel set."""
    return [opened(folder / name) for name in COMPANION_FILES]


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


def stimulus_at(box, counters_us):
    """Whether the stimulus was on when the hardware counter had these values."""
    signal = box.channel(STIMULUS)
    changes = signal.offsets_us.astype(np.int64) + box.first_tsc_us
    last = np.searchsorted(changes, np.asarray(counters_us, np.int64), side="right") - 1
    return (last >= 0) & (signal.values[last] > 0)


# What `isx` reads of the files.


def test_isx_reads_the_same_movie_cells_and_events(isx, folder, imaging):
    movie, cells, events = imaging
    theirs = isx.Movie.read(str(folder / FILES[0]))
    assert (theirs.timing.num_samples, theirs.spacing.num_pixels) == (len(movie), movie.shape[1:])
    assert list(theirs.timing.dropped) == list(movie.timing.dropped)
    assert theirs.timing.period.secs_float == movie.timing.period_s
    for i in (0, 180, 181, 599):
        assert theirs.get_frame_data(i).tobytes() == movie[i].tobytes()
        assert theirs.get_frame_timestamp(i) == movie.timestamps_us[i]
    their_cells = isx.CellSet.read(str(folder / FILES[1]))
    assert [their_cells.get_cell_name(i) for i in range(cells.num_cells)] == cells.names
    assert [their_cells.get_cell_status(i) for i in range(cells.num_cells)] == cells.statuses
    for i in range(cells.num_cells):
        assert their_cells.get_cell_image_data(i).tobytes() == cells.footprint(i).tobytes()
        assert their_cells.get_cell_trace_data(i).tobytes() == cells.trace(i).tobytes()
    their_events = isx.EventSet.read(str(folder / FILES[2]))
    for i in range(events.num_cells):
        assert_same_signal(their_events.get_cell_data(i), events.events(i))
    del theirs, their_cells, their_events


def assert_same_signal(theirs, ours) -> None:
    offsets, values = theirs
    # isx takes its offsets by way of float seconds, and cuts off; of `.imu` files of Unix seconds.
    error = np.abs(offsets.astype(np.int64) - ours.offsets_us.astype(np.int64))
    assert error.max(initial=0) <= 2
    assert values.tobytes() == ours.values.tobytes()


@pytest.mark.parametrize("name", COMPANION_FILES[:2])
def test_isx_reads_the_same_channels(isx, folder, opened, tmp_path, name):
    # Under a name of its own, since isx writes files with names made from it.
    path = tmp_path / f"{uuid.uuid4().hex}{os.path.splitext(name)[1]}"
    shutil.copy(folder / name, path)
    ours = opened(path)
    theirs = isx.GpioSet.read(str(path))
    try:
        assert [theirs.get_channel_name(i) for i in range(theirs.num_channels)] == (
            ours.channel_names
        )
        assert theirs.timing.num_samples == ours.timing.num_samples
        for i in range(ours.num_channels):
            assert_same_signal(theirs.get_channel_data(i), ours.channel(i))
        assert (
            theirs.get_acquisition_info()["Recording UUID"]
            == (ours.acquisition_info["Recording UUID"])
        )
    finally:
        del theirs
        for made in gpio_files.side_files(path):
            made.unlink()


def test_isx_reads_the_same_behavior_movie(isx, folder):
    assert_equals_isx(isx, folder / COMPANION_FILES[2])


def test_isx_reads_the_same_vessels(isx, folder, companions):
    ours = companions[3]
    theirs = isx.VesselSet.read(str(folder / COMPANION_FILES[3]))
    assert theirs.num_vessels == ours.num_vessels == 3
    assert theirs.timing.num_samples == ours.timing.num_samples
    assert theirs.spacing.num_pixels == ours.spacing.num_pixels
    assert theirs.get_vessel_image_data(0).tobytes() == ours.image.tobytes()
    for i in range(3):
        assert theirs.get_vessel_name(i) == ours.names[i]
        assert theirs.get_vessel_status(i) == ours.statuses[i]
        np.testing.assert_array_equal(theirs.get_vessel_line_data(i), ours.line(i))
        assert theirs.get_vessel_trace_data(i).tobytes() == ours.trace(i).tobytes()
        directions = theirs.get_vessel_direction_trace_data(i)
        assert directions.tobytes() == ours.direction_trace(i).tobytes()
        for t in (0, 60, ours.timing.num_samples - 1):
            maps = theirs.get_vessel_correlations_data(i, t)
            assert maps.tobytes() == ours.correlations(i, t).tobytes()
    del theirs


def test_isx_reads_the_same_series(isx, series_folder, opened):
    for name in SERIES_FILES[:2]:
        movie, theirs = opened(series_folder / name), isx.Movie.read(str(series_folder / name))
        assert theirs.timing.num_samples == len(movie) == 200
        assert theirs.get_frame_data(199).tobytes() == movie[199].tobytes()
        del theirs


# Movie, cells and events.


def test_it_shows_what_real_recordings_have(imaging):
    movie, cells, events = imaging
    assert set(cells.statuses) == {"accepted", "undecided", "rejected"}
    assert movie.timing.dropped
    assert np.isnan(cells.traces[:, list(movie.timing.dropped)]).all()
    assert movie.has_timestamps
    assert movie.acquisition_info["Animal ID"] == "S-01"
    assert cells.trace_units == "dF over noise"
    assert len(np.unique(cells.colors, axis=0)) == cells.num_cells
    assert sum(len(events.events(i)) for i in range(events.num_cells)) > 100
    assert movie.dtype == np.uint16


def test_some_cells_overlap(imaging):
    _, cells, _ = imaging
    masks = np.zeros(cells.spacing.num_pixels, int)
    for footprint in cells.footprints:
        masks += footprint > 0.2 * footprint.max()
    assert (masks > 1).any()
    assert (masks == 1).sum() > (masks > 1).sum()


def test_all_three_share_one_clock(imaging):
    movie, cells, events = imaging
    assert movie.timing.period_s == cells.timing.period_s == events.timing.period_s == 0.1
    assert movie.timing.start == cells.timing.start == events.timing.start
    assert len(movie) == cells.timing.num_samples == events.timing.num_samples == 600
    assert events.names == cells.names
    last = max(times[-1] for i in range(events.num_cells) if len(times := events.events(i).times_s))
    assert last < movie.timing.duration_s


def test_traces_rise_at_the_events(imaging):
    _, cells, events = imaging
    rises = [
        cells.trace(i)[event] - cells.trace(i)[event - 4]
        for i in range(cells.num_cells)
        for event in np.rint(events.events(i).times_s / 0.1).astype(int)
        if event >= 4
    ]
    assert np.nanmedian(rises) > 4


def layer_of(data):
    return ViewerModel()._add_layer_from_data(*data)[0]


def test_the_cells_lie_where_the_movie_lights_up(imaging):
    """The cell set is cropped and downsampled, so this fails where its geometry is wrong."""
    movie, cells, events = imaging
    rows, cols = movie.shape[1:]
    image, labels = layer_of(movie_layer(movie)), layer_of(cell_layers(cells)[0])
    top, left = np.rint(np.array(cells.spacing.top_left_um) / 3).astype(int)
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
        mirrored = (rows - 1 - row, cols - 1 - col)
        wrong = [(row - top, col - left), (row // 2, col // 2), (col, row), mirrored]
        elsewhere += [
            increment[r - 2 : r + 3, c - 2 : c + 3].mean()
            for r, c in wrong
            if 2 <= r < rows - 2 and 2 <= c < cols - 2
        ]
    assert len(rises) > 10
    assert np.median(rises) > 30
    assert np.mean(np.array(rises) > np.percentile(elsewhere, 90)) > 0.9
    assert abs(np.median(elsewhere)) < 10


# Box, head sensor, camera and vessels.


def test_all_files_say_that_they_belong_together(imaging, companions):
    uuids = {file.acquisition_info["Recording UUID"] for file in (*imaging, *companions)}
    assert len(uuids) == 1
    assert None not in uuids


def test_the_clock_places_them_by_the_hardware_counter(imaging, companions):
    movie, (box, _, camera, _) = imaging[0], companions
    clock = Clock([movie, box, camera])
    placed = {name: clock.placed(file) for name, file in (("m", movie), ("b", box), ("c", camera))}
    assert {p.method for p in placed.values()} == {"hardware counter"}
    assert placed["b"].offset_s == pytest.approx(0, abs=1e-6)
    assert placed["m"].offset_s == pytest.approx(BOX_LEAD_S, abs=1e-6)
    assert placed["c"].offset_s == pytest.approx(BOX_LEAD_S + CAMERA_DELAY_S, abs=1e-6)
    # By the clocks on the wall the camera would be elsewhere.
    wall_s = (camera.timing.start - movie.timing.start).total_seconds()
    assert abs(wall_s - CAMERA_DELAY_S) > 0.05


def test_the_box_saw_each_frame_of_the_movie(imaging, companions):
    movie, box = imaging[0], companions[0]
    valid = movie.timing.valid_mask
    for name in ("BNC Sync Output", "Frame Count"):
        signal = box.channel(name)
        rising = signal.offsets_us[np.diff(signal.values, prepend=0) > 0].astype(np.int64)
        counters = rising[: len(movie)] + box.first_tsc_us
        np.testing.assert_array_equal(counters[valid], movie.timestamps_us[valid])


def test_the_box_has_channels_of_all_kinds(companions):
    box = companions[0]
    assert {"BNC Trigger Input", "EX-LED", "GPIO-1", STIMULUS} <= set(box.channel_names)
    assert box.timing.sampling_rate_hz == 1000
    assert len(np.unique(box.channel("EX-LED").values)) == 3
    assert len(box.channel("GPIO-1")) > 10_000
    constant = [name for name in box.channel_names if np.ptp(box.channel(name).values) == 0]
    assert len(constant) > 5


def test_some_cells_follow_the_stimulus(imaging, companions):
    movie, cells, _ = imaging
    during = stimulus_at(companions[0], movie.timestamps_us) & movie.timing.valid_mask
    outside = ~during & movie.timing.valid_mask
    assert 100 < during.sum() < 250
    traces = cells.traces
    rises = traces[:, during].mean(axis=1) - traces[:, outside].mean(axis=1)
    others = np.delete(rises, RESPONSIVE)
    assert len(RESPONSIVE) == 8
    assert rises[list(RESPONSIVE)].min() > 2.5
    assert abs(np.median(others)) < 1
    assert rises[list(RESPONSIVE)].min() > np.percentile(others, 95)


def test_just_those_are_found_to_respond(imaging, companions):
    _, cells, _ = imaging
    box, clock = companions[0], Clock(imaging + companions)
    line = box.channel(STIMULUS)
    rising_s = line.times_s[np.diff(line.values, prepend=0) > 0]
    to_cells = clock.placed(box).offset_s - clock.placed(cells).offset_s
    found = peri_event(cells, rising_s + to_cells)
    responding = found.cell_indices[found.q < 0.05]
    assert responding.tolist() == list(RESPONSIVE)
    assert {found.modulation[i] for i in np.flatnonzero(found.q < 0.05)} == {"up"}


def test_the_camera_sees_the_lamp_when_the_box_says_it_is_on(companions):
    """Each frame's counter leads to the box's value at the time, without any other clock."""
    box, _, camera, _ = companions
    samples = np.flatnonzero(camera.timing.valid_mask)[::5]
    lit = np.array([camera[i][6:12, 157:163].mean() > 150 for i in samples])
    assert 20 < lit.sum() < len(samples) / 2
    np.testing.assert_array_equal(lit, stimulus_at(box, camera.timestamps_us[samples]))


def test_the_tracker_follows_a_dark_animal_on_a_bright_floor(companions):
    camera = companions[2]
    tracking = camera.tracking
    assert 0 < np.isnan(tracking.confidence).sum() < 30
    for i in np.flatnonzero(np.isfinite(tracking.confidence))[::50]:
        left, top, right, bottom = np.rint(tracking.boxes[i]).astype(int)
        floor = camera[i][30:210, 30:290].astype(float)
        inside = camera[i][top:bottom, left:right].astype(float)
        assert np.percentile(inside, 30) < 90
        assert inside.mean() + 30 < np.median(floor)
    steps = np.hypot(*np.diff(tracking.centers, axis=0).T) / camera.timing.period_s
    assert np.nanpercentile(steps, 90) < 2 * RUN_PX_S, "it walks and does not jump"


def test_visits_of_zones_begin_and_end(companions):
    tracking = companions[2].tracking
    assert [(zone.name, zone.shape) for zone in tracking.zones] == [
        ("left", "rectangle"),
        ("right", "ellipse"),
    ]
    for zone in tracking.zones:
        events = [v.event for v in tracking.visits if v.zone_id == zone.visit_id]
        assert events.count("entry") > 2
        follows = {"entry": {"occupied", "exit"}, "occupied": {"occupied", "exit"}}
        for before, after in pairwise(events):
            assert after in follows.get(before, {"entry"})
    [left, right] = tracking.zones
    centers = tracking.centers
    for visit in tracking.visits:
        if visit.event == "occupied":
            # The box includes the head; the animal's middle is what counts.
            x, _ = centers[visit.sample]
            assert (x < 130) if visit.zone_id == left.visit_id else (x > 190)
    assert right.axes_px[0] > 0


def test_the_camera_is_not_a_multiple_of_the_movie(companions):
    timing = companions[2].timing
    assert timing.period_s == pytest.approx(0.05003, abs=1e-9)
    assert len(timing.dropped) == 3
    gaps = np.diff(companions[2].timestamps_us[timing.valid_mask].astype(np.int64))
    assert len(np.unique(gaps)) > 100, "frames come at uneven times"


def test_the_head_shakes_when_the_animal_runs(companions):
    _, head, camera, _ = companions
    tracking = camera.tracking
    times = CAMERA_DELAY_S + camera.timing.times_s
    speed = np.hypot(*np.gradient(tracking.centers, times, axis=0).T)
    known = np.isfinite(speed)
    signal = head.channel("Acc z")
    running = np.interp(signal.times_s, times[known], speed[known])
    calm, busy = (
        np.nanstd(signal.values[which]) for which in (running < 15, running > 0.5 * RUN_PX_S)
    )
    assert busy > 3 * calm
    assert np.nanmedian(signal.values) == pytest.approx(1, abs=0.1)
    assert 0 < np.isnan(signal.values).sum() < 5
    assert len(head.channel("Mag x")) == 750


def test_the_vessels_boxes_lie_on_vessels(imaging, companions):
    movie, vessels = imaging[0], companions[3]
    image = vessels.image
    frames = movie[:].astype(np.float64)[movie.timing.valid_mask]
    np.testing.assert_allclose(image, frames.mean(axis=0), rtol=1e-5)
    for i in range(vessels.num_vessels):
        corners = vessels.line(i).astype(float)
        assert (corners >= 0).all()
        assert (corners < np.array(image.shape)[::-1]).all()
        middle = profile(image[None], corners, 0.0)
        edges = [profile(image[None], corners, side) for side in (-1.3, 1.3)]
        assert middle.mean() < 0.85 * min(edge.mean() for edge in edges)


def profile(frames, corners, side: float):
    """``(frames, 40)``: pixels along a box, in its middle (0) or on one of its sides (-1, 1)."""
    start, end = corners[[0, 3]].mean(axis=0), corners[[1, 2]].mean(axis=0)
    start, end = start + side * (corners[3] - start), end + side * (corners[2] - end)
    x, y = np.rint(np.linspace(start, end, 40)).astype(int).T
    return frames[:, y, x]


def test_the_blood_flows_as_fast_as_the_vessel_set_says(imaging, companions):
    movie, vessels = imaging[0], companions[3]
    frames = movie[:180].astype(np.float64)
    for i in range(2):  # the third is too thin to be told from noise
        corners = vessels.line(i).astype(float)
        length = np.hypot(*(corners[1] - corners[0]))
        lines = profile(frames, corners, 0.0)
        lines -= lines.mean(axis=0)
        lines -= lines.mean(axis=1, keepdims=True)
        lags = np.arange(-14, 15)
        matches = []
        for lag in lags:
            later = lines[1:, max(lag, 0) : 40 + min(lag, 0)]
            earlier = lines[:-1, max(-lag, 0) : 40 - max(lag, 0)]
            matches.append(np.mean(later * earlier))
        moved_px = lags[np.argmax(matches)] * length / 39
        direction = np.radians(vessels.direction_trace(i)[:34].mean())
        expected = vessels.trace(i)[:34].mean() * 0.1 / 3 * np.sign(np.cos(direction))
        assert moved_px == pytest.approx(expected, abs=1.6)


def test_correlation_maps_peak_where_the_velocity_says(companions):
    vessels = companions[3]
    for i in range(vessels.num_vessels):
        speed, angle = vessels.trace(i), np.radians(vessels.direction_trace(i))
        for t in (0, 50, 118):
            maps = vessels.correlations(i, t)
            assert maps.shape == (3, 17, 33)
            for lag, picture in zip((-1, 0, 1), maps, strict=True):
                row, col = np.unravel_index(picture.argmax(), picture.shape)
                moved = lag * speed[t] * 0.1 / 3
                assert row - 8 == pytest.approx(moved * np.sin(angle[t]), abs=1.6)
                assert col - 16 == pytest.approx(moved * np.cos(angle[t]), abs=1.6)


def test_it_takes_little_room(folder):
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert set(sizes) == set(ALL_FILES)
    assert sum(sizes.values()) < 100e6
    assert sizes[COMPANION_FILES[2]] < 4e6


def test_it_is_the_same_every_time(folder, tmp_path):
    write_sample(tmp_path / "again")
    for name in ALL_FILES:
        first, second = ((path / name).read_bytes() for path in (folder, tmp_path / "again"))
        assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest(), name
    shutil.rmtree(tmp_path / "again")


# Where they are kept.


def test_it_is_kept_in_the_users_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "napari-isx" in sample_folder().parts
    assert sample_folder() != sample_folder("series")
    if sys.platform == "linux":
        assert tmp_path in sample_folder().parents
        assert not sample_folder().exists(), "asking for the folder does not make it"


@pytest.fixture
def copying(folder, monkeypatch):
    """Count how often the sample is simulated; link to it instead."""
    calls = []

    def copy(target):
        calls.append(target)
        target.mkdir(parents=True, exist_ok=True)
        for name in ALL_FILES:
            os.link(folder / name, target / name)

    monkeypatch.setattr(sample_data, "write_sample", copy)
    return calls


def test_it_is_written_once_and_beside_its_place(cache, copying):
    assert [kind for _, _, kind in make_sample_recording()][:4] == [
        "image",
        "labels",
        "shapes",
        "points",
    ]
    before = state(sample_folder())
    assert set(before) == set(ALL_FILES)
    make_sample_recording()
    assert len(copying) == 1
    assert copying[0] != sample_folder()
    assert state(sample_folder()) == before
    assert cache in sample_folder().parents
    assert list(sample_folder().parent.iterdir()) == [sample_folder()], "nothing else is left"


@pytest.mark.parametrize("missing", ALL_FILES)
def test_a_file_that_was_deleted_comes_back_and_the_others_stay(cache, copying, missing):
    sample_data.ensure(sample_folder(), ALL_FILES, sample_data.write_sample)
    before = state(sample_folder())
    (sample_folder() / missing).unlink()
    sample_data.ensure(sample_folder(), ALL_FILES, sample_data.write_sample)
    assert len(copying) == 2
    assert state(sample_folder()) == before


@pytest.mark.parametrize("after", ["sample-recording-CNMFE.isxd", "sample-recording.isxd"])
def test_an_interrupted_simulation_leaves_nothing(cache, monkeypatch, after):
    """Wherever it is cut off, also after some files are whole."""
    made = []

    def stop(*args, **kwargs):
        made.append(sorted(path.name for path in sample_folder().parent.glob("*/*.isxd")))
        raise KeyboardInterrupt

    name = "write_events" if after == "sample-recording-CNMFE.isxd" else "write_vessels"
    monkeypatch.setattr(recording, name, stop)
    with pytest.raises(KeyboardInterrupt):
        make_sample_recording()
    assert after in made[0]
    assert list(sample_folder().parent.iterdir()) == []


def test_what_a_killed_run_left_is_cleared_later(cache, copying):
    parent = sample_folder().parent
    old, young = (parent / f".{sample_folder().name}-making-{age}" for age in ("old", "young"))
    for left in (old, young):
        left.mkdir(parents=True)
        (left / FILES[0]).write_bytes(b"half")
    hours_ago = time.time() - 2 * 3600
    os.utime(old, (hours_ago, hours_ago))
    sample_data.ensure(sample_folder(), ALL_FILES, sample_data.write_sample)
    assert not old.exists()
    assert young.exists(), "another napari may be making it"
    assert set(state(sample_folder())) == set(ALL_FILES)


def test_two_at_a_time_do_not_get_in_each_others_way(cache, copying, monkeypatch):
    write = sample_data.write_sample

    def overtaken(target):
        write(target)
        if len(copying) == 1:
            sample_data.ensure(sample_folder(), ALL_FILES, overtaken)

    sample_data.ensure(sample_folder(), ALL_FILES, overtaken)
    assert len(copying) == 2
    assert set(state(sample_folder())) == set(ALL_FILES)
    assert list(sample_folder().parent.iterdir()) == [sample_folder()]


def test_an_unwritable_cache_is_an_error(cache):
    cache.mkdir()
    (cache / "napari-isx").write_bytes(b"a file where the folder should be")
    with pytest.raises(OSError, match="napari-isx"):
        make_sample_recording()


# In napari.


def test_napari_opens_it_from_its_menu(discovered, cache, copying):
    viewer = ViewerModel()
    viewer.open_sample("napari-isx", "recording")
    assert [type(layer) for layer in viewer.layers][:4] == [Image, Labels, Shapes, Points]
    assert viewer.layers[0].contrast_limits[1] > viewer.layers[0].contrast_limits[0] + 100
    shown = {recording_of(layer).path.name for layer in viewer.layers}
    assert shown == set(ALL_FILES)
    viewer.layers.clear()


def test_the_vessels_picture_does_not_hide_movie_and_cells(cache, copying):
    hidden = [
        kwargs["metadata"][RECORDING_KEY].path.name
        for _, kwargs, kind in make_sample_recording()
        if kind == "image" and not kwargs.get("visible", True)
    ]
    assert hidden == [COMPANION_FILES[3]]


def test_the_series_is_one_layer_of_each_kind(cache):
    layers = make_sample_series()
    assert [kind for _, _, kind in layers] == ["image", "labels", "shapes", "points"]
    movie, cells, _, events = (kwargs["metadata"][RECORDING_KEY] for _, kwargs, _ in layers)
    assert movie.shape == (450, 136, 184)
    for one in (movie, cells, events):
        assert one.timing.num_samples == 450
    assert movie.timing.gaps == cells.timing.gaps == ((200, 249),)
    assert np.isnan(cells.trace(0)[200:250]).all()
    assert np.isfinite(cells.trace(0)[250:]).all()
    times = np.concatenate([events.events(i).times_s for i in range(events.num_cells)])
    assert (times < 20).any()
    assert (times >= 25).any()
    assert not ((times >= 20) & (times < 25)).any()
    for one in (movie, cells, events):
        one.close()


def test_traces_of_the_series_rise_at_its_events(series_folder, opened):
    for part in (0, 1):
        cells, events = (opened(series_folder / name) for name in SERIES_FILES[part + 2 :: 2])
        rises = [
            cells.trace(i)[event] - cells.trace(i)[event - 4]
            for i in range(cells.num_cells)
            for event in np.rint(events.events(i).times_s / 0.1).astype(int)
            if event >= 4
        ]
        assert len(rises) > 10
        assert np.median(rises) > 4


def test_nothing_is_simulated_again(cache, folder, monkeypatch):
    """Nor is any other work done: what is there is opened."""
    monkeypatch.setattr(recording, "simulate_neurons", None)
    shutil.copytree(folder, sample_folder(), copy_function=os.link)
    before = state(sample_folder())
    assert len(make_sample_recording()) > len(ALL_FILES)
    assert state(sample_folder()) == before


def test_parts_open_alone_too(series_folder):
    with open_isx(series_folder / SERIES_FILES[1]) as movie:
        assert len(movie) == 200


def test_few_calls_to_the_disk_make_its_folder_a_picture(folder, monkeypatch):
    from napari.components import ViewerModel

    viewer = ViewerModel()
    with slow_disk(folder, monkeypatch, delay_s=0) as disk:
        for data in read(str(folder)):
            viewer._add_layer_from_data(*data)
    assert len(viewer.layers) > 8
    assert disk.count < 200
    assert disk.calls["open"] == len(ALL_FILES) + 1, "each file once, and a journal looked for"
    viewer.layers.clear()
