"""Measuring one group of benchmarks."""

from __future__ import annotations

from importlib import import_module

import numpy as np

from benchmarks.files import Files
from benchmarks.measure import Row


def measure(group: str, files: Files) -> list[Row]:
    """The rows of a group."""
    # Freeing one big array makes the C library keep memory for the next, as in any session that
    # has gone on for a while. Before that, clearing fresh memory is most of what is measured.
    np.ones(3_900_000)
    return list(import_module(f"benchmarks.{group}").rows(files))
