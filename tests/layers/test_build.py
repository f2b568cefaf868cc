"""Which layers an opened file becomes."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import gpio_files, legacy_files, recordings, series_files
from helpers.scenes import START, make_cells, make_events, make_movie
from napari.components import ViewerModel
from napari.layers import Image
from napari.utils.notifications import notification_manager

from napari_isx import (
    Timing,
    UnsupportedIsxError,
    open_isx,
    write_behavior_movie,
    write_image,
    write_vessel_set,
)
from napari_isx.io.base.recording import FileRecording
from napari_isx.layers.build import layers_of
from napari_isx.layers.keys import RECORDING_KEY, recording_of

BOX = {"box": [1, 2, 9, 8]}
AREA = {"type": "polygon", "coordinates": [[1, 2], [9, 2], [9, 8]]}


def make_behavior(path, trackers=(BOX, None), zone=None, **timing):
    zone = zone or {"id": 5, "name": "nest", "geometry": AREA}
    write_behavior_movie(
        path,
        [np.zeros((16, 64), np.uint8)] * 2,
        timing=Timing.regular(2, 0.04, **timing),
        trackers=trackers,
        session={"trackingInterface": [{"cameraName": "camera-1", "zones": [zone]}]},
    )
    return path


def make_vessels(path):
    image, lines = np.zeros((9, 12), np.float32), [[(1, 2), (8, 2)]]
    write_vessel_set(path, "vessel diameter", image, lines, [np.zeros(20, np.float32)])
    return path


def make_gpio(path, start=(1_600_000_000_123, 1000)):
    return gpio_files.write(path, gpio_files.random_stream(3, 50), session={}, start=start)


def make_planes(path, **microscope):
    """A movie without headers, whose footer tells of interleaved planes."""
    make_movie(path, 6)
    return recordings.edit(path, extraProperties={"microscope": microscope})


def planes_of(*foci):
    planes = {f"plane-{i + 1}": {"enabled": True, "focus": f} for i, f in enumerate(foci)}
    return {"enabled": True, "activePlanes": len(foci), "planes": planes}


@pytest.fixture
def warned():
    """Texts of warnings that napari shows."""
    texts = []

    def note(notification):
        texts.append((str(notification.severity), notification.message))

    notification_manager.notification_ready.connect(note)
    yield texts
    notification_manager.notification_ready.disconnect(note)


def added(recording) -> list:
    """The layers of a file, in a viewer."""
    viewer = ViewerModel()
    for data in layers_of(recording):
        viewer._add_layer_from_data(*data)
    return list(viewer.layers)


@pytest.mark.parametrize(
    ("make", "kinds"),
    [
        (make_movie, ["image"]),
        (lambda path: write_image(path, np.eye(4, dtype=np.float32)), ["image"]),
        (make_cells, ["labels", "shapes"]),
        (make_events, ["points"]),
        (make_behavior, ["image", "shapes", "shapes"]),
        (make_vessels, ["image", "shapes"]),
        (make_gpio, ["points"]),
    ],
    ids=["movie", "image", "cells", "events", "behavior", "vessels", "gpio"],
)
def test_every_layer_carries_its_file_its_units_and_its_axes(tmp_path, opened, make, kinds):
    suffix = {make_behavior: "isxb", make_gpio: "gpio"}.get(make, "isxd")
    path = tmp_path / f"one.{suffix}"
    make(path)
    recording = opened(path)
    layers = layers_of(recording)
    assert [kind for _, _, kind in layers] == kinds
    for _, kwargs, _ in layers:
        assert kwargs["metadata"][RECORDING_KEY] is recording
        assert kwargs["name"].endswith("one")
        assert kwargs["units"][-2:] == ("um", "um")
        assert kwargs["axis_labels"][-2:] == ("y", "x")
        assert len(kwargs["units"]) == len(kwargs["axis_labels"]) == len(kwargs["scale"])


def test_layers_of_one_recording_have_units_that_go_together(tmp_path, opened):
    """One layer with other units hides the scale bar's, and napari warns."""
    viewer = ViewerModel()
    files = [
        make_movie(tmp_path / "m.isxd"),
        make_cells(tmp_path / "c.isxd"),
        make_events(tmp_path / "e.isxd"),
        make_vessels(tmp_path / "v.isxd"),
        make_behavior(tmp_path / "b.isxb"),
        make_gpio(tmp_path / "g.gpio"),
    ]
    for path in files:
        for data in layers_of(opened(path)):
            viewer._add_layer_from_data(*data)
    units = [[str(unit) for unit in layer.units] for layer in viewer.layers]
    flat = ["micrometer", "micrometer"]
    timed = ["second", *flat]
    assert units == [timed, flat, flat, timed, flat, flat, timed, flat, flat, timed]
    assert viewer.dims.ndim == 3


