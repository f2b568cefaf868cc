"""Vessel sets of both kinds, bit for bit as `isx` writes and reads them."""

from __future__ import annotations

import pickle
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import recordings
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_isx import IsxFileError, Timing, VesselSet, open_isx, write_vessel_set

ROWS, COLS, SAMPLES = 3, 7, 5
SIZES = [[4, 2], [3, 5], [1, 1]]  # width, height


def blocks(
    kind: str,
    count: int,
    *,
    center: bool = False,
    direction: bool = False,
    sizes: Sequence[Sequence[int]] | None = None,
) -> list[dict[str, np.ndarray]]:
    """What a file stores of each vessel, in order."""
    rng = recordings.rng(4)
    points = 4 if kind == "rbc velocity" else 2
    vessels = []
    for i in range(count):
        parts = {
            "line": rng.integers(-9, 900, (points, 2)).astype("<i8"),
            "trace": rng.standard_normal(SAMPLES).astype("<f4"),
        }
        parts["trace"][1] = np.nan
        if center:
            parts["center_trace"] = rng.standard_normal(SAMPLES).astype("<f4")
        if direction:
            parts["direction_trace"] = rng.standard_normal(SAMPLES).astype("<f4")
        if sizes is not None:
            width, height = sizes[i]
            maps = rng.standard_normal((SAMPLES, 3, height, width)).astype("<f4")
            parts["correlations"] = maps
        vessels.append(parts)
    return vessels


IMAGE = recordings.rng(5).standard_normal((ROWS, COLS)).astype("<f4")


def footer(kind: str, vessels: Sequence[dict[str, np.ndarray]], **changes: Any) -> dict[str, Any]:
    count = len(vessels)
    stored = "red blood cell velocity" if kind == "rbc velocity" else kind
    values = {
        "type": 8,
        "fileVersion": 5,
        "dataType": "float",
        "VesselNames": recordings.UNICODE_NAMES[:count],
        "VesselStatuses": [2, 0, 1][:count],
        "VesselColors": [0xFF010203, 0x80FFFE00, 0x00000001][:count],
        "VesselActivity": [True] * count,
        "SizeGlobalVS": 0,
        "efocusValues": [0],
        "timingInfo": recordings.timing_info(SAMPLES, dropped=[1]),
        "spacingInfo": recordings.spacing_info(ROWS, COLS),
        "extraProperties": {"idps": {"vesselset": {"type": stored, "units": "microns"}}},
    }
    if vessels and "center_trace" in vessels[0]:
        values["VesselCenterSaved"] = True
    if vessels and "direction_trace" in vessels[0]:
        values["VesselDirectionSaved"] = True
    if vessels and "correlations" in vessels[0]:
        shapes = (vessel["correlations"].shape for vessel in vessels)
        values["VesselCorrelationSizes"] = [[shape[3], shape[2]] for shape in shapes]
    return values | changes


def write(path: Path, kind: str, vessels: Sequence[dict[str, np.ndarray]], **changes: Any) -> Path:
    payload = b""
    if vessels:
        payload = IMAGE.tobytes()
        payload += b"".join(part.tobytes() for vessel in vessels for part in vessel.values())
        payload += bytes(vessels[0]["line"].nbytes)
    return recordings.write(path, payload, footer(kind, vessels, **changes))


LAYOUTS = {
    "diameters alone": ("vessel diameter", {}),
    "diameters with centers": ("vessel diameter", {"center": True}),
    "velocities alone": ("rbc velocity", {}),
    "velocities with directions": ("rbc velocity", {"direction": True}),
    "velocities with maps": ("rbc velocity", {"direction": True, "sizes": SIZES}),
}


@pytest.fixture(params=LAYOUTS.values(), ids=LAYOUTS)
def layout(request: pytest.FixtureRequest, tmp_path: Path):
    kind, options = request.param
    vessels = blocks(kind, 3, **options)
    return kind, vessels, write(tmp_path / "vessels.isxd", kind, vessels)


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def test_every_part_is_that_of_its_vessel(layout) -> None:
    kind, vessels, path = layout
    with open_isx(path) as opened:
        assert isinstance(opened, VesselSet)
        assert (opened.num_vessels, opened.vessel_type) == (3, kind)
        assert same_bits(opened.image, IMAGE)
        for i, parts in enumerate(vessels):
            for name in ("line", "trace", "center_trace", "direction_trace"):
                have = getattr(opened, name)(i)
                assert same_bits(have, parts[name]) if name in parts else have is None
            for t in range(SAMPLES):
                maps = opened.correlations(i, t)
                if "correlations" in parts:
                    assert same_bits(maps, parts["correlations"][t])
                else:
                    assert maps is None
        assert opened.has_correlations == ("correlations" in vessels[0])


