from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import tifffile
from helpers.behavior_files import isxb
from helpers.recordings import pixels, timing_info, write_movie, write_raw_movie

from napari_isx import Movie, Spacing, Timing, export_movie, open_isx
from napari_isx.export.video import playback, shown_frames

GAPS = timing_info(8, dropped=[1], cropped=["3 - 4"], blank=[6])


@pytest.fixture
def movie(tmp_path: Path, opened):
    return opened(write_movie(tmp_path / "movie.isxd", pixels(4, 5, 7), timing=GAPS))


def stamped(tmp_path: Path, opened):
    counters = [1_000_000, 1_050_100, 1_099_900, 1_150_700]
    return opened(write_raw_movie(tmp_path / "raw.isxd", pixels(4, 3, 5), counters))


@pytest.mark.parametrize("name", ["out.tif", "out.ome.tif"])
@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_a_tiff_has_every_value_and_the_scale(tmp_path, opened, name, code):
    movie = opened(write_movie(tmp_path / "m.isxd", pixels(4, 5, 7, code), code, timing=GAPS))
    exported = export_movie(movie, tmp_path / name)
    assert exported.paths == (tmp_path / name,)
    with tifffile.TiffFile(tmp_path / name) as tiff:
        assert len(tiff.pages) == 8
        np.testing.assert_array_equal(tiff.asarray(), movie[:])
        for i, page in enumerate(tiff.pages):
            np.testing.assert_array_equal(page.asarray(), movie[i])
        x = tiff.pages[0].tags["XResolution"].value
        per_unit = Fraction(*x)
        if name == "out.tif":
            assert tiff.is_imagej
            assert not tiff.is_bigtiff
            assert tiff.imagej_metadata["unit"] == "micron"
            assert tiff.imagej_metadata["finterval"] == movie.timing.period_s
            assert 1 / per_unit == Fraction(176, 10)
            assert "pixel_height=6.0" in tiff.pages[0].description
            labels = tiff.imagej_metadata["Labels"]
            assert labels[0] == "0.000000 s"
            assert labels[1] == "0.050000 s dropped"
            assert [label.split()[-1] for label in labels] == [
                *("s", "dropped", "s", "cropped", "cropped", "s", "blank", "s")
            ]
        else:
            assert tiff.is_bigtiff
            assert tiff.is_ome
            import xml.etree.ElementTree as ET

            ns = {"o": "http://www.openmicroscopy.org/Schemas/OME/2016-06"}
            pixel = ET.fromstring(tiff.ome_metadata).find("o:Image/o:Pixels", ns)
            assert float(pixel.get("PhysicalSizeX")) == 17.6
            assert float(pixel.get("PhysicalSizeY")) == 6
            assert pixel.get("PhysicalSizeXUnit") == "µm"
            assert pixel.get("TimeIncrement") == "0.05"
            planes = pixel.findall("o:Plane", ns)
            assert [float(p.get("DeltaT")) for p in planes] == pytest.approx(
                movie.timing.times_s.tolist()
            )
            text = ET.fromstring(tiff.ome_metadata).find("o:Image/o:Description", ns).text
            assert "Frames cropped, from 0: 3-4" in text


def test_the_times_of_frames_are_the_hardwares(tmp_path, opened):
    movie = stamped(tmp_path, opened)
    export_movie(movie, tmp_path / "out.tif")
    with tifffile.TiffFile(tmp_path / "out.tif") as tiff:
        assert tiff.imagej_metadata["Labels"] == [
            *("0.000000 s", "0.050100 s", "0.099900 s", "0.150700 s")
        ]


