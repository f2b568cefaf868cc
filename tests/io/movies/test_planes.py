"""Multi-plane and dual-color movies: which frame is whose, and each plane as a movie."""

from __future__ import annotations

import io
import json
import pickle
import struct
from datetime import UTC, datetime

import numpy as np
import psutil
import pytest
from helpers import recordings
from helpers.everything import use_everything
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_isx import IsxFileError, Movie, Timing, open_isx
from napari_isx.io.base.recording import put_away, take_out
from napari_isx.io.movies.planes import MoviePlane

START = datetime(2024, 5, 6, tzinfo=UTC)


def multiplane(foci=(100, 500, 900), **changes):
    planes = {f"plane-{i + 1}": {"enabled": True, "focus": f} for i, f in enumerate(foci)}
    planes["plane-9"] = {"enabled": False, "focus": 0}
    return {"multiplane": {"enabled": True, "activePlanes": 3, "planes": planes} | changes}


def dual(**changes):
    return {"dualColor": {"enabled": True, "mode": "multiplexing"} | changes}


def registers(words, first, value, count):
    for i, byte in enumerate(int(value).to_bytes(count, "little")):
        words[first + i] = byte << 4


def movie(path, count, microscope, efoci=None, ids=None, period_us=50_000, **changes):
    """A raw movie, its frames filled with 1, 2, 3 and so on by their samples."""
    missing = {key: changes.pop(key) for key in ("dropped", "cropped") if key in changes}
    timing = Timing.regular(count, period_us / 1e6, changes.pop("start", START), **missing)
    extra = {"producer": {"version": "1.3.0"}, "microscope": microscope} | changes.pop("extra", {})
    payload = b""
    for sample in np.flatnonzero(timing.valid_mask).tolist():
        words = np.zeros(recordings.LINE_WORDS, "<u2")
        registers(words, 1272, 1000 + period_us * sample, 8)
        registers(words, 1270, 0 if efoci is None else efoci[sample], 2)
        registers(words, 1256, 0 if ids is None else ids[sample], 1)
        payload += words.tobytes() + np.full((2, 3), sample + 1, "<u2").tobytes() + bytes(5120)
    footer = recordings.movie_footer(
        np.empty((0, 2, 3)),
        timing=timing.to_json(),
        hasFrameHeaderFooter=True,
        extraProperties=extra,
    )
    return recordings.write(path, payload, footer | changes)


def seen(plane):
    """The samples that a plane shows, None for frames without data."""
    return [int(frame[0, 0]) - 1 if frame.any() else None for frame in plane]


def test_planes_are_every_third_frame_with_their_own_timing(tmp_path):
    efoci = [100, 500, 900] * 4
    path = movie(tmp_path / "m.isxd", 11, multiplane(), efoci, dropped=[4], cropped=[(6, 8)])
    with open_isx(path) as whole:
        assert len(whole) == 11
        planes = whole.planes
        assert [seen(plane) for plane in planes] == [
            [0, 3, None, 9],
            [1, None, None, 10],
            [2, 5, None],
        ]
        assert all(isinstance(plane, Movie) for plane in planes)
        assert [plane.acquisition_info["efocus"] for plane in planes] == [100, 500, 900]
        assert [plane.acquisition_info["efocus"] for plane in planes] == [100, 500, 900]
        assert [plane.timing.dropped for plane in planes] == [(), (1,), ()]
        assert [plane.timing.cropped for plane in planes] == [((2, 2),)] * 3
        for i, plane in enumerate(planes):
            assert plane.timing.period_s == pytest.approx(3 * whole.timing.period_s)
            late_s = (plane.timing.start - START).total_seconds()
            assert late_s == pytest.approx(i * whole.timing.period_s, abs=2e-6)
            np.testing.assert_array_equal(plane.timestamps_us, whole.timestamps_us[i::3])
            np.testing.assert_array_equal(plane[:], whole[i::3])
            np.testing.assert_array_equal(plane.to_dask(2).compute(), whole[i::3])
            np.testing.assert_array_equal(plane.timing.valid_mask, whole.timing.valid_mask[i::3])
            assert plane.spacing == whole.spacing
            assert plane.metadata == whole.metadata
            assert plane.paths == (path,)
            assert plane.planes == []
            assert f"efocus {plane.acquisition_info['efocus']}" in repr(plane)