def assert_equals_isx(isx, path: Path, *, maps: bool = True) -> None:
    theirs = isx.VesselSet.read(str(path))
    with open_isx(path) as ours:
        assert ours.num_vessels == theirs.num_vessels
        assert ours.vessel_type.replace(" ", "_").upper() == theirs.get_vessel_set_type().name
        assert ours.acquisition_info == theirs.get_acquisition_info()
        assert ours.timing.num_samples == theirs.timing.num_samples
        assert ours.timing.dropped == tuple(theirs.timing.dropped)
        assert ours.spacing.num_pixels == theirs.spacing.num_pixels
        assert ours.has_correlations == theirs.has_correlation_heatmaps()
        for i in range(ours.num_vessels):
            assert ours.names[i] == theirs.get_vessel_name(i)
            assert ours.statuses[i] == theirs.get_vessel_status(i)
            assert same_bits(ours.image, theirs.get_vessel_image_data(i))
            assert same_bits(ours.line(i), theirs.get_vessel_line_data(i))
            assert same_bits(ours.trace(i), theirs.get_vessel_trace_data(i))
            for name in ("center_trace", "direction_trace"):
                read = getattr(theirs, f"get_vessel_{name}_data")
                have = getattr(ours, name)(i)
                if have is None:
                    with pytest.raises(Exception, match=r"saved|can only|Reading"):
                        read(i)
                else:
                    assert same_bits(have, read(i))
            for t in range(ours.timing.num_samples if maps and ours.has_correlations else 0):
                have = ours.correlations(i, t)
                assert same_bits(have, theirs.get_vessel_correlations_data(i, t))
    del theirs


def test_every_layout_reads_as_isx_reads_it(isx, layout) -> None:
    assert_equals_isx(isx, layout[2])


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("kind", ["vessel diameter", "rbc velocity"])
def test_files_that_isx_wrote_read_as_it_reads_them(
    isx, tmp_path: Path, kind: str, maps: bool, count: int
) -> None:
    path = tmp_path / "theirs.isxd"
    timing = isx.Timing(num_samples=SAMPLES, dropped=[1])
    spacing = isx.Spacing(num_pixels=(ROWS, COLS))
    written = isx.VesselSet.write(str(path), timing, spacing, kind)
    vessels = blocks(kind, count, center=True, direction=True, sizes=SIZES if maps else None)
    for i, parts in enumerate(vessels):
        line, trace = parts["line"], parts["trace"]
        if kind == "rbc velocity":
            direction, stored = parts["direction_trace"], parts.get("correlations")
            written.set_rbc_velocity_data(i, IMAGE, line, trace, direction, stored, f"V {i}")
        else:
            center = parts["center_trace"]
            written.set_vessel_diameter_data(i, IMAGE, line, trace, center, f"V {i}")
    written.flush()
    del written
    assert_equals_isx(isx, path)


def test_maps_without_directions_are_where_the_footer_puts_them(isx, tmp_path: Path) -> None:
    """`isx` looks for them a trace further on, and returns other numbers."""
    vessels = blocks("rbc velocity", 2, sizes=SIZES)
    path = write(tmp_path / "vessels.isxd", "rbc velocity", vessels)
    assert_equals_isx(isx, path, maps=False)
    theirs = isx.VesselSet.read(str(path))
    with open_isx(path) as ours:
        want = vessels[1]["correlations"]
        assert same_bits(ours.correlations(1, 2), want[2])
        # A trace is as long as a part of the maps: their numbers begin inside ours.
        shifted = want.ravel()[2 * want[0].size + SAMPLES :][: want[0].size]
        assert same_bits(theirs.get_vessel_correlations_data(1, 2).ravel(), shifted)
    del theirs


def test_a_set_older_than_5_opens(isx, tmp_path: Path) -> None:
    """`isx` reads the kind of set only from version 5 on, and fails."""
    vessels = blocks("vessel diameter", 2)
    path = write(tmp_path / "vessels.isxd", "vessel diameter", vessels, fileVersion=4)
    with pytest.raises(Exception, match="type must be string"):
        isx.VesselSet.read(str(path))
    with open_isx(path) as ours:
        assert same_bits(ours.trace(1), vessels[1]["trace"])


def test_another_name_means_diameters_as_in_isx(isx, tmp_path: Path) -> None:
    vessels = blocks("vessel diameter", 2)
    extra = {"idps": {"vesselset": {"type": "rbc velocity"}}}
    path = write(tmp_path / "v.isxd", "vessel diameter", vessels, extraProperties=extra)
    assert_equals_isx(isx, path)


