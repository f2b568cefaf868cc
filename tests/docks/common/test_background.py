"""Long work: how it ends, in another thread and without a Qt application."""

from __future__ import annotations

import gc
from threading import Event
from traceback import extract_tb

import pytest
from napari.utils.progress import progress

from napari_isx import IsxFileError
from napari_isx.docks.common import background as work


class Told:
    """Remembers what some work told."""

    def __init__(self):
        self.steps, self.failures, self.num_ends = [], [], 0
        self.work = work.Work(self.steps.append, self.failures.append, self._end, "Counting")

    def _end(self):
        self.num_ends += 1


@pytest.fixture(params=["another thread", "no Qt application"])
def run(request, monkeypatch, qtbot):
    """Run some work until it ended; the errors that were raised."""
    told = Told()

    def in_thread(steps):
        with qtbot.captureExceptions() as raised:
            told.work.start(steps)
            qtbot.waitUntil(lambda: not told.work.is_running)
            qtbot.waitUntil(
                lambda: not any(each.desc == "Counting: " for each in progress._all_instances)
            )
        return told, [error for _, error, _ in raised]

    def here(steps):
        monkeypatch.setattr(work.QApplication, "instance", lambda: None)
        try:
            told.work.start(steps)
        except (KeyError, RuntimeError) as error:
            return told, [error]
        return told, []

    return here if request.param == "no Qt application" else in_thread


def steps_with(error):
    def steps():
        yield 1
        if error is not None:
            raise error

    return steps


def test_work_that_comes_to_its_end(run):
    told, raised = run(steps_with(None))
    assert (told.steps, told.failures, told.num_ends, raised) == ([1], [], 1, [])


@pytest.mark.parametrize(
    "error",
    [
        IsxFileError("cells.isxd", "it is cut short"),
        OSError("No space left"),
        ValueError("No map"),
        MemoryError("Unable to allocate 3 GiB"),
    ],
)
def test_what_is_wrong_with_a_file_or_its_size_is_told_in_its_own_words(run, error):
    told, raised = run(steps_with(error))
    assert (told.steps, told.failures, told.num_ends) == ([1], [str(error)], 0)
    assert raised == []


@pytest.mark.parametrize("kind", [KeyError, RuntimeError])
def test_a_fault_of_ours_ends_the_work_and_is_raised(run, kind):
    fault = kind("snr")
    told, raised = run(steps_with(fault))
    assert raised == [fault]
    assert extract_tb(fault.__traceback__)[-1].name == "steps"
    assert told.num_ends == 0
    (sentence,) = told.failures
    assert "snr" not in sentence
    assert not told.work.is_running


def test_nothing_is_heard_of_work_that_was_given_up(qtbot):
    told, other = Told(), Told()
    with qtbot.captureExceptions() as raised:
        told.work.start(steps_with(KeyError("snr")))
        told.work.cancel()
        other.work.start(steps_with(None))
        qtbot.waitUntil(lambda: other.num_ends == 1)
        qtbot.wait(50)
    assert (told.steps, told.failures, raised) == ([], [], [])


def test_a_worker_is_heard_in_vain_once_its_owner_is_gone(qtbot):
    told, begun = Told(), Event()
    steps = told.steps

    def count():
        yield 1
        begun.set()
        yield 2

    told.work.start(count)
    assert begun.wait(5)  # what it told is on its way, as a window is closed
    del told
    gc.collect()
    qtbot.wait(200)
    assert steps == []
    qtbot.waitUntil(lambda: not any(each.desc == "Counting: " for each in progress._all_instances))
