"""The suite starts without pytest-xvfb, which is for Linux alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_where_nothing_makes_a_virtual_screen_its_size_is_no_unknown_setting():
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:xvfb", "-p", "no:cacheprovider"),
            *("--collect-only", "--quiet", str(ROOT / "tests" / "test_imports.py")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "test_imports.py::" in ran.stdout