@pytest.mark.parametrize("kind", ["movie", "behavior", "gpio"])
def test_a_series_has_the_layers_of_one(tmp_path, kind):
    later = START.replace(hour=1)
    if kind == "movie":
        parts = [make_movie(tmp_path / "a.isxd"), tmp_path / "b.isxd"]
        make_movie(parts[1])
        timing = Timing.regular(40, 0.05, later).to_json()
        recordings.edit(parts[1], timingInfo=timing)
    elif kind == "behavior":
        parts = [
            make_behavior(tmp_path / "a.isxb", start=START),
            make_behavior(tmp_path / "b.isxb", start=later),
        ]
    else:
        parts = [
            make_gpio(tmp_path / "a.gpio"),
            make_gpio(tmp_path / "b.gpio", start=(1_600_001_000, 1)),
        ]
    with open_isx(parts) as series:
        layers = added(series)
        assert {recording_of(layer) for layer in layers} == {series}
        named = {"movie": "a", "behavior": "behavior · a", "gpio": "GPIO · a"}
        assert layers[0].name == named[kind]
        assert len(layers) == {"movie": 1, "behavior": 3, "gpio": 1}[kind]
        del layers


# Planes.


def test_each_focal_plane_has_a_layer_and_the_first_is_seen(tmp_path, opened):
    movie = opened(make_planes(tmp_path / "m.isxd", multiplane=planes_of(240, 480)))
    first, second = added(movie)
    assert [first.name, second.name] == ["plane efocus 240 · m", "plane efocus 480 · m"]
    assert [first.visible, second.visible] == [True, False]
    assert [x.metadata["efocus"] for x in (first, second)] == [240, 480]
    assert [recording_of(x).acquisition_info["efocus"] for x in (first, second)] == [240, 480]
    for layer, samples in ((first, (0, 2, 4)), (second, (1, 3, 5))):
        assert [int(frame.max()) for frame in layer.data.compute()] == list(samples)
        np.testing.assert_allclose(layer.scale[0], 0.1)


def test_each_plane_starts_when_its_first_frame_was_taken(tmp_path, opened):
    movie = opened(make_planes(tmp_path / "m.isxd", multiplane=planes_of(1, 2, 3)))
    starts = [recording_of(layer).timing.start for layer in added(movie)]
    late_s = [(start - movie.timing.start).total_seconds() for start in starts]
    assert late_s == pytest.approx([0, 0.05, 0.1])


def test_planes_of_unknown_focus_have_numbers(tmp_path, opened):
    multiplane = {"enabled": True, "activePlanes": 2}
    layers = added(opened(make_planes(tmp_path / "m.isxd", multiplane=multiplane)))
    assert [layer.name for layer in layers] == ["plane 1 · m", "plane 2 · m"]
    assert not any("efocus" in layer.metadata for layer in layers)


def test_colors_are_seen_together(tmp_path, opened):
    dual = {"enabled": True, "mode": "multiplexing", "startChannel": "red"}
    layers = added(opened(make_planes(tmp_path / "m.isxd", dualColor=dual)))
    assert {layer.name for layer in layers} == {"green · m", "red · m"}
    for layer in layers:
        assert layer.visible
        assert (
            layer.colormap.name
            == layer.metadata["channel"]
            == recording_of(layer).acquisition_info["channel"]
        )
    assert [layer.blending for layer in layers][1] == "additive"
    assert layers[0].blending != "additive"


def test_planes_of_a_series_are_series(tmp_path):
    parts = []
    for i, name in enumerate("ab"):
        parts.append(make_planes(tmp_path / f"{name}.isxd", multiplane=planes_of(240, 480)))
        timing = Timing.regular(6, 0.05, START.replace(hour=1 + i))
        recordings.edit(parts[-1], timingInfo=timing.to_json())
    with open_isx(parts) as series:
        layers = added(series)
        assert [layer.name for layer in layers] == ["plane efocus 240 · a", "plane efocus 480 · a"]
        assert [layer.visible for layer in layers] == [True, False]
        del layers


