"""Tables of events are those of `isx`, byte for byte, but where it loses events."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers import recordings

from napari_isx import EventSet, IsxFileError, Signal, Timing, export_events, open_isx

METRICS = [[1.5, 2, 0.31234567, *range(6)], {}, [None] * 9]
START_MS = 1_600_000_000_123
STEPS = [(1, 10), (603_240_466, 12_074_000_000), (1001, 30_000), (333, 9999)]


def events(path, step=(1, 10), part=0, seed=0, names=("C0", "Zelle ä", "c"), metrics=METRICS):
    """Up to one event in a sample of each of three cells; parts follow with a gap."""
    random = recordings.rng(seed + part)
    samples = np.arange(0, 200, 2)
    packets = np.zeros(len(samples), recordings.PACKET)
    period_us = 1e6 * step[0] / step[1]
    packets["offset_us"] = np.maximum((samples + random.uniform(-0.49, 0.49, 100)) * period_us, 0)
    packets["channel"] = random.integers(0, 3, 100)
    packets["value"] = random.standard_normal(100) * 10.0 ** random.integers(-6, 8, 100)
    begin = START_MS + round(part * (250 * period_us / 1000 + 1))
    end = begin + round(201 * period_us / 1000)
    times = [recordings.time_info((ms, 1000)) for ms in (begin, end)]
    footer = {"step": step, "metrics": metrics, "global times": times}
    return recordings.write_events(path, names, packets, **footer)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("time_ref", ["start", "unix"])
@pytest.mark.parametrize("sparse_output", [True, False])
@pytest.mark.parametrize("num_parts", [1, 3])
def test_equals_isx(tmp_path, opened, written_by_isx, step, time_ref, sparse_output, num_parts):
    paths = [
        events(tmp_path / f"{i}.isxd", step, i, metrics=METRICS if i != 1 else None)
        for i in range(num_parts)
    ]
    options = {"time_ref": time_ref, "sparse_output": sparse_output}
    for write_amplitude in (True, False):
        options["write_amplitude"] = write_amplitude
        theirs = written_by_isx(
            "export_event_set_to_csv",
            paths,
            output_props_file=str(tmp_path / f"isx-{write_amplitude}.csv"),
            **options,
        )
        given = [opened(path) for path in paths]
        ours = export_events(
            given if num_parts > 1 else given[0],
            tmp_path / "our.csv",
            props=tmp_path / "our-props.csv",
            overwrite=True,
            **options,
        )
        assert ours.read_bytes() == theirs
        props = (tmp_path / "our-props.csv").read_bytes()
        assert props == (tmp_path / f"isx-{write_amplitude}.csv").read_bytes()


def test_a_series_is_its_parts(tmp_path):
    paths = [events(tmp_path / f"{i}.isxd", part=i) for i in range(2)]
    with open_isx(paths) as series:
        export_events(series, tmp_path / "series.csv")
        export_events(series.parts[::-1], tmp_path / "parts.csv")
    assert (tmp_path / "series.csv").read_bytes() == (tmp_path / "parts.csv").read_bytes()


def test_without_stored_metrics_there_are_names_alone(tmp_path, opened):
    cells = opened(events(tmp_path / "e.isxd", metrics=None))
    export_events(cells, tmp_path / "e.csv", props=tmp_path / "p.csv")
    assert (tmp_path / "p.csv").read_text(encoding="utf-8") == "Name\nC0\nZelle ä\nc\n"


def test_events_that_share_a_sample_do_not_silence_those_that_follow(tmp_path, written_by_isx):
    packets = np.zeros(4, recordings.PACKET)
    packets["offset_us"], packets["value"] = [10_000, 20_000, 210_000, 400_000], [1, 2, 3, 4]
    path = recordings.write_events(tmp_path / "e.isxd", ["a"], packets, end=(START_MS + 600, 1000))
    theirs = written_by_isx("export_event_set_to_csv", [path])
    assert theirs == b"Time (s), a\n0, 1\n0.1, 0\n0.2, 0\n0.3, 0\n0.4, 0\n0.5, 0\n"
    with open_isx(path) as found, pytest.warns(UserWarning, match="1 events share their sample"):
        export_events(found, tmp_path / "our.csv")
    expected = b"Time (s), a\n0, 1\n0.1, 0\n0.2, 3\n0.3, 0\n0.4, 4\n0.5, 0\n"
    assert (tmp_path / "our.csv").read_bytes() == expected


def test_pandas_reads_it_as_labs_do(tmp_path, opened):
    export_events(opened(events(tmp_path / "e.isxd")), tmp_path / "e.csv", sparse_output=False)
    table = pd.read_csv(tmp_path / "e.csv")
    assert list(table) == ["Time (s)", " Cell Name", " Value"]
    assert set(table[" Cell Name"]) == {" C0", " Zelle ä", " c"}


def test_equal_names_and_commas_are_changed_and_mapped(tmp_path, opened):
    cells = opened(events(tmp_path / "e.isxd", names=("a", "a", "b,c"), metrics=None))
    export_events(cells, tmp_path / "e.csv", props=tmp_path / "p.csv")
    assert (tmp_path / "e.csv").read_text().startswith("Time (s), a, a-2, b_c\n")
    table = pd.read_csv(tmp_path / "p.csv")
    assert table.to_dict("list") == {
        "Name": ["a", "a-2", "b_c"],
        "Original Name": ["a", "a", "b,c"],
    }


def test_nothing_is_overwritten_unless_asked(tmp_path, opened):
    cells = opened(events(tmp_path / "e.isxd"))
    for there in ("e.csv", "p.csv"):
        (tmp_path / there).write_bytes(b"old")
        with pytest.raises(FileExistsError):
            export_events(cells, tmp_path / "e.csv", props=tmp_path / "p.csv")
        assert (tmp_path / there).read_bytes() == b"old"
        assert len(list(tmp_path.iterdir())) == 2
        (tmp_path / there).unlink()


def test_cancelling_leaves_nothing(tmp_path, opened):
    def cancel(fraction):
        raise InterruptedError

    for sparse in (True, False):
        with pytest.raises(InterruptedError):
            export_events(
                opened(events(tmp_path / "e.isxd")),
                tmp_path / "e.csv",
                sparse_output=sparse,
                progress=cancel,
            )
    assert [path.name for path in tmp_path.iterdir()] == ["e.isxd"]


def test_events_in_memory_and_times_that_are_unknown(tmp_path):
    signal = Signal(np.array([0, 100_000], "u8"), np.array([1, 2], "f4"))
    timing = Timing(3, Timing.regular(1, 0.1).period, None)
    cells = EventSet.from_arrays({"a": signal}, timing=timing)
    export_events(cells, tmp_path / "e.csv")
    assert (tmp_path / "e.csv").read_bytes() == b"Time (s), a\n0, 1\n0.1, 2\n0.2, 0\n"
    with pytest.raises(ValueError, match="does not say when it started"):
        export_events(cells, tmp_path / "u.csv", time_ref="unix")
    with pytest.raises(ValueError, match="one of start, unix"):
        export_events(cells, tmp_path / "u.csv", time_ref="tsc")


def test_what_is_no_series_is_refused(tmp_path, opened):
    a = opened(events(tmp_path / "a.isxd"))
    b = opened(events(tmp_path / "b.isxd", part=1, names=("x", "y", "z")))
    with pytest.raises(IsxFileError, match="name of cell 0"):
        export_events([a, b], tmp_path / "e.csv")
    with pytest.raises(ValueError, match="empty"):
        export_events([], tmp_path / "e.csv")


@pytest.mark.real
def test_a_real_file_equals_isx(real_data, tmp_path, opened, written_by_isx):
    path = real_data / "eventset_5cells.isxd"
    for sparse in (True, False):
        for time_ref in ("start", "unix"):
            options = {"sparse_output": sparse, "time_ref": time_ref}
            theirs = written_by_isx("export_event_set_to_csv", [path], **options)
            export_events(opened(path), tmp_path / "our.csv", overwrite=True, **options)
            assert (tmp_path / "our.csv").read_bytes() == theirs
