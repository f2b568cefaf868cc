"""How many samples an event set has, which its file does not say."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

import pytest
from helpers import recordings
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from napari_isx import IsxFileError, open_isx
from napari_isx.io.base.channels import sample_count
from napari_isx.io.base.timing import MAX_SAMPLES
from napari_isx.io.format.json_fields import Rational

DENOMINATORS = st.sampled_from([1, 3, 10, 1000, 1001, 20_000, 1_000_000])
PERIODS = st.tuples(st.integers(1, 10_000), st.integers(1, 50_000)) | st.tuples(
    st.just(1), st.integers(1, 50_000)
)


def by_the_rule(start: Rational, end: Rational, period: Rational) -> int:
    """The rule of formats.md, section 5, written out again."""
    common = end.den if end.den == start.den else lcm(end.den, start.den)
    num = end.num * (common // end.den) - start.num * (common // start.den)
    if common == period.den:
        top, bottom = num, period.num
    elif period.num == 1:
        top, bottom = num * period.den, common
    else:
        span, inverse = Fraction(num, common), Fraction(period.den, period.num)
        top = span.numerator * inverse.numerator
        bottom = span.denominator * inverse.denominator
    quotient = float(top) / float(bottom)
    whole = int(quotient)
    return whole + (quotient > whole)


times = st.builds(Rational, st.integers(0, 10**13), DENOMINATORS)
spans = st.fractions(min_value=0, max_value=10**5, max_denominator=10**4)


@given(times, spans, DENOMINATORS, PERIODS)
@settings(max_examples=1000)
@example(Rational(0, 1), Fraction(7, 10), 10, (1, 10))
def test_a_thousand_cases_follow_the_rule(start, span, den, period):
    end = Rational(int((Fraction(*start) + span) * den) + 1, den)
    assert sample_count(start, end, Rational(*period)) == by_the_rule(start, end, Rational(*period))


@given(
    st.integers(0, 10**6),
    DENOMINATORS,
    st.integers(0, 10**7),
    DENOMINATORS,
    PERIODS,
)
@settings(max_examples=250)
def test_files_equal_isx(isx, tmp_path, start, start_den, span, span_den, period):
    assume(Fraction(span, span_den) / Fraction(*period) < MAX_SAMPLES)
    end = Fraction(start, start_den) + Fraction(span, span_den)
    times = [
        recordings.time_info((start, start_den)),
        recordings.time_info(end.as_integer_ratio()),
    ]
    path = recordings.write_events(
        tmp_path / "e.isxd",
        ["a"],
        recordings.packets([]),
        step=period,
        **{"global times": times},
    )
    theirs = isx.EventSet.read(str(path))
    with open_isx(path) as events:
        assert events.timing.num_samples == theirs.timing.num_samples
        assert events.timing.period_s == theirs.timing.period.secs_float
        assert events.timing.start.replace(tzinfo=None) == theirs.timing.start.to_datetime()
    del theirs


@pytest.mark.parametrize("count", [100_000_002, 100_000_003, 100_000_010])
@pytest.mark.parametrize("factor", [1, 7, 1000])
def test_rounding_above_the_precision_of_floats_equals_isx(isx, tmp_path, count, factor):
    rate = 30_000_001
    end = (count * factor, rate * factor)
    path = recordings.write_events(
        tmp_path / "e.isxd",
        ["a"],
        recordings.packets([]),
        step=(1, rate),
        **{"global times": [recordings.time_info((0, 1)), recordings.time_info(end)]},
    )
    theirs = isx.EventSet.read(str(path))
    with open_isx(path) as events:
        assert events.timing.num_samples == theirs.timing.num_samples
        assert events.timing.num_samples in (count, count + 1)
    del theirs


@pytest.mark.parametrize(
    ("steps", "period"),
    [
        ([(1, 10), (1, 20), (1, 5)], (1, 20)),
        ([(1, 10), (0, 1), (1, 20)], (1, 20)),
        ([(0, 1), (1, 20)], (1, 1000)),
        ([(0, 1), (0, 5)], (1, 1000)),
        ([(50, 1000), (1, 20)], (50, 1000)),
        ([], (1, 1000)),
    ],
)
def test_the_period_is_the_smallest_step_unless_the_first_is_irregular(
    isx, tmp_path, steps, period
):
    names = [f"C{i}" for i in range(len(steps))]
    path = recordings.write_events(
        tmp_path / "e.isxd",
        names,
        recordings.packets([]),
        signalSteps=[recordings.rational(*step) for step in steps],
    )
    with open_isx(path) as events:
        assert events.timing.period == period
        if steps:
            theirs = isx.EventSet.read(str(path))
            assert events.timing.period_s == theirs.timing.period.secs_float
            assert events.timing.num_samples == theirs.timing.num_samples
            del theirs


@pytest.mark.parametrize(
    "times",
    [
        [recordings.time_info()],
        [recordings.time_info()] * 3,
        {},
        None,
    ],
    ids=["one", "three", "object", "null"],
)
def test_impossible_times_are_an_error(tmp_path, times):
    path = recordings.write_events(
        tmp_path / "e.isxd", ["a"], recordings.packets([]), **{"global times": times}
    )
    with pytest.raises(IsxFileError, match="global times"):
        open_isx(path)


def four_hours_at_20_khz(path, **changes):
    times = [recordings.time_info((1_600_000_000 + s, 1)) for s in (0, 4 * 3600)]
    steps = {"signalSteps": [recordings.rational(1, 20_000)], "global times": times}
    return recordings.write_events(path, ["a"], recordings.packets([]), **steps, **changes)


def test_gpio_may_run_for_hours_on_a_fast_clock(isx, tmp_path):
    path = four_hours_at_20_khz(tmp_path / "g.isxd", type=3)
    theirs = isx.GpioSet.read(str(path))
    with open_isx(path) as gpio:
        assert gpio.timing.num_samples == theirs.timing.num_samples == 288_000_000
    del theirs


def test_events_have_no_more_samples_than_traces_may_have(tmp_path):
    with open_isx(four_hours_at_20_khz(tmp_path / "e.isxd")) as events:
        assert events.timing.num_samples == 1, "as many as its packets take"
        assert events.timing.start is None
