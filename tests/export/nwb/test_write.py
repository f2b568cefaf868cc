from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from helpers.behavior_files import isxb
from helpers.recordings import pixels, timing_info, write_movie, write_raw_movie

from napari_isx import CellSet, EventSet, Movie, Timing, export_nwb, open_isx
from napari_isx.analysis import epoch_activity, peri_event
from napari_isx.export.nwb.metadata import read_metadata
from napari_isx.sample_data import COMPANION_FILES, FILES, write_sample
from napari_isx.session.channel import channels_of
from napari_isx.session.decisions.curation import Curation
from napari_isx.timeline.clock import Clock

pynwb = pytest.importorskip("pynwb")

METADATA = {
    "NWBFile": {
        "experimenter": "Curie, Marie",
        "institution": "IPGP",
        "experiment_description": "An animal in a box.",
        "keywords": "simulated, calcium",
    },
    "Subject": {"species": "mouse", "sex": "female", "age": "P90D"},
    "ImagingPlane": {
        "indicator": "GCaMP6f",
        "location": "CA1",
        "excitation_lambda": 475,
        "emission_lambda": 525,
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("session")
    write_sample(made)
    return made


@pytest.fixture
def session(folder: Path):
    with ExitStack() as stack:
        names = [*FILES, *COMPANION_FILES]
        yield {name: stack.enter_context(open_isx(folder / name)) for name in names}


@pytest.fixture
def read():
    with ExitStack() as stack:
        yield lambda path: stack.enter_context(pynwb.NWBHDF5IO(str(path), "r")).read()


def problems(path: Path) -> list[str]:
    """What nwbinspector says that has to be done for DANDI."""
    inspector = pytest.importorskip("nwbinspector")
    config = inspector.load_config("dandi")
    found = inspector.inspect_nwbfile(nwbfile_path=str(path), config=config)
    least = inspector.Importance.BEST_PRACTICE_VIOLATION
    return [
        f"{m.check_function_name}: {m.message}" for m in found if m.importance.value >= least.value
    ]


def times_of(series) -> np.ndarray:
    if series.timestamps is not None:
        return series.timestamps[:]
    return series.starting_time + np.arange(len(series.data)) / series.rate


def test_every_number_of_a_session_reads_back_equal(session, tmp_path, read):
    out = tmp_path / "session.nwb"
    done = []
    exported = export_nwb(
        session.values(), out, metadata=METADATA, movies=True, progress=done.append
    )
    assert problems(out) == []
    assert exported.path == out
    assert done == sorted(done)
    assert done[-1] == 1
    nwb, clock = read(out), Clock(list(session.values()))
    movie, cells, events, gpio, imu, behavior, vessels = session.values()

    assert nwb.session_start_time.isoformat() == "2026-03-02T14:04:58.500000+00:00"
    series = nwb.acquisition["OnePhotonSeries"]
    np.testing.assert_array_equal(series.data[:].swapaxes(1, 2), movie[:])
    np.testing.assert_allclose(times_of(series), clock.placed(movie).times_s, atol=1e-9)
    assert series.exposure_time == 0.05
    assert series.imaging_plane.grid_spacing[:].tolist() == [*movie.spacing.pixel_size_um[::-1]]
    assert series.imaging_plane.optical_channel[0].emission_lambda == 525

    table = nwb.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"]
    assert table["roi_name"][:].tolist() == cells.names
    assert table["cell_status"][:].tolist() == cells.statuses
    for i in range(cells.num_cells):
        footprint = np.zeros(cells.spacing.num_pixels, np.float32)
        mask = table["pixel_mask"][i]
        footprint[mask["y"], mask["x"]] = mask["weight"]
        np.testing.assert_array_equal(footprint, cells.footprint(i))
    assert np.isfinite(table["area_um2"][:]).all()
    traces = nwb.processing["ophys"]["Fluorescence"]["RoiResponseSeries"]
    np.testing.assert_array_equal(traces.data[:].T, cells.traces)
    assert traces.unit == "dF over noise"
    np.testing.assert_allclose(times_of(traces), clock.placed(cells).times_s, atol=1e-9)

    found = nwb.events["cell_events"].to_dataframe(index=True)
    assert found["timestamp"].is_monotonic_increasing
    for i in range(events.num_cells):
        own, signal = found[found["cell"] == i], events.events(i)
        assert set(own["cell_name"]) <= {events.names[i]}
        expected = clock.placed(events).to_session_s(signal.times_s)
        np.testing.assert_array_equal(own["timestamp"], expected)
        np.testing.assert_array_equal(own["amplitude"].to_numpy(np.float32), signal.values)

    for i, name in enumerate(gpio.channel_names):
        series = nwb.acquisition[name.replace(" ", "_")]
        np.testing.assert_array_equal(series.data[:], gpio.channel(i).values)
        expected = clock.placed(gpio).to_session_s(gpio.channel(i).times_s)
        np.testing.assert_allclose(times_of(series), expected, atol=1e-9)
    (stimulus,) = [c for c in channels_of(gpio) if c.name == "Digital GPI 0"]
    up = nwb.events["digital_gpi_0"].to_dataframe()
    edges_s = clock.placed(gpio).to_session_s(stimulus.edges_s)
    np.testing.assert_allclose(up["timestamp"], edges_s[::2])
    np.testing.assert_allclose(up["duration"], np.diff(edges_s)[::2])
    assert "frame_count" not in nwb.events

    for title, prefix in (("Acceleration", "Acc"), ("Orientation", "Ori"), ("Magnetometer", "Mag")):
        names = [name for name in imu.channel_names if name.startswith(prefix)]
        expected = np.stack([imu.channel(name).values for name in names], axis=1)
        np.testing.assert_array_equal(nwb.acquisition[title].data[:], expected)
    assert nwb.acquisition["Acceleration"].unit == "g"

    tracking, module = behavior.tracking, nwb.processing["behavior"]
    np.testing.assert_array_equal(module["AnimalBox"].data[:], tracking.boxes)
    np.testing.assert_array_equal(module["TrackingConfidence"].data[:], tracking.confidence)
    visits = nwb.events["zone_events"].to_dataframe()
    assert [*zip(visits["frame"], visits["event"], strict=False)] == [
        (v.sample, v.event) for v in tracking.visits
    ]
    for i, zone in enumerate(tracking.zones):
        row = module["Zones"][i]
        np.testing.assert_array_equal(
            np.column_stack([row["x"].iloc[0], row["y"].iloc[0]]), zone.vertices
        )
    stays = nwb.intervals["zone_visits"].to_dataframe()
    zone_channels = {c.name: c for c in channels_of(behavior) if c.name.startswith("Zone ")}
    for name, channel in zone_channels.items():
        edges_s = clock.placed(behavior).to_session_s(channel.edges_s)
        starts = stays[stays["zone_name"] == name.removeprefix("Zone ")]["start_time"].to_numpy()
        assert np.isclose(edges_s[:, None], starts, atol=1e-6).any(axis=0).all()

    velocity = nwb.processing["ophys"]["VesselVelocity"]
    np.testing.assert_array_equal(velocity.data[:, 1], vessels.trace(1))
    row = nwb.processing["ophys"]["Vessels"][1]
    assert [row[f"{c}{k}"].iloc[0] for k in range(4) for c in "xy"] == vessels.line(
        1
    ).ravel().tolist()
    image = nwb.processing["ophys"]["Images"]["sample-recording-vessels_image"]
    np.testing.assert_array_equal(image.data[:].T, vessels.image)


def test_a_behavior_movie_is_linked_by_a_relative_path(session, folder, tmp_path, read):
    out = folder / "linked.nwb"
    exported = export_nwb(session["sample-recording-behavior.isxb"], out, overwrite=True)
    video = read(out).acquisition["BehaviorVideo_top"]
    assert video.external_file[:].tolist() == ["sample-recording-behavior.isxb"]
    assert any("plays in no other program" in finding for finding in exported.findings)
    movie = session["sample-recording-behavior.isxb"]
    assert len(video.timestamps) == movie.timing.num_valid


def test_a_behavior_movie_as_mp4_beside_it(opened, tmp_path, read):
    av = pytest.importorskip("av")
    movie = opened(isxb(tmp_path / "b.isxb", dropped=[2]))
    exported = export_nwb(movie, tmp_path / "s.nwb", metadata=METADATA, behavior_mp4=True)
    (clip,) = exported.clips
    video = read(exported.path).acquisition["BehaviorVideo_top"]
    assert video.external_file[:].tolist() == [clip.name]
    with av.open(str(clip)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) == movie.timing.num_valid == 10
    expected = movie.timing.times_s[movie.timing.valid_mask]
    assert len(video.timestamps) == 10
    assert len(expected) == 10


def test_pynapple_opens_it(session, tmp_path):
    nap = pytest.importorskip("pynapple")
    out = tmp_path / "s.nwb"
    cells, gpio = session["sample-recording-CNMFE.isxd"], session["sample-recording.gpio"]
    export_nwb([cells, gpio], out, metadata=METADATA)
    data = nap.load_file(str(out))
    np.testing.assert_array_equal(data["RoiResponseSeries"].values, cells.traces.T)
    np.testing.assert_array_equal(data["EX-LED"].values, gpio.channel("EX-LED").values)
    data.close()


def test_without_metadata_the_findings_are_those_of_dandi(session, tmp_path):
    exported = export_nwb(session["sample-recording-CNMFE.isxd"], tmp_path / "s.nwb")
    said = " ".join(exported.findings)
    assert {p.partition(":")[0] for p in problems(tmp_path / "s.nwb")} == {
        *("check_subject_age", "check_subject_sex", "check_subject_species_exists")
    }
    for word in ("species", "sex", "age", "indicator", "region", "excitation", "emission"):
        assert word in said


def test_metadata_of_a_yaml_file_and_as_neuroconv_nests_them(tmp_path):
    path = tmp_path / "lab.yaml"
    path.write_text(
        """
NWBFile: {experimenter: [Curie, Marie], keywords: [a, b]}
Subject: {sex: m, species: Rattus norvegicus, date_of_birth: 2026-01-31}
Ophys:
  ImagingPlane:
    - name: ImagingPlane
      indicator: GCaMP8m
      excitation_lambda: 475.0
      optical_channel: [{name: channel_0, description: green, emission_lambda: 525}]
"""
    )
    found = read_metadata(path)
    assert found["ImagingPlane"] == {
        "indicator": "GCaMP8m",
        "excitation_lambda": 475.0,
        "emission_lambda": 525.0,
    }
    assert found["Subject"]["sex"] == "M"
    assert found["Subject"]["date_of_birth"].year == 2026
    assert found["Subject"]["date_of_birth"].tzinfo is not None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"Subject": {"specie": "mouse"}}, "Subject has no 'specie'"),
        ({"Mouse": {}}, "no section 'Mouse'"),
        ({"Subject": {"age": "90 days"}}, "P90D"),
        ({"ImagingPlane": {"excitation_lambda": "blue"}}, "nanometers"),
        ({"Subject": ["mouse"]}, "mapping"),
        ({"NWBFile": {"session_start_time": "yesterday"}}, "2026-01-31"),
    ],
)
def test_metadata_that_mean_nothing(wrong, said):
    with pytest.raises(ValueError, match=said):
        read_metadata(wrong)


