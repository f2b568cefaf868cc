"""Doing one thing to many recordings: in processes here, or on a cluster.

What fails is told and stops no other. A worker that is killed, for want of memory for one, is
replaced, and its task tried once more.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, Generic, TypeVar

from napari_isx.io.base.optional import needed
from napari_isx.io.errors import IsxFileError, unexpected

T = TypeVar("T")
_TRIES: Final = 2


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What became of a task: its value, or a sentence about what went wrong."""

    task: T
    value: Any = None
    error: str = ""
    notes: tuple[str, ...] = ()
    """What it warned of."""


def run(
    function: Callable[[T], Any], tasks: Sequence[T], *, jobs: int = 0, scheduler: str = ""
) -> Iterator[Outcome[T]]:
    """Call a function with each task, and yield what became of it, in the order of finishing.

    Parameters
    ----------
    function : callable
        Of a module, as it is sent to other processes, like tasks and values.
    tasks : sequence
    jobs : int
        How many processes; as many as there are processors by default.
    scheduler : str
        The address of a running dask.distributed scheduler, whose workers are used instead.

    Raises
    ------
    ImportError
        The extra ``cluster`` is not installed.
    OSError
        The scheduler cannot be reached.
    """
    if scheduler:
        return _on_cluster(function, tasks, scheduler)
    return _in_processes(function, tasks, jobs or os.cpu_count() or 1)


def sentence(error: BaseException) -> str:
    """One sentence about an error, for people."""
    if isinstance(error, OSError) and error.strerror and not isinstance(error, IsxFileError):
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    if isinstance(error, (OSError, ValueError, ImportError, RuntimeError)) and str(error):
        return " ".join(str(error).split())
    return unexpected(error) if isinstance(error, Exception) else "interrupted"


def _outcome(function: Callable[[T], Any], task: T) -> Outcome[T]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            value, error = function(task), ""
        except Exception as problem:  # noqa: BLE001 - the others go on
            value, error = None, sentence(problem)
    notes = (str(one.message) for one in caught if one.category is UserWarning)
    return Outcome(task, value, error, tuple(dict.fromkeys(notes)))


def _in_processes(
    function: Callable[[T], Any], tasks: Sequence[T], jobs: int
) -> Iterator[Outcome[T]]:
    """Workers that take one task after the other; one that dies is replaced."""
    waiting = deque((task, 1) for task in tasks)
    working: dict[Connection, tuple[BaseProcess, T, int]] = {}
    try:
        for _ in range(min(jobs, len(tasks))):
            _give(waiting, working, *_new_worker(function))
        while working:
            for pipe in wait(list(working)):
                assert isinstance(pipe, Connection)
                process, task, attempt = working.pop(pipe)
                try:
                    outcome: Outcome[T] | None = pipe.recv()
                except (EOFError, OSError):
                    outcome = None
                    process.join()
                    if attempt < _TRIES:
                        waiting.append((task, attempt + 1))
                    else:
                        outcome = Outcome(task, error=_ended(process.exitcode))
                    pipe.close()
                    if waiting:
                        pipe, process = _new_worker(function)
                if not pipe.closed:
                    _give(waiting, working, pipe, process)
                if outcome is not None:
                    yield outcome
    finally:
        for process, _, _ in working.values():
            process.terminate()


def _new_worker(function: Callable[[T], Any]) -> tuple[Connection, BaseProcess]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, function), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def _give(
    waiting: deque[tuple[T, int]],
    working: dict[Connection, tuple[BaseProcess, T, int]],
    pipe: Connection,
    process: BaseProcess,
) -> None:
    """Give a worker the next task, or let it go where there is none."""
    if not waiting:
        pipe.close()
        process.join()
        return
    task, attempt = waiting.popleft()
    working[pipe] = process, task, attempt
    with contextlib.suppress(OSError):  # it is dead, which is noticed next
        pipe.send(task)


def _work(pipe: Connection, function: Callable[[T], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    with contextlib.suppress(EOFError):
        while True:
            pipe.send(_outcome(function, pipe.recv()))


def _ended(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0 and sys.platform != "win32":
        return f"its worker was killed {_TRIES} times ({signal.Signals(-exit_code).name})"
    return f"its worker ended {_TRIES} times with status {exit_code}"


def _on_cluster(
    function: Callable[[T], Any], tasks: Sequence[T], address: str
) -> Iterator[Outcome[T]]:
    distributed = needed("--scheduler", "distributed", "napari-isx[cluster]")
    with distributed.Client(address) as client:
        futures = client.map(lambda task: _outcome(function, task), tasks, pure=False)
        by_key = {future.key: task for future, task in zip(futures, tasks, strict=True)}
        for future in distributed.as_completed(futures):
            try:
                yield future.result()
            except Exception as error:  # noqa: BLE001 - a killed worker, or one without this package
                yield Outcome(by_key[future.key], error=sentence(error))
