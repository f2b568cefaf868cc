"""Tidy tables for pandas and R: one row an observation, in true times."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_isx.analysis.cell_metrics.compute import compute_metrics
from napari_isx.export.cells_csv import statuses_of
from napari_isx.export.common import Progress, check_target, needed
from napari_isx.io.base.labelled_set import CellStatus
from napari_isx.io.base.recording import Recording
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.format.atomic_write import new_file
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.movies.base import Movie
from napari_isx.timeline.clock import Clock