def test_decisions_and_who_took_them(session, folder, tmp_path, read):
    path = shutil.copy(folder / "sample-recording-CNMFE.isxd", tmp_path / "cells.isxd")
    with open_isx(path) as cells:
        curation = Curation(cells)
        curation.decide([3, 5], "rejected")
        curation.decide([3], "accepted")
        exported = export_nwb(cells, tmp_path / "a.nwb", metadata=METADATA)
        shown = {cells: curation.statuses}
        as_shown = export_nwb(cells, tmp_path / "b.nwb", metadata=METADATA, statuses=shown)
        with pytest.raises(ValueError, match="2 statuses for 36 cells"):
            export_nwb(cells, tmp_path / "c.nwb", statuses={cells: ["accepted"] * 2})
        assert problems(tmp_path / "b.nwb") == []
        review = read(tmp_path / "a.nwb").processing["review"]["review"]
        rows = review.to_dataframe(index=True)
        assert rows["cell"].tolist() == [3, 5, 3]
        assert rows["new_status"].tolist() == ["rejected", "rejected", "accepted"]
        assert set(rows["how"]) == {"key"}
        assert "SHA-256" in review.description
        assert any("not saved into the file" in finding for finding in exported.findings)
        assert not any("not saved" in finding for finding in as_shown.findings)
        for name, expected in (("a.nwb", cells.statuses), ("b.nwb", curation.statuses)):
            table = read(tmp_path / name).processing["ophys"]["ImageSegmentation"]
            assert table["PlaneSegmentation"]["cell_status"][:].tolist() == expected
        last = table["PlaneSegmentation"].to_dataframe()
        assert last["reviewer"].astype(bool).tolist() == [i in (3, 5) for i in range(36)]


