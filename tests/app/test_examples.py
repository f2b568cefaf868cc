"""The script in `examples/` that opens a window."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from napari_isx import open_isx
from napari_isx.sample_data import FILES, write_sample

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_files_open_in_napari_at_the_first_event(tmp_path, viewer, monkeypatch):
    write_sample(tmp_path)
    monkeypatch.setattr("napari.Viewer", lambda: viewer)
    monkeypatch.setattr("napari.run", lambda: None)
    script = EXAMPLES / "open_in_napari.py"
    monkeypatch.setattr(sys, "argv", [script.name, *(str(tmp_path / name) for name in FILES)])
    runpy.run_path(str(EXAMPLES / "open_in_napari.py"), run_name="__main__")
    assert [type(layer).__name__ for layer in viewer.layers] == [
        *("Image", "Labels", "Shapes", "Points"),
    ]
    with open_isx(tmp_path / FILES[2]) as events:
        first_s = min(events.events(i).times_s[0] for i in range(events.num_cells))
    assert abs(viewer.dims.point[0] - first_s) < 0.1
