"""Averages around events and their test, against a slow computation of its own."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from napari_isx import CellSet, Timing
from napari_isx.analysis import peri_event
from napari_isx.io.base.timing import Rational


def by_definition(traces, events_s, period_s, *, shuffles, seed=0, window=2, side=1):
    """Mean, effect, z and p of whole recordings, one trace and one shift at a time."""
    num_samples = traces.shape[1]
    z = (traces - traces.mean(axis=1)[:, None]) / traces.std(axis=1)[:, None]
    reach, near = int(np.ceil(window / period_s)), round(side / period_s)
    vector = np.zeros(num_samples)
    places = np.round(np.asarray(events_s) / period_s).astype(int)
    vector[places[(places >= 0) & (places < num_samples)]] = 1

    def mean_window(events):
        at = [i for i in np.flatnonzero(events) if i >= reach and i + reach < num_samples]
        return np.mean([z[:, i - reach : i + reach + 1] for i in at], axis=0) if at else None

    def effect_of(mean):
        after, before = mean[:, reach : reach + near + 1], mean[:, reach - near : reach + 1]
        return after.mean(axis=1) - before.mean(axis=1)

    mean = mean_window(vector)
    effect = effect_of(mean)
    random = np.random.RandomState(seed)
    shifted = [
        effect_of(one)
        for one in (
            mean_window(np.roll(vector, random.randint(0, num_samples))) for _ in range(shuffles)
        )
        if one is not None
    ]
    below = (np.array(shifted) < effect - 1e-9).mean(axis=0)
    return (
        mean,
        effect,
        (effect - np.mean(shifted, axis=0)) / np.std(shifted, axis=0),
        np.minimum(below, 1 - below),
    )


@pytest.mark.parametrize("seed", range(40))
def test_it_is_the_definition_on_whole_recordings(seed):
    rng = np.random.default_rng(seed)
    num_samples = int(rng.integers(150, 900))
    period_s = float(rng.choice([0.05, 0.1, 1 / 15, 0.0501]))
    traces = rng.normal(size=(int(rng.integers(1, 70)), num_samples)).astype(np.float32)
    if seed % 3 == 0:
        traces = (traces > 1).astype(np.float32)
        traces[:, 0] = 1
    last_s = num_samples * period_s
    events_s = rng.uniform(-1, last_s + 1, int(rng.integers(3, 30)))
    events_s = np.append(events_s, last_s / 2)
    timing = Timing.regular(num_samples, period_s)
    result = peri_event(traces, events_s, timing=timing, shuffles=60, seed=seed)
    mean, effect, z, p = by_definition(
        traces.astype(np.float64), events_s, timing.period_s, shuffles=60, seed=seed
    )
    np.testing.assert_allclose(result.mean, mean, atol=1e-9)
    np.testing.assert_allclose(result.effect, effect, atol=1e-9)
    np.testing.assert_allclose(result.z, z, atol=1e-6)
    np.testing.assert_array_equal(result.p, p)
    np.testing.assert_allclose(result.responses.mean(axis=0), mean, atol=1e-9)
    assert sorted([*result.kept_events, *result.left_out]) == list(range(len(events_s)))


# Once equal to the definition above; held against changes of both.
RECORDED_AT_EVENT = [0.27465991, 0.80359094, 0.20929796]
RECORDED_EFFECT = [0.18156207, -0.18356584, 0.8031895]
RECORDED_Z = [1.46228965, -0.47083708, 1.20291314]
RECORDED_P = [0.065, 0.405, 0.13]


def wave(num_cells=3, num_samples=400):
    """Traces without random numbers, so that what was computed once can be written down."""
    t = np.arange(num_samples)
    return np.array(
        [np.sin(t * (0.05 + 0.013 * i)) + ((t * 7919) % 101) / 50 for i in range(num_cells)]
    )


def test_recorded_values_stay():
    result = peri_event(
        wave(), [5.0, 7.5, 12.25, 16.0], timing=Timing.regular(400, 0.05), shuffles=200
    )
    at_event = result.mean[:, np.flatnonzero(result.lags_s == 0)[0]]
    np.testing.assert_allclose(at_event, RECORDED_AT_EVENT, atol=1e-6)
    np.testing.assert_allclose(result.effect, RECORDED_EFFECT, atol=1e-6)
    np.testing.assert_allclose(result.z, RECORDED_Z, atol=1e-6)
    np.testing.assert_allclose(result.p, RECORDED_P, rtol=1e-12)


def test_the_standard_error_is_over_events():
    rng = np.random.default_rng(3)
    traces, events_s = rng.normal(size=(4, 600)), [5.0, 9.0, 12.0, 20.0]
    result = peri_event(traces, events_s, timing=Timing.regular(600, 0.05), shuffles=10)
    expected = result.responses.std(axis=0, ddof=1) / 2
    np.testing.assert_allclose(result.sem, expected)
    one = peri_event(traces, [9.0], timing=Timing.regular(600, 0.05), shuffles=10)
    assert np.isnan(one.sem).all()
    assert np.isfinite(one.mean).all()
    assert np.isfinite(one.p).all()


def test_what_is_left_out_says_why():
    timing = Timing.regular(1000, 0.05, cropped=[(400, 420)], dropped=[600])
    events_s = [-3, 0.5, 10.0, 10.01, 21.0, 30.0, 49.9, 1e300, 19.0]
    result = peri_event(
        np.random.default_rng(0).normal(size=(2, 1000)), events_s, timing=timing, shuffles=5
    )
    assert result.kept_events.tolist() == [2, 5]
    assert result.left_out == {
        0: "edge", 1: "edge", 3: "overlap", 4: "gap", 6: "edge", 7: "edge", 8: "gap",
    }  # fmt: skip
    assert "Left out were 7 events (4 edge, 1 overlap, 2 gap)" in result.methods_text


def test_gaps_of_a_series_leave_events_out():
    timing = Timing(1000, Rational(1, 20), gaps=((500, 599),))
    traces = np.random.default_rng(0).normal(size=(2, 1000))
    result = peri_event(traces, [10.0, 24.0, 27.0, 31.0, 40.0], timing=timing, shuffles=5)
    assert result.left_out == {1: "gap", 2: "gap", 3: "gap"}


def test_missing_samples_are_left_out_and_never_zero():
    rng = np.random.default_rng(5)
    traces = rng.normal(10, 1, size=(3, 800))
    dropped = [195, 201, 330, 331]
    spoiled = traces.copy()
    spoiled[:, dropped] = 0  # as files have it
    timing = Timing.regular(800, 0.05, dropped=dropped)
    events_s = [10.0, 16.5, 25.0]
    result = peri_event(spoiled, events_s, timing=timing, shuffles=50)
    nan = traces.copy()
    nan[:, dropped] = np.nan
    z = (nan - np.nanmean(nan, axis=1)[:, None]) / np.nanstd(nan, axis=1)[:, None]
    windows = np.array([z[:, i - 40 : i + 41] for i in (200, 330, 500)])
    np.testing.assert_allclose(result.mean, np.nanmean(windows, axis=0))
    np.testing.assert_allclose(result.responses, windows)
    effect = np.nanmean(windows[:, :, 40:61], axis=(0, 2)) - np.nanmean(
        windows[:, :, 20:41], axis=(0, 2)
    )
    np.testing.assert_allclose(result.effect, effect)
    assert np.isfinite(result.p).all()


def test_a_trace_with_nan_is_as_one_with_dropped_samples():
    rng = np.random.default_rng(6)
    traces = rng.normal(size=(2, 500))
    holed = traces.copy()
    holed[1, [100, 250]] = np.nan
    timing = Timing.regular(500, 0.05)
    result = peri_event(holed, [5, 8, 12.5], timing=timing, shuffles=80)
    plain = peri_event(traces, [5, 8, 12.5], timing=timing, shuffles=80)
    alone = peri_event(
        traces[1:], [5, 8, 12.5], timing=Timing.regular(500, 0.05, dropped=[100, 250]), shuffles=80
    )
    for name in ("mean", "effect", "z", "p"):
        np.testing.assert_allclose(getattr(result, name)[0], getattr(plain, name)[0], atol=1e-9)
        np.testing.assert_allclose(getattr(result, name)[1], getattr(alone, name)[0], atol=1e-9)


def test_nothing_to_average_is_nan_and_no_warning():
    timing = Timing.regular(300, 0.05)
    traces = np.random.default_rng(0).normal(size=(3, 300))
    traces[1] = 0.1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        none = peri_event(traces, [], timing=timing, shuffles=5)
        result = peri_event(traces, [5.0, 9.0], timing=timing, shuffles=5)
        blank = peri_event(np.full((2, 300), np.nan), [5.0], timing=timing, shuffles=5)
        nobody = peri_event(traces, [5.0], timing=timing, cell_indices=[], shuffles=5)
        short = peri_event(traces[:, :0], [5.0], timing=Timing.regular(0, 0.05), shuffles=5)
        raw = peri_event(traces, [5.0, 9.0], timing=timing, shuffles=5, normalize=None)
    for one in (none, blank, short):
        for name in ("mean", "sem", "effect", "z", "p", "q"):
            assert np.isnan(getattr(one, name)).all(), name
        assert set(one.modulation) == {"none"}
    assert np.isnan(result.effect[1])
    assert np.isnan(result.mean[1]).all()
    assert np.isnan(result.q[1])
    assert np.isfinite(result.q[[0, 2]]).all()
    assert nobody.mean.shape == (0, 81)
    assert nobody.responses.shape == (1, 0, 81)
    np.testing.assert_allclose(raw.mean[1], 0.1)
    assert np.isnan(raw.p[1])


def test_normalizing_changes_the_scale_alone():
    rng = np.random.default_rng(8)
    traces = rng.normal(size=(5, 900)) * [[1], [3], [0.1], [7], [2]] + 4
    timing, events_s = Timing.regular(900, 0.05), [5, 11, 17, 30.5]
    by = {
        one: peri_event(traces, events_s, timing=timing, shuffles=40, normalize=one)
        for one in ("recording", "baseline", None)
    }
    windows = np.array([traces[:, round(t * 20) - 40 : round(t * 20) + 41] for t in events_s])
    np.testing.assert_allclose(by[None].mean, windows.mean(axis=0))
    base = windows[:, :, 20:41].transpose(1, 0, 2).reshape(5, -1)
    scaled = (windows - base.mean(axis=1)[:, None]) / base.std(axis=1)[:, None]
    np.testing.assert_allclose(by["baseline"].mean, scaled.mean(axis=0))
    np.testing.assert_allclose(by[None].effect, by["recording"].effect * traces.std(axis=1))
    for one in ("baseline", None):
        np.testing.assert_allclose(by[one].z, by["recording"].z)
        np.testing.assert_array_equal(by[one].p, by["recording"].p)


def test_a_response_is_found_and_the_rest_is_not():
    rng = np.random.default_rng(1)
    traces = rng.normal(size=(60, 6000)).astype(np.float32)
    events_s = np.arange(10, 290, 10) + rng.uniform(-4, 4, 28)
    for event in np.round(events_s / 0.05).astype(int):
        traces[:20, event + 1 : event + 21] += 1.0
        traces[20:30, event + 1 : event + 21] -= 1.0
    result = peri_event(traces, events_s, timing=Timing.regular(6000, 0.05))
    assert set(result.modulation[:20]) == {"up"}
    assert set(result.modulation[20:30]) == {"down"}
    assert (result.q[:30] < 0.05).all()
    assert (result.q[30:] < 0.05).sum() <= 2
    assert (result.z[:20] > 3).all()
    assert (result.z[20:30] < -3).all()


def test_q_is_of_the_two_sided_p():
    rng = np.random.default_rng(2)
    result = peri_event(
        rng.normal(size=(12, 800)),
        np.arange(5, 35, 3.0),
        timing=Timing.regular(800, 0.05),
        shuffles=99,
    )
    two_sided = np.minimum(2 * result.p, 1)
    order = np.argsort(two_sided)
    q = np.minimum.accumulate((two_sided[order] * 12 / np.arange(1, 13))[::-1])[::-1]
    np.testing.assert_allclose(result.q[order], np.minimum(q, 1))


def test_exact_times_are_read_between_samples_on_request():
    ramp = np.arange(400, dtype=float)[None]
    timing = Timing.regular(400, 0.1)
    exact = peri_event(
        ramp, [10.03, 20.0], timing=timing, shuffles=5, normalize=None, interpolate=True
    )
    nearest = peri_event(ramp, [10.03, 20.0], timing=timing, shuffles=5, normalize=None)
    assert exact.responses[:, 0, 20] == pytest.approx([100.3, 200])
    assert nearest.responses[:, 0, 20] == pytest.approx([100, 200])
    np.testing.assert_array_equal(exact.p, nearest.p)


def test_cells_are_the_accepted_ones_else_the_undecided():
    rng = np.random.default_rng(4)
    footprints = np.ones((4, 3, 3), np.float32)
    traces = rng.normal(size=(4, 400)).astype(np.float32)
    timing = Timing.regular(400, 0.05)

    def chosen(statuses):
        cells = CellSet.from_arrays(footprints, traces, timing=timing, statuses=statuses)
        return peri_event(cells, [10.0], shuffles=5).cell_indices.tolist()

    assert chosen(["accepted", "rejected", "undecided", "accepted"]) == [0, 3]
    assert chosen(["undecided", "rejected", "undecided", "rejected"]) == [0, 2]
    assert chosen(["rejected"] * 4) == []


def test_the_responses_of_one_cell_are_read_alone():
    traces = np.random.default_rng(0).normal(size=(40, 400))
    result = peri_event(
        traces, [8.0, 6.0], timing=Timing.regular(400, 0.05), cell_indices=[3, 39], shuffles=5
    )
    np.testing.assert_allclose(result.responses_of(1), result.responses[:, 1], rtol=1e-12)
    assert result.responses.shape == (2, 2, 81)
    assert result.kept_events.tolist() == [0, 1]
    effect = result.responses[:, :, 40:61].mean(axis=2) - result.responses[:, :, 20:41].mean(axis=2)
    np.testing.assert_allclose(result.effects, effect)


def test_work_can_be_followed_and_stopped():
    traces, shares = np.random.default_rng(0).normal(size=(100, 300)), []
    peri_event(traces, [5.0], timing=Timing.regular(300, 0.05), shuffles=5, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) > 2

    class StoppedError(Exception):
        pass

    def stop(share):
        raise StoppedError

    with pytest.raises(StoppedError):
        peri_event(traces, [5.0], timing=Timing.regular(300, 0.05), shuffles=5, progress=stop)


GOOD = {"timing": Timing.regular(300, 0.05), "shuffles": 5}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"events_s": [1.0, float("nan")]}, "events_s has no time .NaN. at index 1"),
        ({"events_s": [[1.0]]}, "events_s is a list"),
        ({"window_s": (2, 2)}, "window_s is from a time to a later one"),
        ({"baseline_s": (0, -1)}, "baseline_s is from a time to a later one"),
        ({"baseline_s": (-3, 0)}, "baseline_s .* lies outside window_s"),
        ({"response_s": (1, 2.5)}, "response_s .* lies outside window_s"),
        ({"window_s": (float("nan"), 2)}, "window_s"),
        ({"shuffles": 0}, "shuffles is at least 1"),
        ({"alpha": 0}, "alpha lies between"),
        ({"alpha": 1}, "alpha lies between"),
        ({"normalize": "all"}, "normalize is"),
        ({"cell_indices": [2]}, "cell_indices names a cell"),
        ({"cell_indices": [-1]}, "cell_indices names a cell"),
        ({"cell_indices": [0.5]}, "cell_indices is a list of cells"),
        ({"timing": None}, "timing says when"),
        ({"timing": Timing.regular(299, 0.05)}, "timing has 299 samples"),
        ({"timing": Timing(300, Rational(0, 1))}, "timing has a period of 0 s"),
        ({"cells": np.zeros(300)}, "one row for each cell"),
    ],
)
def test_what_cannot_be_is_named(change, words):
    arguments = {"cells": np.zeros((2, 300)), "events_s": [5.0], **GOOD, **change}
    with pytest.raises(ValueError, match=words):
        peri_event(arguments.pop("cells"), arguments.pop("events_s"), **arguments)