@settings(max_examples=60)
@given(
    count=st.integers(0, 30),
    num=st.integers(2, 4),
    dropped=st.sets(st.integers(0, 29)),
    cropped=st.lists(st.tuples(st.integers(0, 29), st.integers(0, 5)), max_size=2),
    shift=st.integers(0, 3),
    has_efocus=st.booleans(),
)
def test_no_gap_shifts_a_plane(tmp_path, count, num, dropped, cropped, shift, has_efocus):
    foci = [100 * (i + 1) for i in range(num)]
    shift = shift if has_efocus else 0
    efoci = [foci[(i + shift) % num] for i in range(count)] if has_efocus else None
    ranges = [(a, a + n) for a, n in cropped]
    path = movie(
        tmp_path / "m.isxd", count, multiplane(foci), efoci, dropped=dropped, cropped=ranges
    )
    with open_isx(path) as whole:
        valid = whole.timing.valid_mask.tolist()
        of_sample = {i: foci[(i + shift) % num] for i in range(count) if valid[i]}
        planes = whole.planes
        assert sorted(plane.acquisition_info["efocus"] for plane in planes) == foci
        if len(set(of_sample.values())) < 2:  # headers of one focus say nothing
            return
        for plane in planes:
            shown = [i for i in seen(plane) if i is not None]
            assert shown == [
                i for i, focus in of_sample.items() if focus == plane.acquisition_info["efocus"]
            ]
            times = plane.timing.times_s[plane.timing.valid_mask]
            late_s = (plane.timing.start - whole.timing.start).total_seconds()
            expected = whole.timing.times_s[shown]
            np.testing.assert_allclose(times + late_s, expected, atol=2e-6)


def test_headers_are_believed_before_the_order_of_the_footer(tmp_path):
    path = movie(tmp_path / "m.isxd", 6, multiplane((100, 500)), [500, 100] * 3)
    with open_isx(path) as whole:
        assert {p.acquisition_info.get("efocus"): seen(p) for p in whole.planes} == {
            100: [1, 3, 5],
            500: [0, 2, 4],
        }
    path = movie(tmp_path / "n.isxd", 6, multiplane((100, 500)), [510, 110] * 3)
    with open_isx(path) as whole:
        assert {p.acquisition_info.get("efocus"): seen(p) for p in whole.planes} == {
            510: [0, 2, 4],
            110: [1, 3, 5],
        }


@pytest.mark.parametrize(
    "efoci",
    [[100, 500, 100, 500, 500, 100, 500, 100], [*range(1, 9)], [*[100, 500] * 3, 500, 500]],
)
def test_planes_that_take_no_turns_are_an_error_and_the_movie_is_read(tmp_path, efoci):
    """As where frames are missing that nobody counted."""
    path = movie(tmp_path / "m.isxd", 8, multiplane((100, 500)), efoci)
    with open_isx(path) as whole:
        with pytest.raises(
            IsxFileError, match="planes interleaved, but in its frames' headers the focus"
        ):
            _ = whole.planes
        assert seen(whole) == list(range(8))


def test_the_number_of_planes_will_do(tmp_path):
    microscope = {"multiplane": {"enabled": True, "activePlanes": 3}}
    path = movie(tmp_path / "m.isxd", 6, microscope, [7, 8, 9] * 2)
    with open_isx(path) as whole:
        assert [plane.acquisition_info.get("efocus") for plane in whole.planes] == [7, 8, 9]
    path = movie(tmp_path / "n.isxd", 6, microscope)
    with open_isx(path) as whole:
        assert [plane.acquisition_info.get("efocus") for plane in whole.planes] == [None] * 3
        assert "efocus" not in whole.planes[0].acquisition_info
        assert "plane 1" in repr(whole.planes[1])
        assert [seen(plane) for plane in whole.planes] == [[0, 3], [1, 4], [2, 5]]


