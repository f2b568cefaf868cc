"""Real recordings: what is known of them beyond what `isx` reads, and saving in a copy."""

from __future__ import annotations

import hashlib
import shutil

import numpy as np
import pytest

from napari_isx import CellSet, EventSet, Movie, open_isx

pytestmark = pytest.mark.real


def test_a_processed_movie(isx, real_data):
    path = real_data / "movie_128x128x34_part3.isxd"
    theirs = isx.Movie.read(str(path))
    with open_isx(path) as movie:
        assert isinstance(movie, Movie)
        assert (movie.shape, movie.dtype) == ((34, 128, 128), np.float32)
        assert movie.timing.sampling_rate_hz == 10
        assert movie.spacing.pixel_size_um == (3, 3)
        for i in range(34):
            assert movie[i].tobytes() == theirs.get_frame_data(i).tobytes()
        np.testing.assert_array_equal(movie.to_dask(10).compute(), movie[:])
    del theirs


def test_a_cell_set_with_all_statuses(isx, real_data):
    path = real_data / "cellset_20cells_mixed_status.isxd"
    theirs = isx.CellSet.read(str(path))
    with open_isx(path) as cells:
        assert isinstance(cells, CellSet)
        assert cells.footprints.shape == (20, 52, 50)
        assert cells.traces.shape == (20, 2047)
        assert cells.spacing.pixel_size_um == (17.6, 17.6)
        assert cells.spacing.top_left_um == (633.6, 906.4)
        assert cells.trace_units == "dF over F"
        assert [cells.statuses.count(s) for s in ("accepted", "undecided", "rejected")] == [9, 6, 5]
        assert cells.metrics.shape == (20, 9)
        assert cells.metrics.loc[0].tolist()[:6] == [1, 31, 11, 31, 11, 0.5]
        for i in range(20):
            assert cells.statuses[i] == theirs.get_cell_status(i)
            assert cells.footprints[i].tobytes() == theirs.get_cell_image_data(i).tobytes()
            assert cells.traces[i].tobytes() == theirs.get_cell_trace_data(i).tobytes()
        assert cells.acquisition_info == theirs.get_acquisition_info()
    del theirs


def test_metrics_that_are_undefined_are_nan(real_data):
    with open_isx(real_data / "cellset_6cells_part1.isxd") as cells:
        assert np.isnan(cells.metrics["center_x_px"].iloc[0])
        assert cells.metrics["num_components"].tolist() == [1] * 6


def test_an_event_set(isx, real_data):
    path = real_data / "eventset_5cells.isxd"
    theirs = isx.EventSet.read(str(path))
    with open_isx(path) as events:
        assert isinstance(events, EventSet)
        assert events.timing.num_samples == 12_075 == theirs.timing.num_samples
        assert events.metrics is None
        stored = events.metadata["numSamples"]
        assert [len(events.events(i)) for i in range(5)] == stored
        for i in range(5):
            offsets, values = theirs.get_cell_data(i)
            ours = events.events(i)
            np.testing.assert_array_equal((ours.offsets_us / 1e6 * 1e6).astype("u8"), offsets)
            assert ours.values.tobytes() == values.tobytes()
    del theirs


def test_statuses_are_saved_into_a_copy(isx, real_data, tmp_path):
    original = real_data / "cellset_20cells_mixed_status.isxd"
    path = shutil.copyfile(original, tmp_path / "copy.isxd")
    payload_bytes = 20 * 4 * (52 * 50 + 2047)
    before = hashlib.sha256(path.read_bytes()[:payload_bytes]).digest()
    with open_isx(path) as cells:
        cells.save_statuses(cells.statuses[::-1])
        expected = cells.statuses
    after = path.read_bytes()
    assert hashlib.sha256(after[:payload_bytes]).digest() == before
    assert len(after) == original.stat().st_size
    theirs = isx.CellSet.read(str(path))
    assert [theirs.get_cell_status(i) for i in range(20)] == expected
    del theirs