def test_a_range_of_time_and_field(tmp_path, movie):
    cut = {"rows": slice(1, 4), "cols": slice(2, 7)}
    export_movie(movie, tmp_path / "a.tif", frames=slice(2, 8, 2), **cut)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), movie[2:8:2, 1:4, 2:7])
    export_movie(movie, tmp_path / "b.tif", times_s=(0.1, 0.25))
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), movie[2:5])
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert tiff.imagej_metadata["finterval"] == pytest.approx(0.1)
        assert "Top left (um): -6, 941.6" in tiff.imagej_metadata["Info"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames": slice(5, 5)},
        {"frames": slice(None, None, -1)},
        {"rows": slice(0, 4, 2)},
        {"plane": 0},
        {"frames": slice(0, 1), "times_s": (0.0, 1.0)},
        {"write_invalid_frames": False},
    ],
)
def test_a_range_in_which_nothing_is_says_so(tmp_path, movie, wrong):
    with pytest.raises(ValueError, match=r"\w+ \w+ \w+"):
        export_movie(movie, tmp_path / "a.tif", **wrong)
    assert not list(tmp_path.glob("a.tif*"))


def test_one_frame_and_odd_bytes(tmp_path):
    for frames in (np.arange(35, dtype="u1").reshape(1, 5, 7), np.full((3, 1, 1), 9, "u1")):
        for name in ("a.tif", "a.ome.tif", "b.tif"):
            layout = "isx" if name == "b.tif" else None
            export_movie(Movie.from_array(frames), tmp_path / name, layout=layout, overwrite=True)
            found = tifffile.imread(tmp_path / name)
            np.testing.assert_array_equal(found.reshape(frames.shape), frames)


