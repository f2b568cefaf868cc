"""Where recordings are in session time, and how well they fit."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from helpers.clock_files import stamped_behavior, stamped_gpio, stamped_movie
from helpers.scenes import START, make_cells, make_events, make_movie

from napari_isx import Timing
from napari_isx.timeline import hardware_time as hardware_module
from napari_isx.timeline.clock import Clock
from napari_isx.timeline.misalignment import worst_misalignment

EVEN = np.arange(100) * 0.05


@pytest.fixture
def movie(tmp_path, opened):
    return opened(stamped_movie(tmp_path / "m.isxd", 2.0 + EVEN))


def test_an_empty_clock_has_no_time():
    assert Clock().span_s == (0.0, 0.0)
    assert worst_misalignment(Clock().all_placed) is None


def test_second_0_is_the_start_of_the_earliest(tmp_path, opened):
    early = opened(make_movie(tmp_path / "a.isxd"))
    timing = Timing.regular(20, 0.1, START + timedelta(seconds=7.25))
    late = opened(make_cells(tmp_path / "b.isxd", timing=timing))
    for order in ([early, late], [late, early]):
        clock = Clock(order)
        assert clock.placed(early).offset_s == 0
        assert clock.placed(late).offset_s == 7.25
        assert clock.placed(late).method == "start time"
        assert clock.span_s == (0, pytest.approx(9.25))
    assert Clock([late]).placed(late).offset_s == 0


@pytest.mark.parametrize("wrong_s", [-3.0, 0.012, 4000.0])
def test_the_hardware_counter_counts_more_than_start_times(tmp_path, opened, movie, wrong_s):
    taken = 2.7 + np.arange(150) / 30
    camera = opened(stamped_behavior(tmp_path / "b.isxb", taken, start_s=2.7 + wrong_s))
    box = opened(
        stamped_gpio(tmp_path / "g.gpio", np.array([0.5, 3.0]), start_s=0.5 + wrong_s, first_s=0)
    )
    clock = Clock([camera, box, movie])
    assert clock.placed(box).offset_s == 0
    assert clock.placed(movie).offset_s == pytest.approx(1.5, abs=1e-9)
    assert clock.placed(camera).offset_s == pytest.approx(2.2, abs=1e-9)
    assert {placed.method for placed in clock.all_placed} == {"hardware counter"}
    assert "its start time is off by" in clock.placed(box).reason
    assert "off" not in clock.placed(movie).reason
    assert worst_misalignment(clock.all_placed).seconds < 1e-3


def test_a_shared_counter_is_recognised_without_a_uuid(tmp_path, opened, movie):
    near = opened(stamped_behavior(tmp_path / "n.isxb", 2 + EVEN, start_s=2.4, uuid=None))
    far = opened(stamped_behavior(tmp_path / "f.isxb", 2 + EVEN, start_s=4.0, uuid=None))
    clock = Clock([movie, near, far])
    assert (clock.placed(near).method, clock.placed(near).offset_s) == ("hardware counter", 0)
    assert (clock.placed(far).method, clock.placed(far).offset_s) == ("start time", 2)


def test_another_recordings_counter_is_not_shared(tmp_path, opened, movie):
    other = opened(stamped_behavior(tmp_path / "b.isxb", 2 + EVEN, start_s=2.4, uuid="other"))
    placed = Clock([movie, other]).placed(other)
    assert (placed.method, placed.offset_s) == ("start time", pytest.approx(0.4))


def test_a_counter_that_started_anew_between_two_movies_is_not_shared(tmp_path, opened, movie):
    second = opened(stamped_movie(tmp_path / "m2.isxd", 1 + EVEN, start_s=302.0))
    assert Clock([movie, second]).placed(second).offset_s == 300


@pytest.mark.parametrize("year", [1970, 1999])
def test_what_has_no_start_is_at_0(tmp_path, opened, movie, year):
    timing = Timing.regular(20, 0.1, START.replace(year=year, month=3))
    cells = opened(make_cells(tmp_path / "c.isxd", timing=timing))
    placed = Clock([movie, cells]).placed(cells)
    assert (placed.method, placed.offset_s) == ("assumed", 0)
    assert "does not say when it started" in placed.reason


def test_a_recording_of_another_day_starts_at_0_too_with_what_belongs_to_it(
    tmp_path, opened, movie
):
    later = START + timedelta(days=3)
    cells = opened(make_cells(tmp_path / "c.isxd", timing=Timing.regular(20, 0.1, later)))
    timing = Timing.regular(20, 0.1, later + timedelta(seconds=5))
    more = opened(make_cells(tmp_path / "d.isxd", timing=timing))
    clock = Clock([movie, more, cells])
    assert clock.placed(cells).offset_s == 0
    assert clock.placed(more).offset_s == 5
    assert "recorded 3 days after the first" in clock.placed(more).reason


def test_cells_share_the_time_of_the_movie_they_were_found_in(tmp_path, opened):
    taken = EVEN.copy()
    taken[40:] += 2.5
    movie = opened(stamped_movie(tmp_path / "m.isxd", taken))
    timing = Timing.regular(50, 2 * movie.timing.period_s, START)
    cells = opened(
        make_cells(
            tmp_path / "c.isxd",
            timing=timing,
            extra_properties={"processingInterface": {"recordingUUID": "3f2a"}},
        )
    )
    placed = Clock([movie, cells]).placed(cells)
    np.testing.assert_allclose(placed.times_s, taken[::2], atol=0.01)
    for sample in (0, 19, 20, 49):
        assert placed.sample_at(taken[2 * sample]) == sample
    assert "m.isxd" in placed.reason


def test_times_there_and_back(tmp_path, opened):
    taken = EVEN.copy()
    taken[40:] += 2.5
    early = opened(make_events(tmp_path / "e.isxd"))
    movie = opened(stamped_movie(tmp_path / "m.isxd", 4 + taken))
    placed = Clock([early, movie]).placed(movie)
    np.testing.assert_allclose(placed.times_s, 4 + taken, atol=1e-6)
    for time_s in (0.0, 4.1, 6.01, 7.3, 20.0):
        there = placed.from_session_s(time_s)
        assert placed.to_session_s(there) == pytest.approx(time_s)
    assert [placed.sample_at(4 + t) for t in taken[[0, 39, 40, 99]]] == [0, 39, 40, 99]
    assert placed.sample_at(-5) == 0
    assert placed.sample_at(500) == 99


def test_drift_is_in_the_misalignment(tmp_path, opened, movie):
    """A camera that is 40 ms late in the middle, which is not half of its frames' 33 ms alone."""
    count = 150
    i = np.arange(count)
    bulge = 0.014 * np.sin(np.pi * i / (count - 1))
    camera = opened(stamped_behavior(tmp_path / "b.isxb", 2.0 + i / 30 + bulge))
    worst = worst_misalignment(Clock([movie, camera]).all_placed)
    assert worst.seconds == pytest.approx(0.014, abs=1e-4)
    assert worst.at_s == pytest.approx(2.5, abs=0.1)
    assert worst.frame_s == pytest.approx(1 / 30, rel=1e-3)
    assert not worst.is_serious
    assert set(worst.between) == {movie, camera}


