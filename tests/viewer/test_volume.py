"""3D, which reads a whole movie, is for small ones."""

import numpy as np
from helpers.scenes import make_movie
from napari.utils.notifications import notification_manager

from napari_isx.io.movies.isxd import IsxdMovie
from napari_isx.viewer import volume


def test_a_large_movie_stays_in_2d_and_is_not_read(stage, tmp_path, monkeypatch):
    stage.open(make_movie(tmp_path / "m.isxd"))
    monkeypatch.setattr(volume, "MOST_BYTES", 1000)
    read = []
    monkeypatch.setattr(IsxdMovie, "_read_into", lambda *args: read.append(args))
    said = len(notification_manager.records)
    stage.viewer.dims.ndisplay = 3
    assert stage.viewer.dims.ndisplay == 2
    assert len(read) <= 1, "no more than the frame that is shown anyway"
    (record,) = notification_manager.records[said:]
    assert "into memory" in record.message


def test_small_and_hidden_movies_and_other_layers_may_be_seen_in_3d(stage, tmp_path, monkeypatch):
    stage.open(make_movie(tmp_path / "m.isxd"))
    stage.viewer.dims.ndisplay = 3
    assert stage.viewer.dims.ndisplay == 3
    stage.viewer.dims.ndisplay = 2
    monkeypatch.setattr(volume, "MOST_BYTES", 1000)
    stage.layer("m").visible = False
    stage.viewer.add_image(np.zeros((20, 30, 40)))
    stage.viewer.dims.ndisplay = 3
    assert stage.viewer.dims.ndisplay == 3
