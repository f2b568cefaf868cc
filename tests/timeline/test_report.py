"""What the dock says of how well files line up."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from helpers import gpio_files, recordings
from helpers.clock_files import stamped_behavior, stamped_movie
from helpers.scenes import START, make_cells, make_movie

from napari_isx import Timing
from napari_isx.timeline.clock import Clock
from napari_isx.timeline.report import clock_words


def test_a_gpio_file_that_does_not_tell_its_clock_is_told_of(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd"))
    path = gpio_files.write(
        tmp_path / "rec.gpio", gpio_files.random_stream(3, 50), {}, start=(1_600_000_000, 1)
    )
    whole = clock_words(Clock([movie, opened(path)]))
    assert "clock" not in whole.text
    path.write_bytes(path.read_bytes()[: -len(b"{}")])
    cut = clock_words(Clock([movie, opened(path)]))
    assert cut.text == f"⚠ 1 file with an unknown clock · {whole.text}"
    assert cut.is_serious
    first, rest = cut.details.split("\n\n", 1)
    assert first.startswith("rec.gpio: its end is missing")
    assert first.endswith("so its clock is taken to run at 1000 Hz; times may be off")
    assert rest == whole.details


def cells(path, later=timedelta(0), animal=None, **kwargs):
    kwargs.setdefault("timing", Timing.regular(20, 0.1, START + later))
    extra = {"animal": {"id": animal}} if animal else None
    return make_cells(path, extra_properties=extra, **kwargs)


def test_other_days_and_animals_on_top_of_each_other_are_a_warning(tmp_path, opened):
    first = opened(cells(tmp_path / "a.isxd", animal="M1"))
    later = opened(cells(tmp_path / "b.isxd", timedelta(days=3), "M2"))
    last = opened(cells(tmp_path / "c.isxd", timedelta(days=9), "M2"))
    words = clock_words(Clock([first, later]))
    what = "2 animals (M1, M2), 3 days apart"
    assert words.text == f"⚠ {what}, on top of each other · by start times"
    assert words.is_serious
    assert (words.sittings, words.arrangement, words.cuts) == (what, "together", ())
    clock = Clock([first, later], "in turn")
    words = clock_words(clock)
    assert words.text == f"{what}, one after the other · by start times"
    assert not words.is_serious
    assert (words.sittings, words.arrangement, words.cuts) == (what, "in turn", clock.cuts)
    assert clock_words(Clock([first, later, last])).sittings.endswith("up to 9 days apart")
    assert clock_words(Clock([later, last])).text.startswith("⚠ 6 days apart, on top")


def test_two_animals_at_once_are_a_warning_without_a_choice(tmp_path, opened):
    both = [opened(cells(tmp_path / f"{name}.isxd", animal=name)) for name in ("M1", "M2")]
    for arrangement in ("together", "in turn"):
        words = clock_words(Clock(both, arrangement))
        assert words.text.startswith("⚠ 2 animals (M1, M2), on top of each other")
        assert words.is_serious
        assert not words.sittings


def test_what_was_not_measured_is_not_called_aligned(tmp_path, opened):
    """A cell set has its movie's timestamps, which say nothing of a second clock."""
    movie = opened(stamped_movie(tmp_path / "m.isxd", np.arange(100) * 0.05))
    extra = {"processingInterface": {"recordingUUID": "3f2a"}}
    timing = Timing.regular(100, 0.05, START)
    made = opened(make_cells(tmp_path / "c.isxd", timing=timing, extra_properties=extra))
    assert clock_words(Clock([movie, made])).text.startswith("frames on time to ")
    camera = opened(stamped_behavior(tmp_path / "b.isxb", np.arange(150) / 30))
    assert clock_words(Clock([movie, made, camera])).text.startswith("aligned to ")
    other = opened(cells(tmp_path / "d.isxd", timedelta(days=3)))
    assert "aligned" not in clock_words(Clock([movie, other])).text


def test_an_unknown_start_is_told_of(tmp_path, opened):
    path = cells(tmp_path / "a.isxd", timing=Timing(20, start_s=None))
    lost = opened(recordings.edit(path, timingInfo=Timing(20).to_json() | {"start": None}))
    assert clock_words(Clock([lost])).text == "start time unknown"
    known = opened(cells(tmp_path / "b.isxd"))
    words = clock_words(Clock([lost, known]))
    assert words.text == "⚠ 1 file without start time, from 0 s"
    assert words.is_serious
    assert clock_words(Clock([known])).text == ""