def test_a_stack_over_4_gb_is_a_bigtiff(tmp_path, monkeypatch, movie):
    monkeypatch.setattr("napari_isx.export.tiff._MOST_CLASSIC", 100)
    export_movie(movie, tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert tiff.is_bigtiff
        assert tiff.is_imagej
        np.testing.assert_array_equal(tiff.asarray(), movie[:])


@pytest.mark.parametrize("code", [0, 1, 2])
@pytest.mark.parametrize("invalid", [False, True])
def test_the_layout_of_isx_is_byte_for_byte_what_it_writes(tmp_path, isx, opened, code, invalid):
    path = write_movie(tmp_path / "m.isxd", pixels(4, 5, 7, code), code, timing=GAPS)
    isx.export_movie_to_tiff([str(path)], str(tmp_path / "theirs.tif"), invalid)
    export_movie(opened(path), tmp_path / "ours.tif", layout="isx", write_invalid_frames=invalid)
    assert (tmp_path / "ours.tif").read_bytes() == (tmp_path / "theirs.tif").read_bytes()


def test_a_series_in_the_layout_of_isx(tmp_path, isx):
    frames = pixels(4, 3, 5)
    paths = [
        write_movie(tmp_path / "s1.isxd", frames, timing=timing_info(6, dropped=[1], blank=[3])),
        write_movie(
            tmp_path / "s2.isxd", frames, timing=timing_info(4, seconds=(1_600_000_000_423, 1000))
        ),
    ]
    theirs = str(tmp_path / "theirs.tif")
    isx.export_movie_to_tiff([str(path) for path in paths], theirs)
    with open_isx(paths) as series:
        out = tmp_path / "ours.tif"
        export_movie(series, out, layout="isx", write_invalid_frames=False)
    assert out.read_bytes() == Path(theirs).read_bytes()


def test_the_layout_of_isx_goes_on_in_another_file(tmp_path, monkeypatch, movie):
    monkeypatch.setattr("napari_isx.export.tiff.PAGES_PER_FILE", 3)
    many = Movie.from_array(pixels(11, 2, 2))
    exported = export_movie(many, tmp_path / "a.tif", layout="isx")
    assert [path.name for path in exported.paths] == [
        *("a.tif", "a_01.tif", "a_02.tif", "a_03.tif")
    ]
    found = np.concatenate([tifffile.imread(path).reshape(-1, 2, 2) for path in exported.paths])
    np.testing.assert_array_equal(found, many[:])
    (tmp_path / "a.tif").unlink()
    with pytest.raises(FileExistsError):
        export_movie(many, tmp_path / "a.tif", layout="isx")


def test_nothing_is_left_of_a_canceled_export(tmp_path, movie):
    def stop(fraction: float) -> None:
        if fraction > 0.4:
            raise KeyboardInterrupt

    for name in ("a.tif", "b.tif", "a.zarr", "a.mp4", "a.gif"):
        with pytest.raises(KeyboardInterrupt):
            export_movie(
                movie, tmp_path / name, layout="isx" if name[0] == "b" else None, progress=stop
            )
    assert [path.name for path in tmp_path.iterdir()] == ["movie.isxd"]


def test_what_is_there_is_replaced_on_request_only(tmp_path, movie):
    for name in ("a.tif", "a.zarr", "a.mp4"):
        export_movie(movie, tmp_path / name)
        with pytest.raises(FileExistsError, match="exists already"):
            export_movie(movie, tmp_path / name)
        export_movie(movie, tmp_path / name, overwrite=True)
    (tmp_path / "photos.zarr").mkdir()
    (tmp_path / "photos.zarr" / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(FileExistsError, match="not a Zarr folder"):
        export_movie(movie, tmp_path / "photos.zarr", overwrite=True)
    with pytest.raises(ValueError, match=r"movies are written as \.tif"):
        export_movie(movie, tmp_path / "a.avi")
    assert not list(tmp_path.glob("*.part")) + list(tmp_path.glob("*.old"))


@pytest.mark.parametrize("code", [0, 3])
def test_ome_zarr(tmp_path, opened, code):
    zarr = pytest.importorskip("zarr")
    movie = opened(write_movie(tmp_path / "m.isxd", pixels(4, 5, 7, code), code, timing=GAPS))
    export_movie(movie, tmp_path / "a.ome.zarr", rows=slice(1, 5))
    group = zarr.open_group(str(tmp_path / "a.ome.zarr"), mode="r")
    expected = movie[:, 1:5]
    found = group["0"][:]
    np.testing.assert_array_equal(np.moveaxis(found, 1, -1) if code == 3 else found, expected)
    np.testing.assert_array_equal(group["times_s"][:], movie.timing.times_s)
    assert group["frame_status"][:].tolist() == [0, 1, 0, 2, 2, 0, 3, 0]
    ome = dict(group.attrs)["ome"]
    assert ome["version"] == "0.5"
    (scales,) = ome["multiscales"]
    names = [axis["name"] for axis in scales["axes"]]
    assert names == (["t", "c", "y", "x"] if code == 3 else ["t", "y", "x"])
    scale, translation = scales["datasets"][0]["coordinateTransformations"]
    assert scale["scale"][0] == 0.05
    assert scale["scale"][-2:] == [6, 17.6]
    np.testing.assert_allclose(translation["translation"][-2:], [-12 + 1.5 * 6, 906.4 + 8.8])
    assert group.metadata.zarr_format == 3
    assert group.attrs["napari_isx"]["missing_frames"]["cropped"] == [3, 4]


def test_shards_hold_what_fits(tmp_path, monkeypatch):
    zarr = pytest.importorskip("zarr")
    monkeypatch.setattr("napari_isx.export.zarr_movie._SHARD_BYTES", 300)
    movie = Movie.from_array(pixels(11, 5, 7))
    export_movie(movie, tmp_path / "a.zarr")
    array = zarr.open_group(str(tmp_path / "a.zarr"), mode="r")["0"]
    assert array.shards == (4, 5, 7)
    np.testing.assert_array_equal(array[:], movie[:])


def ramp(count: int = 30, shape: tuple[int, int] = (33, 47)) -> Movie:
    """Brighter with every frame."""
    frames = np.empty((count, *shape), np.uint16)
    frames[:] = (1000 + 20 * np.arange(count))[:, None, None]
    timing = Timing.regular(count, Fraction(1, 10))
    return Movie.from_array(frames, timing=timing, spacing=Spacing.regular(shape))


def decoded(path: Path) -> tuple[list[np.ndarray], float, str]:
    av = pytest.importorskip("av")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(stream)]
        return frames, float(stream.average_rate), stream.codec_context.name


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_clip_shows_every_frame_in_real_time(tmp_path, suffix):
    movie, path = ramp(), tmp_path / f"clip{suffix}"
    exported = export_movie(movie, path, contrast=(1000, 1580))
    frames, rate, codec = decoded(path)
    assert rate == pytest.approx(10)
    assert len(frames) == 30
    assert exported.codec == ("GIF" if suffix == ".gif" else "H.264 (libx264)")
    assert codec == ("gif" if suffix == ".gif" else "h264")
    means = [float(frame[:33, :47].mean()) for frame in frames]
    expected = np.linspace(0, 255, 30)
    np.testing.assert_allclose(means, expected, atol=6)
    if suffix == ".gif":
        assert frames[0].shape == (33, 47)


def test_a_fast_clip_leaves_frames_out(tmp_path):
    movie = ramp(400, (16, 16))
    export_movie(movie, tmp_path / "a.mp4", speed=20, contrast=(1000, 8980))
    frames, rate, _ = decoded(tmp_path / "a.mp4")
    assert rate == 60
    assert len(frames) == 120  # 40 s in 2 s
    assert np.diff([frame.mean() for frame in frames]).min() >= 0


def test_a_slow_movie_stands_still_in_between():
    assert playback(".mp4", 1.0, 1) == 10
    assert shown_frames(np.array([0.0, 1.0, 2.0]), 1.0, 0.5) == [0, 0, 1, 1, 2, 2]
    assert playback(".gif", 1 / 30, 1) == 25
    with pytest.raises(ValueError, match="speed"):
        playback(".mp4", 0.1, 0)


def test_sizes_and_colors_of_clips(tmp_path):
    av = pytest.importorskip("av")
    frames = np.zeros((5, 30, 40, 3), np.uint8)
    frames[:, :, :20] = 255, 0, 0
    frames[:, :, 20:] = 0, 0, 255
    for suffix, height in ((".mp4", 60), (".gif", 15)):
        path = tmp_path / f"a{suffix}"
        export_movie(Movie.from_array(frames), path, height=height, quality="best")
        with av.open(str(path)) as container:
            picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
        assert picture.shape == (height, height * 4 // 3, 3)
        left, right = picture[height // 2, height // 3], picture[height // 2, -height // 3]
        np.testing.assert_allclose(left, (255, 0, 0), atol=12)
        np.testing.assert_allclose(right, (0, 0, 255), atol=12)


def test_another_codec_is_used_and_named(tmp_path, monkeypatch):
    codecs = {"nothing": "H.264", "mpeg4": "MPEG-4 part 2"}
    monkeypatch.setattr("napari_isx.export.video._CODECS", codecs)
    exported = export_movie(ramp(), tmp_path / "a.mp4")
    assert exported.codec == "MPEG-4 part 2 (mpeg4)"
    assert decoded(tmp_path / "a.mp4")[2] == "mpeg4"
    monkeypatch.setattr("napari_isx.export.video._CODECS", {"nothing": "H.264"})
    with pytest.raises(ValueError, match="no encoder for MP4"):
        export_movie(ramp(), tmp_path / "b.mp4")


def test_a_behavior_movie(tmp_path, opened):
    movie = opened(isxb(tmp_path / "b.isxb"))
    export_movie(movie, tmp_path / "a.tif", color=True)
    found = tifffile.imread(tmp_path / "a.tif")
    assert found.shape == (*movie.shape, 3)
    for i in range(len(movie)):
        np.testing.assert_array_equal(found[i], movie.read_color_frame(i))
    export_movie(movie, tmp_path / "a.mp4")
    assert decoded(tmp_path / "a.mp4")[0][0].shape[0] >= movie.shape[1]


def test_one_plane(tmp_path, opened):
    extra = {
        "microscope": {
            "multiplane": {
                "enabled": True,
                "activePlanes": 2,
                "planes": {
                    "plane-1": {"enabled": True, "focus": 100},
                    "plane-2": {"enabled": True, "focus": 300},
                },
            }
        }
    }
    movie = opened(write_movie(tmp_path / "p.isxd", pixels(6, 3, 5), extraProperties=extra))
    export_movie(movie, tmp_path / "a.tif", plane=1)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), movie[1::2])