def test_responses_and_epochs_read_back_equal(session, tmp_path, read):
    cells = session["sample-recording-CNMFE.isxd"]
    responses = peri_event(cells, [0.5, 10.0, 20.0, 33.0, 47.0])
    epochs = epoch_activity(cells, {"early": [(0, 20)], "late": [(30, 50)]}, shuffles=50)
    results = {cells: {"Digital GPI 0 rising": responses, "states": epochs}}
    path = tmp_path / "a.nwb"
    export_nwb(session.values(), path, metadata=METADATA, responses=results)
    assert problems(path) == []
    tables = read(path).processing["responses"]
    title = "Responses_Digital_GPI_0_rising"
    table = tables[title]
    for name in ("effect", "z", "p", "q", "mean", "sem"):
        np.testing.assert_array_equal(table[name][:], getattr(responses, name))
    assert list(table["modulation"][:]) == list(responses.modulation)
    cell_rows = table["cell"].to_dataframe()
    names = cell_rows["roi_name"].tolist()
    assert names == [cells.names[cell] for cell in responses.cell_indices]
    assert responses.methods_text in table.description
    np.testing.assert_array_equal(tables[f"{title}_lags"]["lag_s"][:], responses.lags_s)
    events = tables[f"{title}_events"].to_dataframe()
    offset_s = Clock(session.values()).placed(cells).offset_s
    np.testing.assert_allclose(events["event_time"], responses.events_s + offset_s)
    assert events["is_averaged"].tolist() == [False, True, True, True, True]
    assert events["reason"].tolist() == ["edge", "", "", "", ""]
    rows = tables["Epochs_states"].to_dataframe(index=True)
    assert rows["label"].tolist() == ["early"] * len(names) + ["late"] * len(names)
    for name in ("mean", "effect", "z", "p", "q"):
        np.testing.assert_array_equal(rows[name], getattr(epochs, name).ravel())
    assert rows["cell"].tolist() == [*epochs.cell_indices] * 2


