"""The calls of extractors like those of `roiextractors` map onto this package one to one."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import recordings

from napari_isx import open_isx


class InscopixImaging:
    """An imaging extractor as other packages define it, each method one expression."""

    def __init__(self, file_path):
        self._movie = open_isx(file_path)

    def get_image_shape(self):
        return self._movie.shape[1:]

    def get_num_samples(self):
        return len(self._movie)

    def get_sampling_frequency(self):
        return self._movie.timing.sampling_rate_hz

    def get_series(self, start_sample=None, end_sample=None):
        return self._movie[start_sample:end_sample]

    def get_dtype(self):
        return self._movie.dtype

    def get_native_timestamps(self, start_sample=None, end_sample=None):
        timestamps = self._movie.timestamps_us
        return None if timestamps is None else timestamps[start_sample:end_sample] / 1e6


class InscopixSegmentation:
    """A segmentation extractor likewise."""

    def __init__(self, file_path):
        self._cells = open_isx(file_path)

    def get_num_rois(self):
        return self._cells.num_cells

    def get_roi_ids(self):
        return self._cells.names

    def get_accepted_list(self):
        cells = self._cells
        return [n for n, s in zip(cells.names, cells.statuses, strict=True) if s == "accepted"]

    def get_rejected_list(self):
        cells = self._cells
        return [n for n, s in zip(cells.names, cells.statuses, strict=True) if s == "rejected"]

    def get_image_shape(self):
        return self._cells.spacing.num_pixels

    def get_num_samples(self):
        return self._cells.timing.num_samples

    def get_sampling_frequency(self):
        return self._cells.timing.sampling_rate_hz

    def get_roi_image_masks(self):
        return np.moveaxis(self._cells.footprints, 0, -1)

    def get_traces(self, start_frame=None, end_frame=None):
        return self._cells.traces[:, start_frame:end_frame].T


def test_an_imaging_extractor(tmp_path):
    frames = recordings.pixels(10, 3, 5)
    counters = [1000 + 50_010 * i for i in range(10)]
    path = recordings.write_raw_movie(tmp_path / "m.isxd", frames, counters)
    extractor = InscopixImaging(path)
    assert extractor.get_image_shape() == (3, 5)
    assert extractor.get_num_samples() == 10
    assert extractor.get_sampling_frequency() == pytest.approx(1e6 / 50_010, rel=1e-15)
    assert extractor.get_dtype() == np.uint16
    np.testing.assert_array_equal(extractor.get_series(2, 5), frames[2:5])
    np.testing.assert_array_equal(extractor.get_series(), frames)
    np.testing.assert_allclose(extractor.get_native_timestamps(1, 3), [0.05101, 0.10102])


def test_an_imaging_extractor_without_timestamps(tmp_path):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(4, 3, 5))
    extractor = InscopixImaging(path)
    assert extractor.get_native_timestamps() is None
    assert extractor.get_sampling_frequency() == 20.0


def test_a_segmentation_extractor(tmp_path):
    footprints, traces = recordings.cell_arrays(5, 3, 7, 11)
    extractor = InscopixSegmentation(recordings.write_cells(tmp_path / "c.isxd"))
    assert extractor.get_num_rois() == 5
    assert extractor.get_roi_ids() == recordings.UNICODE_NAMES[:5]
    assert extractor.get_accepted_list() == ["C0", "ячейка"]
    assert extractor.get_rejected_list() == ["細胞 2"]
    assert extractor.get_image_shape() == (3, 7)
    assert extractor.get_num_samples() == 11
    assert extractor.get_sampling_frequency() == 20.0
    np.testing.assert_array_equal(extractor.get_roi_image_masks()[..., 2], footprints[2])
    np.testing.assert_array_equal(extractor.get_traces(3, 6), traces[:, 3:6].T)