def test_footer_facts(tmp_path: Path) -> None:
    path = write(tmp_path / "v.isxd", "vessel diameter", blocks("vessel diameter", 3))
    with open_isx(path) as opened:
        assert opened.names == recordings.UNICODE_NAMES[:3]
        assert opened.statuses == ["rejected", "accepted", "undecided"]
        assert opened.colors.tolist() == [[1, 2, 3, 255], [255, 254, 0, 128], [0, 0, 1, 0]]
        assert opened.trace_units == "microns"
        assert opened.spacing.pixel_size_um == (6.0, 17.6)
        assert opened.timing.dropped == (1,)
        assert repr(opened).endswith("3 of vessel diameter, 5 samples at 20 Hz>")
        with pickle.loads(pickle.dumps(opened)) as copy:
            assert same_bits(copy.trace(2), opened.trace(2))


def test_indices_count_from_the_end_and_end(tmp_path: Path) -> None:
    vessels = blocks("rbc velocity", 2, direction=True, sizes=SIZES)
    with open_isx(write(tmp_path / "v.isxd", "rbc velocity", vessels)) as opened:
        assert same_bits(opened.trace(-1), vessels[1]["trace"])
        assert same_bits(opened.correlations(-1, -1), vessels[1]["correlations"][-1])
        for read in (opened.line, opened.trace, opened.center_trace, opened.direction_trace):
            for i in (2, -3):
                with pytest.raises(IndexError, match="which has 2 vessels"):
                    read(i)
        for t in (SAMPLES, -SAMPLES - 1):
            with pytest.raises(IndexError, match="which has 5 samples"):
                opened.correlations(0, t)


def test_a_set_without_vessels_has_an_empty_image(isx, tmp_path: Path) -> None:
    path = write(tmp_path / "v.isxd", "rbc velocity", [])
    assert_equals_isx(isx, path)
    with open_isx(path) as opened:
        assert same_bits(opened.image, np.zeros((ROWS, COLS), "<f4"))
        assert opened.colors.shape == (0, 4)


def test_reading_after_closing_is_an_error(layout) -> None:
    opened = open_isx(layout[2])
    opened.close()
    with pytest.raises(ValueError, match="closed"):
        opened.trace(0)


# Writing.


@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize(("kind", "options"), LAYOUTS.values(), ids=LAYOUTS)
def test_written_sets_read_equal_here_and_in_isx(
    isx, tmp_path: Path, kind: str, options: dict[str, Any], count: int
) -> None:
    vessels = blocks(kind, count, **options)
    path = tmp_path / "ours.isxd"
    keys = {"center": "center_traces", "direction": "direction_traces", "sizes": "correlations"}
    parts = {"center": "center_trace", "direction": "direction_trace", "sizes": "correlations"}
    given = {keys[key]: [vessel[parts[key]] for vessel in vessels] for key in options}
    write_vessel_set(
        path,
        kind,
        IMAGE,
        [vessel["line"] for vessel in vessels],
        [vessel["trace"] for vessel in vessels],
        **given,
        statuses=["rejected", "accepted"][:count],
        colors=[[1, 2, 3, 4], [5, 6, 7, 8]][:count] if count else None,
        timing=Timing(SAMPLES, dropped=(1,)),
        extra_properties={"animal": {"id": "m 1"}, "idps": {"vesselset": {"units": "mm/s"}}},
    )
    with open_isx(path) as opened:
        assert opened.vessel_type == kind
        assert opened.names == ["V0", "V1"][:count]
        assert opened.statuses == ["rejected", "accepted"][:count]
        assert opened.colors.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]][:count]
        assert opened.trace_units == "mm/s"
        for i, vessel in enumerate(vessels):
            for name in ("line", "trace", "center_trace", "direction_trace"):
                have = getattr(opened, name)(i)
                assert same_bits(have, vessel[name]) if name in vessel else have is None
            if "correlations" in vessel:
                assert same_bits(opened.correlations(i, 3), vessel["correlations"][3])
    if isx is not None:
        theirs = isx.VesselSet.read(str(path))
        assert theirs.num_vessels == count
        del theirs


