"""The benchmarks run; what they measure is no test's business."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import cells_and_events, other_kinds, reading, responses, review, tables_out, why
from benchmarks.files import QUICK, Files
from benchmarks.measure import Row, table

TINY = replace(
    QUICK,
    rounds=1,
    few_rounds=1,
    steps=2,
    field=(20, 30),
    frames=7,
    long_frames=500,
    cells=5,
    samples=50,
    many_cells=6,
    reviewed_cells=(7,),
    packets=400,
    camera=(48, 64),
    pictures=3,
)


@pytest.mark.parametrize("group", [reading, cells_and_events, other_kinds, review, responses, why])
def test_each_group_measures_something_of_every_line(group, tmp_path):
    rows = list(group.rows(Files(tmp_path, TINY)))
    assert rows
    assert all(row.ours > 0 and row.verdict for row in rows)
    assert len(table(rows).splitlines()) > len(rows)


def test_tables_are_measured_and_their_memory(tmp_path):
    pytest.importorskip("polars")
    memory, *rows = tables_out.rows(Files(tmp_path, TINY))
    assert memory.unit == "MB"
    assert len(rows) == 3
    assert all(row.ours > 0 for row in rows)


def test_a_row_says_which_target_is_missed():
    row = Row("work", ours=2.0, isx=6.0, floor=1.0, most_isx=1 / 4, most_floor=3)
    assert row.verdict == "MISSED (isx)"
    assert row.target == "4x faster than isx, at most 3x floor"
    assert row.cells[4:6] == ["3x faster", "2.00x"]


def test_without_isx_its_targets_are_not_judged():
    assert Row("work", 1.0, None, 1.0, most_isx=1 / 4, most_floor=1.3).verdict == "met, but no isx"
    assert Row("work", 1.0, None, most_isx=1 / 4).verdict == "no isx"
    assert Row("work", 1.0).verdict == "-"