def test_a_journal_of_saves_alone_leaves_no_decision_out(folder, tmp_path):
    path = shutil.copy(folder / "sample-recording-CNMFE.isxd", tmp_path / "cells.isxd")
    with open_isx(path) as cells:
        cells.save_statuses(["accepted"] * cells.num_cells)
        assert list(tmp_path.glob("*.jsonl"))
        exported = export_nwb(cells, tmp_path / "a.nwb", metadata=METADATA)
    assert not any("decision" in finding for finding in exported.findings)


def test_frames_without_data_are_marked_and_times_are_the_hardwares(tmp_path, opened, read):
    counters = [10**6 + 50_000 * i + 13 * i * i for i in (0, 2, 5, 6)]
    gaps = timing_info(7, dropped=[1], cropped=["3 - 4"])
    movie = opened(write_raw_movie(tmp_path / "r.isxd", pixels(4, 3, 5), counters, timing=gaps))
    export_nwb(movie, tmp_path / "s.nwb", movies=True, compress=True)
    series = read(tmp_path / "s.nwb").acquisition["OnePhotonSeries"]
    assert series.control[:].tolist() == [0, 1, 0, 2, 2, 0, 0]
    assert series.control_description[:].tolist()[1:3] == ["dropped", "cropped"]
    expected_s = (np.array(counters) - counters[0]) / 1e6
    np.testing.assert_allclose(series.timestamps[:][[0, 2, 5, 6]], expected_s)
    assert series.data.compression == "gzip"
    assert series.data.chunks == (1, 5, 3)
    np.testing.assert_array_equal(series.data[:].swapaxes(1, 2), movie[:])