LINE, TRACE = np.zeros((2, 2)), np.zeros(SAMPLES)


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"vessel_type": "width"}, "unknown kind of vessels 'width'"),
        ({"lines": [LINE] * 2}, "1 of trace for 2 vessels"),
        ({"lines": [np.zeros((4, 2))]}, "line of shape"),
        ({"traces": [np.zeros(4)], "timing": Timing(5)}, "trace of shape"),
        ({"center_traces": [np.zeros(4)]}, "center trace of shape"),
        ({"direction_traces": [TRACE]}, "has no direction trace"),
        ({"correlations": [np.zeros((5, 3, 1, 1))]}, "has no correlations"),
        ({"vessel_type": "rbc velocity", "center_traces": [TRACE]}, "has no center trace"),
        (
            {"vessel_type": "rbc velocity", "correlations": [np.zeros((5, 3, 1, 1))]},
            "need direction traces",
        ),
        ({"names": ["a", "b"]}, "VesselNames: 2 values for 1 vessels"),
        ({"statuses": ["good"]}, "unknown status 'good'"),
        ({"lines": [], "traces": []}, "needs timing"),
        ({"image": np.zeros((2, 3, 4))}, "image"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_written(
    tmp_path: Path, changes: dict[str, Any], finding: str
) -> None:
    good = {
        "vessel_type": "vessel diameter", "image": IMAGE, "lines": [LINE], "traces": [TRACE],
    }  # fmt: skip
    with pytest.raises(ValueError, match=finding):
        write_vessel_set(tmp_path / "v.isxd", **(good | changes))
    assert not list(tmp_path.iterdir())


def test_an_empty_list_of_sizes_means_no_maps(isx, tmp_path: Path) -> None:
    vessels = blocks("rbc velocity", 2, direction=True)
    path = write(tmp_path / "v.isxd", "rbc velocity", vessels, VesselCorrelationSizes=[])
    theirs = isx.VesselSet.read(str(path))
    with open_isx(path) as ours:
        assert not ours.has_correlations
        assert not theirs.has_correlation_heatmaps()
        assert ours.correlations(0, 0) is None
        for i in range(2):
            assert same_bits(ours.trace(i), theirs.get_vessel_trace_data(i))
            assert same_bits(ours.direction_trace(i), theirs.get_vessel_direction_trace_data(i))
    del theirs


# Broken files.


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"VesselNames": None}, "VesselNames"),
        ({"VesselStatuses": [0, 1]}, "one value for each of the 3 vessels"),
        ({"VesselStatuses": [0, 1, 3]}, "VesselStatuses"),
        ({"VesselColors": [0]}, "VesselColors"),
        ({"VesselCenterSaved": 1}, "true or false"),
        ({"VesselCenterSaved": True}, "3 vessels should take"),
        ({"VesselNames": ["a"] * 4, "VesselStatuses": [0] * 4, "VesselColors": [0] * 4}, "4 vess"),
        ({"extraProperties": None}, "extraProperties"),
        ({"extraProperties": {"idps": {"vesselset": {}}}}, r"idps\.vesselset\.type"),
        ({"extraProperties": {"idps": {"vesselset": {"type": 8}}}}, "a text"),
        ({"timingInfo": recordings.timing_info(10**8)}, "should take"),
        ({"timingInfo": recordings.timing_info(10**18)}, "numTimes"),
    ],
)
def test_a_footer_that_lies_is_named(tmp_path: Path, changes: dict[str, Any], finding: str) -> None:
    vessels = blocks("vessel diameter", 3)
    path = write(tmp_path / "v.isxd", "vessel diameter", vessels, **changes)
    start = time.thread_time()
    with pytest.raises(IsxFileError, match=finding) as caught:
        open_isx(path)
    assert time.thread_time() - start < 1
    assert "v.isxd" in str(caught.value)


@pytest.mark.parametrize(
    "sizes",
    [[[4, 2]], [[4, 2, 1]] * 2, [[-1, 2]] * 2, [[2**40, 2]] * 2, [4, 2], "big", [[1.5, 1]] * 2],
)
def test_sizes_of_maps_that_lie_are_named(tmp_path: Path, sizes: Any) -> None:
    vessels = blocks("rbc velocity", 2, direction=True, sizes=SIZES)
    path = write(tmp_path / "v.isxd", "rbc velocity", vessels, VesselCorrelationSizes=sizes)
    with pytest.raises(IsxFileError, match="VesselCorrelationSizes"):
        open_isx(path)


@settings(max_examples=200)
@given(st.data())
def test_any_damage_gives_numbers_or_the_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    vessels = blocks("rbc velocity", 2, direction=True, sizes=SIZES)
    whole = write(folder / "whole.isxd", "rbc velocity", vessels).read_bytes()
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(whole)))
        del damaged[at : at + data.draw(st.integers(0, 64))]
    path = folder / "v.isxd"
    path.write_bytes(damaged)
    try:
        with open_isx(path) as opened:
            assert opened.metadata
            if isinstance(opened, VesselSet):
                for i in range(opened.num_vessels):
                    assert opened.trace(i).shape == (opened.timing.num_samples,)
    except IsxFileError:
        pass
