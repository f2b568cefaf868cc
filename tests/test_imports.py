"""Importing is cheap: nothing heavy until it is needed. Each case is a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

GUI = {"napari", "qtpy", "PyQt5", "PyQt6", "PySide6", "magicgui", "vispy", "pyqtgraph"}
HEAVY = GUI | {"dask", "distributed", "pandas", "skimage", "scipy", "isx", "xarray", "PIL", "av"}


def loaded_after(code: str) -> set[str]:
    """The top-level modules that are loaded once the code has run."""
    report = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(result.stdout.split())


def test_importing_the_package_imports_nothing_heavy():
    assert not loaded_after("import napari_isx") & (HEAVY | {"numpy"})


def test_the_names_of_the_package_are_all_there():
    code = "import napari_isx as n; [getattr(n, name) for name in n.__all__]; n.__version__"
    loaded_after(code)
    with pytest.raises(subprocess.CalledProcessError):
        loaded_after("import napari_isx; napari_isx.missing")


IO = ["open", "movies.write", "movies.isxd", "cells.isxd", "events.isxd", "base.frames"]


@pytest.mark.parametrize("module", IO)
def test_reading_and_writing_need_numpy_alone(module):
    loaded = loaded_after(f"import napari_isx.io.{module}")
    assert "numpy" in loaded
    assert not loaded & HEAVY


def test_opening_and_reading_need_numpy_alone(tmp_path):
    code = f"""
import numpy as np, napari_isx as n
path = {str(tmp_path / "m.isxd")!r}
n.write_movie(path, np.ones((3, 4, 5), "u2"))
with n.open_isx(path) as movie:
    assert movie[:].all() and movie.timing.valid_mask.all()
"""
    assert not loaded_after(code) & HEAVY


def test_the_package_knows_its_version():
    from importlib.metadata import version

    import napari_isx

    assert napari_isx.__version__ == version("napari-isx")
    assert set(dir(napari_isx)) >= {"open_isx", "Movie", "__version__"}