def test_footprints_with_few_zeros_are_pictures(tmp_path, monkeypatch, read):
    monkeypatch.setattr("napari_isx.export.nwb.ophys._BLOCK_BYTES", 100)
    rng = np.random.default_rng(0)
    footprints = rng.random((3, 5, 7)).astype(np.float32)
    traces = rng.random((3, 50)).astype(np.float32)
    export_nwb(CellSet.from_arrays(footprints, traces), tmp_path / "s.nwb")
    nwb = read(tmp_path / "s.nwb").processing["ophys"]
    found = nwb["ImageSegmentation"]["PlaneSegmentation"]["image_mask"][:]
    np.testing.assert_array_equal(found.swapaxes(1, 2), footprints)
    np.testing.assert_array_equal(nwb["Fluorescence"]["RoiResponseSeries"].data[:].T, traces)


def test_events_without_their_cells_and_sets_with_the_same_names(tmp_path, read):
    timing = Timing.regular(100, 0.1)
    events = [
        EventSet.from_arrays({"a": ([1_500_000], [4.25]), "b": ([100], [1])}, timing=timing)
        for _ in range(2)
    ]
    export_nwb(events, tmp_path / "s.nwb")
    nwb = read(tmp_path / "s.nwb")
    assert sorted(nwb.events) == ["cell_events", "cell_events_2"]
    assert nwb.events["cell_events_2"]["amplitude"][:].tolist() == [1, 4.25]
    assert nwb.events["cell_events"]["cell_name"][:].tolist() == ["b", "a"]


def test_planes_and_colors(tmp_path, read):
    rgb = Movie.from_array(pixels(4, 3, 5, 3))
    export_nwb(rgb, tmp_path / "s.nwb", movies=True)
    series = read(tmp_path / "s.nwb").acquisition["ImageSeries"]
    np.testing.assert_array_equal(series.data[:].swapaxes(1, 2), rgb[:])
    assert series.data.shape == (4, 5, 3, 3)


def test_one_file_is_one_session(tmp_path, opened):
    first = opened(write_movie(tmp_path / "a.isxd", pixels(4, 3, 5)))
    later = timing_info(4, seconds=(1_600_500_000_123, 1000))
    second = opened(write_movie(tmp_path / "b.isxd", pixels(4, 3, 5), timing=later))
    with pytest.raises(ValueError, match="different days"):
        export_nwb([first, second], tmp_path / "s.nwb")
    with pytest.raises(ValueError, match=r"end in \.nwb"):
        export_nwb(first, tmp_path / "s.h5")
    with pytest.raises(ValueError, match="nothing to write"):
        export_nwb([], tmp_path / "s.nwb")


def test_nothing_is_left_of_a_canceled_export(tmp_path, opened):
    movie = opened(write_movie(tmp_path / "m.isxd", pixels(9, 30, 50)))
    behavior = opened(isxb(tmp_path / "b.isxb"))

    def stop(fraction: float) -> None:
        if fraction > 0.9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_nwb(movie, tmp_path / "s.nwb", movies=True, progress=stop)
    with pytest.raises(KeyboardInterrupt):
        export_nwb(behavior, tmp_path / "s.nwb", behavior_mp4=True, progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.isxb", "m.isxd"]
    export_nwb(movie, tmp_path / "s.nwb")
    with pytest.raises(FileExistsError):
        export_nwb(movie, tmp_path / "s.nwb")
    export_nwb(movie, tmp_path / "s.nwb", overwrite=True)


def test_the_same_session_has_the_same_identifier(tmp_path, opened, read):
    movie = opened(write_movie(tmp_path / "m.isxd", pixels(4, 3, 5)))
    other = opened(write_movie(tmp_path / "n.isxd", pixels(4, 3, 5)))
    paths = [tmp_path / f"{name}.nwb" for name in "abc"]
    for path, one in zip(paths, (movie, movie, other), strict=True):
        export_nwb(one, path)
    first, second, third = (read(path).identifier for path in paths)
    assert first == second != third
