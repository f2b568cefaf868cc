"""Activity in epochs, and differences between labels, against slow computations of their own."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from napari_isx import Timing
from napari_isx.analysis import compare_conditions, epoch_activity, peri_event


@pytest.mark.parametrize("seed", range(10))
def test_epochs_by_definition(seed):
    rng = np.random.default_rng(seed)
    num_samples = int(rng.integers(100, 400))
    traces = rng.normal(5, 2, size=(4, num_samples))
    dropped = rng.choice(num_samples, 7, replace=False).tolist()
    timing = Timing.regular(num_samples, 0.1, dropped=dropped)
    last_s = num_samples * 0.1
    epochs = {"on": [(1.0, 3.0), (2.5, 4.0)], "far": [(last_s - 3, last_s + 9)]}
    result = epoch_activity(traces, epochs, timing=timing, shuffles=30, seed=seed)
    nan = traces.copy()
    nan[:, dropped] = np.nan
    z = (nan - np.nanmean(nan, axis=1)[:, None]) / np.nanstd(nan, axis=1)[:, None]
    masks = [np.zeros(num_samples, bool), np.zeros(num_samples, bool)]
    masks[0][10:40] = True
    masks[1][num_samples - 30 :] = True
    shifts = np.random.RandomState(seed).randint(0, num_samples, size=30)
    for row, mask in enumerate(masks):
        np.testing.assert_allclose(result.mean[row], np.nanmean(nan[:, mask], axis=1))
        assert result.duration_s[row] == pytest.approx((mask & timing.valid_mask).sum() * 0.1)

        def effect(one):
            return np.nanmean(z[:, one], axis=1) - np.nanmean(z[:, ~one], axis=1)

        null = np.array([effect(np.roll(mask, s)) for s in shifts])
        true = effect(mask)
        np.testing.assert_allclose(result.effect[row], true, atol=1e-9)
        np.testing.assert_allclose(result.z[row], (true - null.mean(axis=0)) / null.std(axis=0))
        below = (null < true - 1e-9).mean(axis=0)
        np.testing.assert_array_equal(result.p[row], np.minimum(below, 1 - below))


def test_epochs_are_compared_with_a_baseline_and_events_are_counted():
    traces = np.zeros((2, 100))
    traces[0, 20:40] = 3
    traces[1] = np.arange(100)
    result = epoch_activity(
        traces,
        {"rest": [(4, 6)], "run": [(2, 4)], "never": []},
        timing=Timing.regular(100, 0.1),
        baseline="rest",
        events_s=[[2.0, 2.5, 3.9, 4.0, 50], []],
        shuffles=20,
    )
    assert result.labels == ("rest", "run", "never")
    np.testing.assert_allclose(result.mean[:2], [[0, 49.5], [3, 29.5]], atol=1e-12)
    np.testing.assert_allclose(result.effect[1] * traces.std(axis=1), [3, -20])
    np.testing.assert_allclose(result.event_rate_hz[:2], [[0.5, 0], [1.5, 0]])
    assert np.isnan(result.mean[2]).all()
    assert np.isnan(result.effect[2]).all()
    assert np.isnan(result.effect[0]).all(), "nothing is left to compare the baseline with"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"epochs": {"a": [(3, 2)]}}, "epochs has one of 'a' from 3 to 2 s"),
        ({"epochs": {"a": [(float("nan"), 2)]}}, "epochs has one"),
        ({"baseline": "b"}, "baseline is 'b'"),
        ({"events_s": [[1.0]]}, "events_s has times for each of the 2 cells"),
        ({"shuffles": 0}, "shuffles"),
    ],
)
def test_what_cannot_be_is_named(arguments, words):
    epochs = arguments.pop("epochs", {"a": [(1, 2)]})
    with pytest.raises(ValueError, match=words):
        epoch_activity(np.zeros((2, 50)), epochs, timing=Timing.regular(50, 0.1), **arguments)


def responses_to(labels, effect):
    """Cells of which the first responds to "a" alone."""
    rng = np.random.default_rng(0)
    traces = rng.normal(size=(3, 200 * (len(labels) + 1)))
    events_s = 10.0 * np.arange(1, len(labels) + 1)
    for event, label in zip(events_s, labels, strict=True):
        if label == "a":
            at = round(event / 0.05)
            traces[0, at + 1 : at + 21] += effect
    return peri_event(traces, events_s, timing=Timing.regular(traces.shape[1], 0.05), shuffles=5)


def test_labels_are_compared_by_permutation():
    labels = ["a", "b", "c"] * 8
    result = responses_to(labels, 1.0)
    both = compare_conditions(result, labels, "a", "b", permutations=400, seed=3)
    effects, kept = result.effects, np.array(labels)
    expected = effects[kept == "a"].mean(axis=0) - effects[kept == "b"].mean(axis=0)
    np.testing.assert_allclose(both.difference, expected)
    assert (both.num_first, both.num_second) == (8, 8)
    assert both.p[0] == pytest.approx(1 / 401)
    assert (both.p[1:] > 0.05).all()
    chosen = effects[kept != "c"]
    is_first = (kept == "a")[kept != "c"]
    rng = np.random.default_rng(3)
    mixed = [rng.permutation(is_first) for _ in range(400)]
    null = np.array([chosen[one].mean(axis=0) - chosen[~one].mean(axis=0) for one in mixed])
    np.testing.assert_allclose(both.p, (1 + (np.abs(null) >= np.abs(expected)).sum(axis=0)) / 401)


def test_a_label_whose_events_are_left_out_has_no_difference():
    result = peri_event(
        np.random.default_rng(0).normal(size=(2, 400)),
        [0.1, 10.0],
        timing=Timing.regular(400, 0.05),
        shuffles=5,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        both = compare_conditions(result, ["a", "b"], "a", "b", permutations=10)
    assert both.num_first == 0
    assert np.isnan(both.difference).all()
    assert np.isnan(both.p).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((["a"], "a", "b"), "labels has one for each of the 3 events"),
        ((["a", "b", "b"], "a", "c"), "second is 'c'"),
        ((["a", "b", "b"], "a", "a"), "first and second are both"),
    ],
)
def test_labels_that_cannot_be_are_named(arguments, words):
    result = responses_to(["a", "b", "b"], 0)
    with pytest.raises(ValueError, match=words):
        compare_conditions(result, *arguments)
