"""Many tasks: what fails or is killed stops no other."""

from __future__ import annotations

import sys

import pytest
from helpers.runner_tasks import do

from napari_isx import IsxFileError
from napari_isx.cli.runner import run, sentence

posix = pytest.mark.skipif(sys.platform == "win32", reason="a process kills itself by a signal")


def test_values_errors_and_notes():
    outcomes = {one.task: one for one in run(do, [("a",), ("fail",), ("warn",), ("b",)], jobs=2)}
    assert [outcomes[(name,)].value for name in ("a", "warn", "b")] == ["A", "WARN", "B"]
    assert outcomes["fail",].error == "this one is broken"
    assert outcomes["warn",].notes == ("mind this",)
    assert list(run(do, [])) == []


@posix
def test_a_task_whose_worker_was_killed_is_tried_again_once(tmp_path):
    tasks = [("a",), ("die always",), ("die once", str(tmp_path / "died")), ("b",), ("c",)]
    outcomes = {one.task[0]: one for one in run(do, tasks, jobs=1)}
    assert {name for name, one in outcomes.items() if one.error} == {"die always"}
    assert outcomes["die always"].error == "its worker was killed 2 times (SIGKILL)"
    assert outcomes["die once"].value == "DIE ONCE"


def test_on_a_cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        tasks = [("a",), ("fail",), ("b",)]
        outcomes = {one.task[0]: one for one in run(do, tasks, scheduler=cluster.scheduler_address)}
    assert outcomes["b"].value == "B"
    assert outcomes["fail"].error == "this one is broken"


def test_errors_are_one_sentence():
    assert sentence(FileNotFoundError(2, "No such file", "a.isxd")) == "No such file: a.isxd"
    assert sentence(IsxFileError("a.isxd", "it is cut")).startswith("a.isxd: it is cut. ")
    assert "Please report it" in sentence(KeyError("x"))