def test_a_processed_movie_that_cannot_follow_is_told(tmp_path, opened):
    taken = EVEN.copy()
    taken[50:] += 1.0
    raw = opened(stamped_movie(tmp_path / "m.isxd", taken, uuid=None))
    timing = Timing.regular(100, raw.timing.period_s, START)
    processed = opened(make_movie(tmp_path / "p.isxd", 100, raw.timing.period_s))
    assert processed.timing.start == timing.start
    worst = worst_misalignment(Clock([raw, processed]).all_placed)
    assert worst.is_serious
    assert worst.seconds == pytest.approx(0.5, abs=0.05)
    assert not worst_misalignment(Clock([raw]).all_placed).is_serious


def test_without_hardware_timestamps_nobody_knows_the_misalignment(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd"))
    assert worst_misalignment(Clock([movie]).all_placed) is None


def test_a_damaged_counter_does_not_stop_the_clock(tmp_path, opened, movie, monkeypatch):
    def broken(self, i):
        raise OSError("gone")

    monkeypatch.setattr(type(movie), "timestamp_us", broken)
    placed = Clock([movie]).placed(movie)
    assert placed.method == "start time"
    assert placed.hardware is None


def test_timestamps_are_read_once_however_often_files_come_and_go(
    tmp_path, opened, movie, monkeypatch
):
    camera = opened(stamped_behavior(tmp_path / "camera.isxb", np.arange(30) / 30))
    read = []

    reading = hardware_module._read

    def counted(recording):
        read.append(recording)
        return reading(recording)

    monkeypatch.setattr(hardware_module, "_read", counted)
    clocks = [Clock([movie]), Clock([movie, camera]), Clock([camera])]
    assert read == [movie, camera]
    assert clocks[1].placed(camera).hardware is clocks[2].placed(camera).hardware


DAY_S = 86_400


def recorded(path, later_s, animal=None, num_samples=20):
    timing = Timing.regular(num_samples, 0.1, START + timedelta(seconds=later_s))
    extra = {"animal": {"id": animal}} if animal else None
    return make_cells(path, timing=timing, extra_properties=extra)


def test_sittings_follow_one_another_with_the_empty_time_cut_out(tmp_path, opened):
    first = opened(recorded(tmp_path / "a.isxd", 0))
    second = opened(recorded(tmp_path / "b.isxd", 3 * DAY_S))
    beside = opened(recorded(tmp_path / "c.isxd", 3 * DAY_S + 0.5))
    third = opened(recorded(tmp_path / "d.isxd", 5 * DAY_S))
    clock = Clock([third, beside, first, second], "in turn")
    assert [clock.placed(one).sitting for one in (first, second, beside, third)] == [0, 1, 1, 2]
    assert [clock.placed(one).offset_s for one in (first, second, beside, third)] == pytest.approx(
        [0, 3, 3.5, 6.5]
    ), "a second is left between 2 s, 2.5 s and 2 s"
    np.testing.assert_allclose(
        clock.cuts, [(2, 3, 3 * DAY_S - 2), (5.5, 6.5, 2 * DAY_S - 2.5)], atol=1e-9
    )
    assert [cut.text for cut in clock.cuts] == ["3 days cut", "48 h cut"]
    assert clock.span_s == (0, pytest.approx(8.5))
    assert clock.placed(second).to_session_s(1.5) == pytest.approx(4.5)
    assert clock.placed(second).from_session_s(4.5) == pytest.approx(1.5)
    assert clock.placed(first).shown_at(4.5) is None
    assert "recorded 3 days after the first, and follows it" in clock.placed(second).reason
    together = Clock([third, beside, first, second])
    assert not together.cuts
    assert [together.placed(one).offset_s for one in (first, second, beside, third)] == [
        *(0, 0, 0.5, 0)
    ]


def test_of_long_recordings_a_fiftieth_is_left_of_what_is_cut(tmp_path, opened):
    both = [
        opened(recorded(tmp_path / f"{day}.isxd", day * DAY_S, num_samples=1000)) for day in (0, 2)
    ]
    assert Clock(both, "in turn").placed(both[1]).offset_s == pytest.approx(100 + 4)


def test_frames_of_a_later_sitting_fall_on_the_steps_of_the_first(tmp_path, opened, movie):
    later = opened(stamped_movie(tmp_path / "n.isxd", 3 * DAY_S + EVEN + 0.0123, uuid="n"))
    placed = Clock([movie, later], "in turn").placed(later)
    steps = placed.offset_s / movie.timing.period_s
    assert steps == pytest.approx(round(steps), abs=1e-6)


@pytest.mark.parametrize(
    ("animals", "later_s", "is_apart"),
    [
        (("M1", "M2"), 600, True),
        (("M1", "m1 "), 600, False),
        (("M1", None), 600, False),
        ((None, None), 11 * 3600, False),
        (("M1", "M1"), 13 * 3600, True),
        (("M1", "M2"), 1, False),
    ],
    ids=["two animals", "one by another spelling", "one unknown", "one day", "a day", "at once"],
)
def test_what_a_sitting_is(tmp_path, opened, animals, later_s, is_apart):
    starts = (0, later_s)
    both = [
        opened(recorded(tmp_path / f"{i}.isxd", start, animal))
        for i, (start, animal) in enumerate(zip(starts, animals, strict=True))
    ]
    clock = Clock(both)
    assert len(clock.sittings_apart_s) == 1 + is_apart
    assert clock.placed(both[1]).offset_s == (0 if is_apart else later_s)


def test_animals_by_turns_are_sittings_of_their_own(tmp_path, opened):
    four = [
        opened(recorded(tmp_path / f"{i}.isxd", 100 * i, animal))
        for i, animal in enumerate(["M1", "M2", "M1", "M2"])
    ]
    clock = Clock(four, "in turn")
    assert [clock.placed(one).offset_s for one in four] == pytest.approx([0, 3, 6, 9])
    assert [cut.length_s for cut in clock.cuts] == [98, 98, 98]


def test_what_has_no_start_stays_at_0_beside_sittings(tmp_path, opened):
    far = opened(recorded(tmp_path / "a.isxd", 0))
    near = opened(recorded(tmp_path / "b.isxd", 3 * DAY_S))
    timing = Timing(20, start_s=None)
    lost = opened(make_cells(tmp_path / "c.isxd", timing=timing))
    for arrangement in ("together", "in turn"):
        clock = Clock([lost, near, far], arrangement)
        assert (clock.placed(lost).method, clock.placed(lost).offset_s) == ("assumed", 0)
