"""What the tests of behavior movies share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.behavior_files import isxb


@pytest.fixture
def plain_isxb(tmp_path: Path) -> Path:
    """A behavior movie of which nothing is special."""
    return isxb(tmp_path / "movie.isxb")


@pytest.fixture
def pyav() -> Any:
    """PyAV, with which `isx` reads behavior movies, where it is installed."""
    return pytest.importorskip("av")
