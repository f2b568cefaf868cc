"""The dock *Responses*: what it shows, and what clicks and keys in it do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers.channel_files import make_gpio
from helpers.scenes import START, make_movie
from qtpy.QtCore import QPointF

from napari_isx import Timing, write_cell_set
from napari_isx.docks.peri_event.dock import ResponsesWidget
from napari_isx.docks.traces.dock import TracesWidget

TRIALS_S = np.arange(4, 56, 4.0) + np.random.default_rng(1).uniform(0, 1.5, 13)
NUM_CELLS = 12


@pytest.fixture
def paths(tmp_path):
    """Of twelve cells the first three respond to a line, and the last is rejected."""
    rng = np.random.default_rng(0)
    traces = rng.normal(size=(NUM_CELLS, 1200)).astype(np.float32)
    for trial in np.rint(TRIALS_S / 0.05).astype(int):
        traces[:3, trial + 1 : trial + 21] += 2
    write_cell_set(
        tmp_path / "cells.isxd", np.ones((NUM_CELLS, 23, 31)), traces,
        names=[f"C{i}" for i in range(NUM_CELLS)],
        statuses=["accepted"] * 11 + ["rejected"], timing=Timing.regular(1200, 0.05, START),
    )  # fmt: skip
    edges = np.column_stack([TRIALS_S, TRIALS_S + 0.5]).ravel()
    line = ([0, *edges], [0, *([1, 0] * len(TRIALS_S))])
    gpio = make_gpio(tmp_path / "g.gpio", {"Digital GPI 0": line}, end_s=60)
    return tmp_path / "cells.isxd", gpio


@pytest.fixture
def dock(stage, qtbot):
    widget = ResponsesWidget()
    qtbot.addWidget(widget)
    widget.resize(900, 300)
    widget.show()
    stage.coordinator.responses.attach(widget)
    return widget


@pytest.fixture
def control(stage, dock, paths):
    stage.open(*paths)
    return stage.coordinator.responses


def press_channel(stage):
    stage.session.channels.select([stage.session.channels[0]])


def test_it_says_what_to_press(stage, dock, paths):
    assert "Open a cell set" in dock.message
    stage.open(paths[0])
    assert "Open a GPIO file" in dock.message
    stage.open(paths[1])
    assert "press a channel in Traces" in dock.message


def test_a_pressed_channel_shows_who_responds(stage, dock, control):
    press_channel(stage)
    assert dock.message == ""
    assert "3 of 11 cells up, 1 down; 4 at q < 0.05 · 13 of 13 events" in dock.text
    assert set(control.computed.result.modulation[:3]) == {"up"}
    assert sorted(control._order[:3].tolist()) == [0, 1, 2], "the strongest stand on top"


def test_clicks_select_cells_everywhere(stage, dock, control):
    press_channel(stage)
    top = int(control._order[0])
    dock.panels._on_map(QPointF(0, 0.5), False)
    assert stage.session.selected == (top,)
    dock.panels._on_map(QPointF(0, 1.5), True)
    assert stage.session.selected == (top, int(control._order[1]))
    result = control.computed.result
    dock.panels._on_dots(QPointF(result.effect[5], result.z[5]), False)
    assert stage.session.selected == (5,)


def test_a_lasso_selects_what_it_holds(stage, dock, control):
    press_channel(stage)
    result = control.computed.result
    low, high = result.effect[:3].min() - 0.1, result.effect[:3].max() + 0.1
    dock.panels._on_lasso([(low, -99), (high, -99), (high, 99), (low, 99)])
    assert sorted(stage.session.selected) == [0, 1, 2]


def test_the_selected_cell_has_its_trials(stage, dock, control):
    press_channel(stage)
    stage.session.select(stage.session.group, [1])
    result = control.computed.result
    curves = [item for item in dock.panels.curves.listDataItems() if item.name() == "C1"]
    np.testing.assert_allclose(curves[0].yData, result.mean[1])
    dock._trials.setChecked(True)
    assert dock.panels._trials.image.shape == (13, len(result.lags_s))
    np.testing.assert_allclose(dock.panels._trials.image, result.responses_of(1), rtol=1e-6)


class Loop:
    def __init__(self):
        self.spans, self.plays = [], 0

    def loop_over(self, span_s):
        self.spans.append(span_s)

    def play(self):
        self.plays += 1


def test_a_trial_is_gone_to_and_looped(stage, dock, control):
    control._playback = loop = Loop()
    press_channel(stage)
    stage.session.select(stage.session.group, [0])
    dock._trials.setChecked(True)
    dock.panels._on_curves(QPointF(0, 2.5), False)
    assert stage.session.cursor.time_s == pytest.approx(TRIALS_S[2], abs=2e-3)
    assert loop.spans[-1] == pytest.approx((TRIALS_S[2] - 2, TRIALS_S[2] + 2), abs=2e-3)
    dock.trial_stepped.emit(1)
    assert stage.session.cursor.time_s == pytest.approx(TRIALS_S[3], abs=2e-3)
    dock.trial_stepped.emit(-1)
    dock.trial_stepped.emit(-1)
    assert stage.session.cursor.time_s == pytest.approx(TRIALS_S[1], abs=2e-3)
    assert loop.plays == 4


def test_an_excluded_trial_is_in_no_number(stage, dock, control):
    press_channel(stage)
    before = control.computed.result.mean.copy()
    control.go_to_trial(4)
    dock.trial_excluded.emit()
    assert "12 of 13 events (left out: 1 excluded)" in dock.text
    assert 4 not in control.computed.kept
    assert stage.session.cursor.time_s == pytest.approx(TRIALS_S[5], abs=2e-3), "the next is shown"
    assert control.computed.kept[control._trial] == 5
    assert not np.allclose(control.computed.result.mean, before)
    dock.all_included.emit()
    np.testing.assert_array_equal(control.computed.result.mean, before)


def test_a_trial_is_excluded_for_a_reason(stage, dock, control, tmp_path, monkeypatch):
    answers = iter([("moved", True), ("", False)])
    monkeypatch.setattr(
        "napari_isx.docks.peri_event.controller.QInputDialog.getText", lambda *_: next(answers)
    )
    press_channel(stage)
    control.go_to_trial(4)
    dock.reason_requested.emit()
    control.exclude_trial()
    control.go_to_trial(0)
    dock.reason_requested.emit()
    assert "11 of 13 events" in dock.text, "the last dialog was canceled"
    control.export(tmp_path / "out.csv")
    text = (tmp_path / "out.METHODS.txt").read_text()
    assert "2 of 13 events were excluded (1 moved, 1 by hand)." in text


def test_results_are_columns_of_the_table(stage, dock, control):
    press_channel(stage)
    table = stage.session.review.table
    titles = [column.title for column in table.columns]
    for title in ("effect", "z", "p", "q", "modulated"):
        assert f"{title} (Digital GPI 0)" in titles
    values = table.values("response effect: Digital GPI 0")
    np.testing.assert_array_equal(values[:11], control.computed.result.effect)
    assert np.isnan(values[11]), "the rejected cell was not averaged"
    np.testing.assert_array_equal(table.values("response modulated: Digital GPI 0")[:3], 1)


def test_settings_are_taken_and_what_cannot_be_is_said(stage, dock, control):
    press_channel(stage)
    form = dock._form
    form._edge.setCurrentText("falling")
    form._edge.activated.emit(1)
    assert np.allclose(control.computed.alignment.times_s, TRIALS_S + 0.5, atol=2e-3)
    form._window[1].setValue(0.5)
    assert "lie within the window" in form._problem.text()
    assert control.responses.settings.window_s == (-2, 2)
    form._response[1].setValue(0.4)
    assert form._problem.text() == ""
    assert control.computed.result.window_s == (-2, 0.5)


def test_orders(stage, dock, control):
    press_channel(stage)
    result = control.computed.result
    for name in ("p", "peak", "alike", "file"):
        dock.order_picked.emit(name)
        assert sorted(control._order.tolist()) == list(range(11))
    assert control._order.tolist() == list(range(11))
    dock.order_picked.emit("p")
    assert np.all(np.diff(result.p[control._order]) >= 0)


def test_cells_stand_as_they_lie_along_the_longer_side(stage, dock, control, tmp_path):
    footprints = np.zeros((4, 9, 31))
    for cell, col in enumerate((25, 3, 14, 8)):
        footprints[cell, 1 + cell : 4 + cell, col : col + 3] = 1
    write_cell_set(
        tmp_path / "apart.isxd", footprints, np.random.default_rng(2).normal(size=(4, 1200)),
        timing=Timing.regular(1200, 0.05, START),
    )  # fmt: skip
    stage.open(tmp_path / "apart.isxd")
    stage.session.select(stage.session.groups[1], [0])
    press_channel(stage)
    dock.order_picked.emit("position")
    assert control._order.tolist() == [1, 3, 2, 0]


def test_without_a_selected_cell_the_strongest_is_shown_and_named(stage, dock, control):
    press_channel(stage)
    result = control.computed.result
    strongest = f"C{np.nanargmax(np.abs(result.z))}"
    stage.session.select(stage.session.group, [])
    assert dock.text.startswith(f"Nothing is selected: {strongest}, of the largest |z|, is shown.")
    assert strongest in [item.name() for item in dock.panels.curves.listDataItems()]
    stage.session.select(stage.session.group, [11])
    assert dock.text.startswith("C11 is not among the averaged cells.")
    assert not any(item.name() for item in dock.panels.curves.listDataItems())


def test_the_response_map_becomes_layers(stage, dock, control, tmp_path):
    stage.open(make_movie(tmp_path / "movie.isxd", num_frames=1200))
    press_channel(stage)
    control.make_map()
    average = stage.layer("average around Digital GPI 0 · movie")
    assert average.ndim == 4
    assert average.data.shape == (81, 1, 23, 31)
    assert average.scale[0] == pytest.approx(0.05)
    peak = stage.layer("response to Digital GPI 0 · movie")
    # Every frame has its number as brightness, and the baseline is half a second before.
    np.testing.assert_allclose(peak.data, 20 + 10, rtol=1e-5)


def test_tables_are_exported(stage, dock, control, tmp_path):
    press_channel(stage)
    control.export(tmp_path / "out.csv")
    result = control.computed.result
    traces = pd.read_csv(tmp_path / "out.TRACES.csv")
    np.testing.assert_allclose(traces["Time"], result.lags_s)
    np.testing.assert_allclose(traces["C2_mean"], result.mean[2])
    np.testing.assert_allclose(traces["population_mean"], result.mean.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(traces["up_modulated_mean"], result.mean[:3].mean(axis=0), atol=1e-9)
    statistics = pd.read_csv(tmp_path / "out.STATISTICS.csv").set_index("name")
    assert statistics.loc["C0", "modulation"] == "up_modulated"
    assert statistics.loc["C5", "modulation"] == "non_modulated"
    np.testing.assert_allclose(statistics.loc["C1", "z-score"], result.z[1])
    z = (statistics["true_mean_post-pre"] - statistics["shuffled_mean_post-pre"]) / statistics[
        "shuffled_std_post-pre"
    ]
    known = statistics["z-score"].notna()
    np.testing.assert_allclose(z[known], statistics["z-score"][known])
    assert (
        (tmp_path / "out.METHODS.txt")
        .read_text()
        .startswith("Aligned to Digital GPI 0, rising edges at 50 %")
    )


def test_nothing_is_computed_while_nobody_looks(stage, dock, control):
    dock.hide()
    press_channel(stage)
    assert control.computed is None
    dock.show()
    assert control.responses.picked is None


def test_events_and_threshold_are_in_traces(stage, dock, paths, qtbot, tmp_path):
    traces = TracesWidget()
    qtbot.addWidget(traces)
    stage.coordinator.attach(traces)
    voltage = ([0, *np.column_stack([TRIALS_S, TRIALS_S + 0.5]).ravel()], [0, *([900, 0] * 13)])
    gpio = make_gpio(tmp_path / "v.gpio", {"GPIO-1": voltage}, end_s=60)
    stage.open(paths[0], gpio)
    press_channel(stage)
    row = traces.plot._channels[0]
    np.testing.assert_allclose(row._marks[0].xvals, TRIALS_S, atol=2e-3)
    assert row.threshold.isVisible()
    assert row.threshold.value() == pytest.approx(448), "half of the 896 that the file can hold"
    row.threshold.setValue(224)
    row.threshold.sigPositionChangeFinished.emit(row.threshold)
    assert stage.coordinator.responses.responses.settings.rule.threshold == pytest.approx(0.25)
    assert dock._form._threshold.value() == 25


def test_decisions_and_other_cell_sets_are_followed(stage, dock, control, tmp_path):
    press_channel(stage)
    stage.session.group.curation.decide([5], "rejected")
    assert 5 not in control.computed.result.cell_indices
    traces = np.random.default_rng(9).normal(size=(2, 1200))
    write_cell_set(
        tmp_path / "others.isxd", np.ones((2, 23, 31)), traces,
        timing=Timing.regular(1200, 0.05, START),
    )  # fmt: skip
    stage.open(tmp_path / "others.isxd")
    stage.session.select(stage.session.groups[1], [1])
    assert control.computed.group is stage.session.groups[1]
    assert "of 2 cells" in dock.text


def test_tables_that_are_there_are_not_overwritten(stage, dock, control, tmp_path):
    press_channel(stage)
    control.export(tmp_path / "out.csv")
    before = (tmp_path / "out.TRACES.csv").read_bytes()
    with pytest.raises(FileExistsError):
        control.export(tmp_path / "out.csv")
    assert (tmp_path / "out.TRACES.csv").read_bytes() == before


def test_kept_sets_stand_side_by_side(stage, dock, control, monkeypatch):
    press_channel(stage)
    stage.session.select(stage.session.group, [1])
    names = iter(["on", "off", None, "light"])
    monkeypatch.setattr(
        "napari_isx.docks.peri_event.controller._asked_name", lambda *_: next(names)
    )
    dock.keep_requested.emit()
    assert len(dock.panels._maps) == 1, "it is what is looked at"
    dock._form._edge.setCurrentText("falling")
    dock._form._edge.activated.emit(1)
    on, off = control._beside[0], control.computed
    assert (off.alignment.name, on.alignment.name) == ("Digital GPI 0", "on")
    dock.keep_requested.emit()
    assert dock._sets.text() == "Sets (2)"
    first, second = dock.panels._maps
    assert [one.plot.titleLabel.text for one in (first, second)] == ["off", "on"]
    np.testing.assert_allclose(second.image.image, on.result.mean[control._order])
    means = [item.yData for item in dock.panels.curves.listDataItems()[-2:]]
    np.testing.assert_allclose(means, [off.result.mean[1], on.result.mean[1]])
    titles = [column.title for column in stage.session.review.table.columns]
    assert {"effect (on)", "effect (off)"} <= set(titles)
    dock.panels._maps[1].view.clicked.emit(QPointF(0, 2.5), False)
    assert stage.session.selected == (int(control._order[2]),)
    dock.kept_requested.emit(0)
    assert dock._form._edge.currentText() == "rising"
    assert control.computed.alignment.name == "on"
    dock.forget_requested.emit(1)
    assert len(dock.panels._maps) == 1
    dock.rename_requested.emit(0)
    assert control.responses.choices[0].name == "on", "the dialog was canceled"
    dock.rename_requested.emit(0)
    titles = [column.title for column in stage.session.review.table.columns]
    assert "effect (light)" in titles
    assert "effect (on)" not in titles


def test_each_set_is_marked_in_its_color(stage, dock, control, qtbot, monkeypatch):
    traces = TracesWidget()
    qtbot.addWidget(traces)
    stage.coordinator.attach(traces)
    press_channel(stage)
    control.responses.keep("on")
    dock._form._edge.setCurrentText("falling")
    dock._form._edge.activated.emit(1)
    falling, rising = traces.plot._channels[0]._marks
    np.testing.assert_allclose(falling.xvals, TRIALS_S + 0.5, atol=2e-3)
    np.testing.assert_allclose(rising.xvals, TRIALS_S, atol=2e-3)
    assert falling.pen.color().name() == "#e69f00"
    assert rising.pen.color().name() == "#56b4e9"
    control.responses.forget(control.responses.choices[0])
    assert len(rising.xvals) == 0


def test_epochs_are_compared_with_the_rest(stage, dock, control, tmp_path):
    press_channel(stage)
    dock._epochs.click()
    assert dock.text.startswith("C")
    result = control.epochs.computed.result
    up = result.modulation[0].count("up")
    assert f"Digital GPI 0, 6.5 s: {up} of 11 cells up" in dock.text
    assert result.labels == ("Digital GPI 0", "the rest")
    stage.session.select(stage.session.group, [5, 1])
    means = [item for item in dock.epoch_panels.means.items if hasattr(item, "opts")]
    heights = {item.opts["name"]: item.opts["height"] for item in means if "height" in item.opts}
    np.testing.assert_allclose(heights["C1"], result.mean[:, 1])
    np.testing.assert_allclose(heights["C5"], result.mean[:, 5])
    assert len(dock.epoch_panels.significant.getData()[0]) == (result.q[0] < 0.05).sum()
    dock.epoch_panels._on_map(QPointF(0.5, 0.5), False)
    assert stage.session.selected == (int(np.nanargmax(result.effect[0])),)
    table = stage.session.review.table
    np.testing.assert_array_equal(
        table.values("epochs effect: Digital GPI 0")[:11], result.effect[0]
    )
    rest = table.values("epochs mean: the rest of Digital GPI 0")
    np.testing.assert_array_equal(rest[:11], result.mean[1])
    control.export(tmp_path / "out.csv")
    rows = pd.read_csv(tmp_path / "out.EPOCHS.csv").set_index(["name", "label"])
    np.testing.assert_allclose(rows.loc[("C2", "Digital GPI 0"), "effect_sd"], result.effect[0, 2])
    np.testing.assert_allclose(rows.loc[("C2", "the rest"), "mean"], result.mean[1, 2])
    assert "(6.5 s in 13 epochs)" in (tmp_path / "out.METHODS.txt").read_text()
    stage.session.group.curation.decide([5], "rejected")
    assert 5 not in control.epochs.computed.result.cell_indices
    dock._epochs.click()
    assert "13 of 13 events" in dock.text


def test_what_does_not_last_is_said(dock, control):
    control.responses.mark(3.0)
    control.responses.pick("Marks")
    dock._epochs.click()
    assert dock.message.startswith("Marks does not last. Epochs are the times in which a channel")
    control.responses.mark(9.0)
    assert "Marks, 6.0 s:" in dock.text


def test_what_lasts_always_has_nothing_to_be_compared_with(dock, control, tmp_path):
    table = tmp_path / "states.csv"
    table.write_text("start,stop\n0,60\n")
    control.responses.read_table(table)
    dock._epochs.click()
    assert "states: always or never, so that there is nothing to compare." in dock.text
    table.write_text("start,stop,label\n0,30,dark\n30,60,light\n")
    control.responses.read_table(table)
    assert "dark, 30.0 s:" in dock.text
    assert "light, 30.0 s:" in dock.text