def test_a_processed_movie_without_headers_goes_by_its_samples(tmp_path):
    frames = recordings.pixels(5, 2, 3)
    extra = {"microscope": multiplane((100, 500))}
    timing = recordings.timing_info(6, dropped=[1])
    path = recordings.write_movie(tmp_path / "m.isxd", frames, timing=timing, extraProperties=extra)
    with open_isx(path) as whole:
        for plane, samples in zip(whole.planes, (slice(0, 6, 2), slice(1, 6, 2)), strict=True):
            np.testing.assert_array_equal(plane[:], whole[samples])
            assert plane.timestamps_us is None
            assert not plane.has_timestamps


@pytest.mark.parametrize(
    ("changes", "green", "red"),
    [
        ({}, [0, 2, 4, 6], [1, 3, 5]),
        ({"startChannel": "green"}, [0, 2, 4, 6], [1, 3, 5]),
        ({"startChannel": "red"}, [1, 3, 5], [0, 2, 4, 6]),
        ({"muxRatio": {"led1": 2, "led2": 1}}, [0, 1, 3, 4, 6], [2, 5]),
        ({"muxRatio": {"led1": 2, "led2": 1}, "startChannel": "red"}, [1, 2, 4, 5], [0, 3, 6]),
        ({"muxRatio": {"led1": 1, "led2": 3}}, [0, 4], [1, 2, 3, 5, 6]),
        ({"muxRatio": {"led1": 2, "led2": 2}}, [0, 1, 4, 5], [2, 3, 6]),
    ],
)
@pytest.mark.parametrize("has_ids", [False, True])
def test_colors_take_turns_by_their_ratio(tmp_path, changes, green, red, has_ids):
    ids = [3 if i in green else 12 for i in range(7)] if has_ids else None
    path = movie(tmp_path / "m.isxd", 7, dual(**changes), ids=ids)
    with open_isx(path) as whole:
        planes = {plane.acquisition_info.get("channel"): plane for plane in whole.planes}
        assert planes.keys() == {"green", "red"}
        for channel, samples in (("green", green), ("red", red)):
            plane = planes[channel]
            assert [i for i in seen(plane) if i is not None] == samples
            assert plane.timing.num_valid == len(samples)
            assert plane.acquisition_info["channel"] == channel
            assert plane.acquisition_info.get("efocus") is None
            times = plane.timing.times_s[plane.timing.valid_mask]
            late_s = (plane.timing.start - START).total_seconds()
            np.testing.assert_allclose(times + late_s, whole.timing.times_s[samples], atol=2e-6)


def test_color_ids_tell_where_in_a_cycle_a_movie_starts(tmp_path):
    ids = [1, 2, 1, 1, 2, 1, 1, 2]  # green twice, red once, from the second green on
    path = movie(tmp_path / "m.isxd", 8, dual(muxRatio={"led1": 2, "led2": 1}), ids=ids)
    with open_isx(path) as whole:
        green, red = whole.planes
        assert seen(red) == [1, 4, 7]
        assert seen(green) == [0, None, 2, 3, None, 5, 6, None]


@pytest.mark.parametrize("ids", [[1, 2, 1, 2, 1, 2, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8]])
def test_colors_that_take_no_turns_are_an_error(tmp_path, ids):
    path = movie(tmp_path / "m.isxd", 8, dual(), ids=ids)
    with open_isx(path) as whole, pytest.raises(IsxFileError, match="two colors interleaved"):
        _ = whole.planes


