"""What all tests share: no test may leave a recording open, and random ones repeat in CI."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, settings

from napari_isx import open_isx
from napari_isx.io.base.recording import Recording
from napari_isx.session.decisions import journal_file

settings.register_profile(
    "default",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("default")

# Where no Qt is installed these are not collected: pytest -p no:pytest-qt
NEED_QT = ["app", "docks", "viewer", "test_manifest.py", "test_review_docs.py"]
if not any(find_spec(binding) for binding in ("PyQt6", "PySide6")):
    collect_ignore = NEED_QT

REAL_DATA = Path(
    os.environ.get("ISX_REAL_DATA") or Path(__file__).parents[1] / ".." / "shared" / "data"
)


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Know the size of the virtual screen also where nothing makes one, as on Windows and macOS."""
    if not pluginmanager.has_plugin("xvfb"):
        for name in ("xvfb_width", "xvfb_height", "xvfb_colordepth"):
            parser.addini(name, "of the virtual screen, which pytest-xvfb makes on Linux")


_crashed: set[str] = set()


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(crashitem: str, report: Any, sched: Any) -> None:
    """Try once more where a test took the process down; one that does so twice fails.

    `isx`, which tests of files ask, does so now and then, and so does Mesa, which draws windows
    in software: it can crash as napari paints the empty canvas, before a layer is in it.
    """
    places = ("tests/io/", "tests/docks/", "tests/app/", "tests/viewer/")
    if crashitem.startswith(places) and crashitem not in _crashed:
        _crashed.add(crashitem)
        sched.mark_test_pending(crashitem)
        report.outcome = "rerun"


@pytest.fixture(autouse=True)
def _own_user_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any) -> None:
    """Keep journals and settings of the tests away from those of whoever runs them."""
    monkeypatch.setenv("NAPARI_ISX_DATA", str(tmp_path_factory.mktemp("user")))


@pytest.fixture(autouse=True)
def _patient(monkeypatch: Any) -> None:
    """Let a decision wait for the disk, however busy the machine is; slow disks have a file."""
    monkeypatch.setattr(journal_file, "PATIENCE_S", 60.0)


@pytest.fixture(autouse=True)
def _no_recording_left_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a handle or a mapping on a recording."""
    before = _open_recordings()
    yield
    left = _open_recordings() - before
    if not left:
        return
    # pytest itself keeps what a test was handed, a closed viewer for one, until after this.
    request.node.funcargs.clear()
    for pause_s in (0, 0, 0.1, 0.5, 1, 3):  # the threads of a cluster let go a moment later
        time.sleep(pause_s)
        gc.collect()
        left = _open_recordings() - before
        if not left:
            return
    pytest.fail(f"left open: {sorted(left)}")


@pytest.fixture(scope="session")
def isx():
    """Inscopix' own package, where it is installed."""
    return pytest.importorskip("isx")


@pytest.fixture
def real_data() -> Path:
    """The folder of real recordings."""
    if not REAL_DATA.is_dir():
        pytest.skip("real recordings are not part of the project, and are not here")
    return REAL_DATA.resolve()


@pytest.fixture
def link() -> Callable[[Path, Path], Path]:
    """Make a symbolic link, or skip the test where the user may not: mostly on Windows."""

    def make(at: Path, to: Path) -> Path:
        try:
            at.symlink_to(to)
        except (OSError, NotImplementedError):
            pytest.skip("this user may not make links")
        return at

    return make


@pytest.fixture
def opened() -> Iterator[Callable[[Path], Recording]]:
    """Open files that are closed after the test."""
    with ExitStack() as stack:
        yield lambda path: stack.enter_context(open_isx(path))


@pytest.fixture
def discovered() -> None:
    """Let npe2 know the installed plugins, as a window of napari does when it starts."""
    from npe2 import PluginManager

    PluginManager.instance().discover()


def _open_recordings() -> set[str]:
    if sys.platform == "linux":
        names = set()
        for entry in os.listdir("/proc/self/fd"):
            try:
                names.add(os.readlink(f"/proc/self/fd/{entry}"))
            except FileNotFoundError:  # the listing's own handle
                continue
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
        names.update(line.split(maxsplit=5)[-1] for line in maps.splitlines())
    else:
        names = {file.path for file in psutil.Process().open_files()}
    return {name for name in names if name.removesuffix(" (deleted)").endswith(_SUFFIXES)}


_SUFFIXES = (
    *(".isxd", ".isxb", ".isxc", ".gpio", ".imu", ".tif", ".hdf5", ".h5", ".xml"),
    *(".statuses-journal", ".part"),
)