def test_planes_that_are_badly_described_are_shown_by_turns(tmp_path, opened, warned):
    broken = {"enabled": True, "planes": {"plane-1": {"enabled": True, "focus": "deep"}}}
    (layer,) = added(opened(make_planes(tmp_path / "m.isxd", multiplane=broken)))
    assert layer.name == "m"
    assert layer.data.shape[0] == 6
    ((severity, text),) = warned
    assert severity == "warning"
    assert "m.isxd" in text
    assert "focus" in text
    assert "interleaved" in text


def test_a_broken_zone_hides_neither_the_movie_nor_the_rest(tmp_path, opened, warned):
    bad = {"id": 5, "geometry": {"type": "polygon", "coordinates": "here"}}
    layers = added(opened(make_behavior(tmp_path / "b.isxb", zone=bad)))
    assert [layer.name for layer in layers] == ["behavior · b", "animal · b"]
    ((severity, text),) = warned
    assert severity == "warning"
    assert "b.isxb" in text
    assert "rest of the tracking is shown" in text


def test_a_gpio_file_without_its_end_says_that_times_may_be_off(tmp_path, opened, warned):
    path = make_gpio(tmp_path / "rec.gpio")
    path.write_bytes(path.read_bytes()[: -len(b"{}")])
    (layer,) = added(opened(path))
    assert recording_of(layer).path == path
    ((severity, text),) = warned
    assert severity == "warning"
    assert text.startswith("rec.gpio: its end is missing")
    assert text.endswith("so its clock is taken to run at 1000 Hz. Times may be off.")


def test_each_part_of_a_series_says_what_it_lacks(tmp_path, warned):
    starts = ((1_600_000_000 + 3600 * hour, 1) for hour in (0, 1))
    parts = [make_gpio(tmp_path / f"{n}.gpio", at) for n, at in zip("ab", starts, strict=True)]
    with open_isx(parts) as series:
        assert series.clock_problems == ()
    parts[1].write_bytes(parts[1].read_bytes()[: -len(b"{}")])
    with open_isx(parts) as series:
        added(series)
    ((_, text),) = warned
    assert text.startswith("b.gpio: its end is missing")


@pytest.mark.parametrize(("seeds", "warns"), [((1, 1), False), ((1, 2), True)])
def test_a_series_of_different_cells_says_so(tmp_path, warned, seeds, warns):
    parts = [
        series_files.cells(tmp_path / f"{i}.isxd", start_s=i, seed=seed)
        for i, seed in enumerate(seeds)
    ]
    with open_isx(parts) as series:
        added(series)
    assert any("C0 lies elsewhere than in 0.isxd" in text for _, text in warned) is warns


def test_sound_files_warn_of_nothing(tmp_path, opened, warned):
    added(opened(make_movie(tmp_path / "m.isxd")))
    added(opened(make_behavior(tmp_path / "b.isxb")))
    added(opened(make_gpio(tmp_path / "rec.gpio")))
    assert warned == []


def test_a_kind_that_has_no_layers_is_told_by_name(tmp_path, opened):
    class Other(FileRecording):
        kind = "something new"

        def _summary(self):
            return "something new"

    movie = opened(make_movie(tmp_path / "other.isxd", 3))
    with pytest.raises(UnsupportedIsxError, match=r"other\.isxd: .*Other.*open_isx"):
        layers_of(Other(movie._source))


def test_layers_of_others_show_no_file_of_ours():
    assert recording_of(Image(np.eye(3))) is None
    assert recording_of(Image(np.eye(3), metadata={RECORDING_KEY: "mine"})) is None


def test_every_small_file_becomes_layers_that_napari_takes(tmp_path, opened):
    viewer = ViewerModel()
    for path in recordings.every_kind(tmp_path).values():
        for data in layers_of(opened(path)):
            viewer._add_layer_from_data(*data)
    assert len(viewer.layers) >= 9
    assert all(recording_of(layer) is not None for layer in viewer.layers)


def test_an_nvista_movie_brings_its_channels(tmp_path, opened):
    data = legacy_files.nvista_datasets(np.arange(60, dtype=np.uint16).reshape(3, 4, 5))
    movie = opened(legacy_files.write_hdf5(tmp_path / "m.hdf5", **data))
    layers = layers_of(movie)
    assert [kind for _, _, kind in layers] == ["image", "points"]
    channels = layers[1][1]["metadata"]["napari_isx"]
    assert channels.channel_names == ["IO1", "IO2", "sync", "trigger"]
    channels.close()
