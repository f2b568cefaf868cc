"""Threads and processes that share a recording."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from helpers import recordings

from napari_isx import open_isx
from napari_isx.io.format import source


@pytest.fixture(params=["preadv", "seek and read"])
def each_way_of_reading(request, monkeypatch):
    if request.param == "seek and read":
        monkeypatch.setattr(source, "_HAS_PREADV", False)
    elif not hasattr(os, "preadv"):
        pytest.skip("this system has no preadv")


def test_threads_read_the_same_frames(tmp_path, each_way_of_reading):
    frames = recordings.pixels(40, 61, 67)
    timing = recordings.timing_info(42, dropped=[3, 17])
    path = recordings.write_movie(tmp_path / "m.isxd", frames, timing=timing)
    with open_isx(path) as movie, ThreadPoolExecutor(16) as pool:
        array = movie[:]
        order = recordings.rng().integers(0, 42, 4000).tolist()
        for index, frame in zip(order, pool.map(movie.read_frame, order), strict=True):
            np.testing.assert_array_equal(frame, array[index])


def test_threads_read_the_same_cells_and_events(tmp_path, each_way_of_reading):
    cells_path = recordings.write_cells(tmp_path / "c.isxd")
    data = recordings.some_packets(3000, 3)
    events_path = recordings.write_events(tmp_path / "e.isxd", ["a", "b", "c"], data)
    with open_isx(events_path) as reference:
        expected = [reference.events(i).offsets_us for i in range(3)]
    with open_isx(cells_path) as cells, open_isx(events_path) as events:
        order = recordings.rng().integers(0, 3, 500).tolist()
        with ThreadPoolExecutor(16) as pool:
            for i, trace in zip(order, pool.map(cells.trace, order), strict=True):
                np.testing.assert_array_equal(trace, cells.traces[i])
            for i, signal in zip(order, pool.map(events.events, order), strict=True):
                np.testing.assert_array_equal(signal.offsets_us, expected[i])


def test_closing_under_way_gives_frames_or_an_error_but_no_other_files_bytes(
    tmp_path, each_way_of_reading
):
    ones = np.full((20, 200, 300), 1, "<u2")
    path = recordings.write_movie(tmp_path / "m.isxd", ones)
    other = tmp_path / "other.bin"
    other.write_bytes(b"\xff" * 10_000_000)
    wrong = []

    def read(movie, go_on):
        while go_on.is_set():
            try:
                frame = movie[7]
            except ValueError:
                return
            if not (frame == 1).all():
                wrong.append(frame)

    for _ in range(30):
        movie, go_on = open_isx(path), threading.Event()
        go_on.set()
        threads = [threading.Thread(target=read, args=(movie, go_on)) for _ in range(4)]
        for thread in threads:
            thread.start()
        movie.close()
        handles = [os.open(other, os.O_RDONLY) for _ in range(3)]  # take over free numbers
        for thread in threads:
            thread.join(10)
        go_on.clear()
        for handle in handles:
            os.close(handle)
    assert wrong == []


@pytest.mark.parametrize("kind", ["movie", "raw", "rgb", "image", "cells", "events"])
def test_recordings_pickle_and_copy_by_path(tmp_path, kind):
    path = recordings.every_kind(tmp_path)[kind]
    with open_isx(path) as recording:
        for again in (pickle.loads(pickle.dumps(recording)), copy.deepcopy(recording)):
            with again:
                assert type(again) is type(recording)
                assert again.path == path
                assert again.metadata == recording.metadata


def test_a_pickle_means_the_same_from_another_folder(tmp_path, monkeypatch):
    recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(2, 3, 5))
    monkeypatch.chdir(tmp_path)
    with open_isx("m.isxd") as movie:
        data = pickle.dumps(movie)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pickle.loads(data) as movie:
        assert movie.path == tmp_path / "m.isxd"


def test_a_spawned_process_reads_the_file_itself(tmp_path):
    frames = recordings.pixels(6, 31, 17)
    spawn = multiprocessing.get_context("spawn")
    with (
        open_isx(recordings.write_movie(tmp_path / "m.isxd", frames)) as movie,
        ProcessPoolExecutor(1, mp_context=spawn) as pool,
    ):
        read = list(pool.map(movie.read_frame, range(6), timeout=60))
    np.testing.assert_array_equal(read, frames)


# In a process of its own: the threads of a cluster let go of what they computed when they like, and
# a process that had them cannot fork safely any more.
CLUSTER = """
import sys
import distributed
import numpy as np
from napari_isx import open_isx

if __name__ == "__main__":  # the workers import this file too
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",  # the usual port may be taken
            local_directory=sys.argv[2],
        ) as cluster,
        distributed.Client(cluster),
        open_isx(sys.argv[1]) as movie,
    ):
        stack = movie.to_dask(5)
        assert (stack.compute() == movie[:]).all()
        total = movie[:].sum(dtype="u8")
        assert int(stack.sum(dtype="u8").compute()) == int(total) > 0
        print("computed", total)
"""


def test_a_cluster_of_processes_computes_a_stack(tmp_path):
    pytest.importorskip("distributed")
    frames = recordings.pixels(24, 31, 17)
    timing = recordings.timing_info(25, dropped=[4])
    path = recordings.write_movie(tmp_path / "m.isxd", frames, timing=timing)
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, script, path, tmp_path], capture_output=True, text=True, timeout=110
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == f"computed {frames.sum(dtype='u8')}\n"