@pytest.mark.parametrize(
    ("microscope", "extra"),
    [
        ({}, {}),
        (multiplane(enabled=False), {}),
        (multiplane((300,)), {}),
        (multiplane(), {"idps": {"efocus": 500}}),
        (dual(), {"idps": {"channel": "green"}}),
        (dual(mode="single"), {}),
        (dual(enabled=False), {}),
        ({"dualColor": None, "multiplane": None}, {}),
        (multiplane() | dual(), {}),
        ({}, {"microscope": None}),
        ({}, {"microscope": [1]}),
    ],
)
def test_ordinary_movies_have_no_planes(tmp_path, microscope, extra):
    with open_isx(movie(tmp_path / "m.isxd", 3, microscope, extra=extra)) as whole:
        assert whole.planes == []


@pytest.mark.parametrize(
    "microscope",
    [
        {"multiplane": {"enabled": True}},
        {"multiplane": {"enabled": True, "activePlanes": 10**9}},
        {"multiplane": {"enabled": True, "activePlanes": "3"}},
        multiplane(("a", "b")),
        multiplane((10**9, 5)),
        multiplane(range(100)),
        {"multiplane": {"enabled": True, "planes": {"plane-1": 3}}},
        dual(muxRatio={"led1": 10**12, "led2": 1}),
        dual(muxRatio={"led1": 1}),
        dual(muxRatio={"led1": 0, "led2": 1}),
        dual(muxRatio=[2, 1]),
        dual(startChannel="blue"),
        dual(startChannel=["red"]),
    ],
)
def test_a_broken_account_of_planes_is_an_error_of_planes_alone(tmp_path, microscope):
    path = movie(tmp_path / "m.isxd", 3, microscope)
    with open_isx(path) as whole:
        with pytest.raises(IsxFileError, match="microscope"):
            _ = whole.planes
        assert seen(whole) == [0, 1, 2]


def test_a_plane_ends_with_its_movie_and_not_the_other_way_round(tmp_path):
    path = movie(tmp_path / "m.isxd", 6, multiplane((100, 500)))
    with open_isx(path) as whole:
        first, second = whole.planes
        with first:
            use_everything(first)
        assert first.closed
        assert not whole.closed
        assert not second.closed
        with pytest.raises(ValueError, match="closed"):
            first.read_frame(0)
        assert seen(second) == [1, 3, 5]
    assert second.closed
    with pytest.raises(ValueError, match="closed"):
        second.read_frame(0)


def test_the_file_is_put_away_when_the_last_plane_is_gone(tmp_path):
    path = movie(tmp_path / "m.isxd", 6, multiplane((100, 500)))

    def handles():
        return sum(file.path == str(path) for file in psutil.Process().open_files())

    with open_isx(path) as whole:
        first, second = whole.planes
        put_away([first], [second])
        assert handles() == 1
        put_away([second], [])
        assert handles() == 0
        assert seen(first) == [0, 2, 4]
        take_out([first])
        assert handles() == 1
        assert seen(second) == [1, 3, 5]


def test_planes_pickle_by_path(tmp_path):
    path = movie(tmp_path / "m.isxd", 6, multiplane((100, 500)))
    with open_isx(path) as whole:
        second = whole.planes[1]
        stack = second.to_dask()
        assert stack.name not in (whole.to_dask().name, whole.planes[0].to_dask().name)
        with pickle.loads(pickle.dumps(second)) as again:
            assert isinstance(again, MoviePlane)
            assert (again.acquisition_info.get("efocus"), again.path) == (500, path)
            assert seen(again) == [1, 3, 5]
            assert again.__dask_tokenize__() == second.__dask_tokenize__()
        assert not second.closed
        stack = pickle.loads(pickle.dumps(stack))
        np.testing.assert_array_equal(stack.compute(scheduler="synchronous"), second[:])


def test_planes_of_a_series_are_series(tmp_path):
    later = datetime.fromtimestamp(START.timestamp() + 0.55, UTC)
    first = movie(tmp_path / "a.isxd", 7, multiplane((100, 500)), [100, 500, 100, 500] * 2)
    second = movie(
        tmp_path / "b.isxd", 5, multiplane((100, 500)), [100, 500, 100, 500, 100], start=later
    )
    with open_isx([first, second]) as series:
        planes = series.planes
        assert [plane.acquisition_info["efocus"] for plane in planes] == [100, 500]
        own = [[i for i in seen(plane) if i is not None] for plane in planes]
        assert own == [[0, 2, 4, 6, 0, 2, 4], [1, 3, 5, 1, 3]]
        assert planes[0].paths == (first, second)
        with pickle.loads(pickle.dumps(planes[1])) as again:
            np.testing.assert_array_equal(again[:], planes[1][:])
        assert not series.closed
    assert planes[0].closed
    plain = movie(tmp_path / "c.isxd", 5, {}, start=later)
    with open_isx([first, plain]) as series, pytest.raises(IsxFileError, match="number of planes"):
        _ = series.planes


def compressed(path, microscope, efoci, num_words):
    """A compressed movie of one tile, its frames filled with 11, 12, 13 and so on."""
    av = pytest.importorskip("av")
    target = io.BytesIO()
    with av.open(target, "w", format="avi") as container:
        stream = container.add_stream("ffv1", rate=20)
        stream.height, stream.width, stream.pix_fmt = 16, 32, "gray"
        for i in range(len(efoci)):
            picture = np.full((16, 32), 11 + i, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
        container.mux(stream.encode(None))
    video, metadata = target.getvalue(), b""
    for focus in efoci:
        words = np.zeros(1280, "<u2")
        registers(words, 1270, focus, 2)
        metadata += words[1280 - num_words :].tobytes() + bytes([177])
    footer = recordings.movie_footer(
        np.empty((len(efoci), 16, 32)), extraProperties={"microscope": microscope}
    )
    session, at = json.dumps(footer).encode(), 136 + len(video)
    header = struct.pack("<3Q4Q", 1, 1, 0, 1, 1, num_words, len(efoci))
    header += struct.pack("<4H2I2Q", 1, 1, 1, 0, 32, 16, len(video), 136)
    header += struct.pack("<4H2I2Q", 2, 0, 0, 0, 32, 16, len(metadata), at)
    header += struct.pack("<2Q", at + len(metadata), len(session))
    path.write_bytes(header + video + metadata + session)
    return path


@pytest.mark.parametrize(("num_words", "first"), [(22, 500), (10, 500), (9, 100), (0, 100)])
def test_compressed_movies_have_planes_with_and_without_sensor_words(tmp_path, num_words, first):
    efoci = [500, 100, 500, 100, 500]
    path = compressed(tmp_path / "m.isxc", multiplane((100, 500)), efoci, num_words)
    with open_isx(path) as whole:
        found = {
            plane.acquisition_info.get("efocus"): [int(frame[0, 0]) for frame in plane]
            for plane in whole.planes
        }
        assert found[first] == [11, 13, 15]
        assert found[600 - first] == [12, 14]
    path = compressed(tmp_path / "n.isxc", dual(), efoci, num_words)
    with open_isx(path) as whole:
        assert [len(plane) for plane in whole.planes] == [3, 2]


@pytest.mark.parametrize("foci", [("100", "500"), (100.0, 500.0), (100, "0500")])
def test_a_focus_is_a_number_however_it_is_written(tmp_path, foci):
    with open_isx(movie(tmp_path / "m.isxd", 4, multiplane(foci))) as whole:
        assert [plane.acquisition_info.get("efocus") for plane in whole.planes] == [100, 500]


@pytest.mark.parametrize("focus", ["", "1e2", "-5", "x", "70000", "1" * 5000, None])
def test_a_focus_that_is_none_is_named(tmp_path, focus):
    with open_isx(movie(tmp_path / "m.isxd", 4, multiplane((100, focus)))) as whole:
        with pytest.raises(IsxFileError, match=r"plane-2\.focus"):
            whole.planes  # noqa: B018
        assert whole[3].any()
