"""Exports one after the other in another thread, with progress, and canceled between two pieces."""

from __future__ import annotations

import atexit
import errno
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event, Thread, current_thread
from time import perf_counter
from typing import Any, Final, NamedTuple

from napari.utils import cancelable_progress

from napari_isx.export.common import Progress
from napari_isx.io.errors import IsxFileError

_POLL_S: Final = 0.1
# The bar draws the window each time that it moves.
_BAR_S: Final = 0.25
# A piece of a large file may still be on its way to a slow disk as the process ends.
_LAST_S: Final = 10.0
_running: Final[dict[Thread, Event]] = {}


class CanceledError(Exception):
    """The user does not want it any more."""


class Job(NamedTuple):
    """One file to write; `run` returns what there is to say of it in lines."""

    path: Path
    run: Callable[[Progress], Sequence[str]]


class Outcome(NamedTuple):
    """What became of a job: why there is no file, or notes about the one there is."""

    path: Path
    problem: str = ""
    notes: tuple[str, ...] = ()


class ActivityBar:
    """A bar in napari's activity dock, with a button that cancels."""

    def __init__(self, title: str, canceled: Event) -> None:
        self._bar: Any = cancelable_progress(total=1000, desc=title)
        self._canceled = canceled
        self._shown_s = 0.0

    def show(self, fraction: float) -> None:
        """Say how much is done. The window does what is due meanwhile, so that all may be over."""
        if self._bar.is_canceled:
            self._canceled.set()
        if (now_s := perf_counter()) - self._shown_s > _BAR_S:
            self._shown_s = now_s
            self._bar.update(round(1000 * fraction) - self._bar.n)

    def close(self) -> None:
        """Take it away."""
        self._bar.close()


def run_jobs(jobs: Sequence[Job], canceled: Event) -> Iterator[float | Outcome]:
    """Do jobs; yields the fraction of all that is done, and the outcome of each.

    It ends after the job that was running when `canceled` was set.
    """
    for number, job in enumerate(jobs):
        done = [0.0]
        outcomes: list[Outcome | BaseException] = []
        thread = Thread(target=_run, args=(job, canceled, done, outcomes), daemon=True)
        _running[thread] = canceled
        thread.start()
        while thread.is_alive():
            thread.join(_POLL_S)
            yield (number + done[0]) / len(jobs)
        (outcome,) = outcomes
        if isinstance(outcome, CanceledError):
            return
        if isinstance(outcome, BaseException):
            raise outcome
        yield outcome


def _run(
    job: Job, canceled: Event, done: list[float], outcomes: list[Outcome | BaseException]
) -> None:
    def progress(fraction: float) -> None:
        if canceled.is_set():
            raise CanceledError
        done[0] = fraction

    try:
        progress(0.0)
        outcomes.append(Outcome(job.path, notes=tuple(job.run(progress))))
    except (OSError, ValueError, ImportError, MemoryError) as error:
        outcomes.append(Outcome(job.path, problem=sentence(job.path, error)))
    except BaseException as error:  # noqa: BLE001 - raised in the thread that asked
        outcomes.append(error)
    finally:
        _running.pop(current_thread(), None)


@atexit.register
def _leave_nothing_behind() -> None:
    """Cancel what is being written as napari is closed, so that no half of a file stays."""
    running = dict(_running)
    for canceled in running.values():
        canceled.set()
    for thread in running:
        thread.join(_LAST_S)


def sentence(path: Path, error: Exception) -> str:
    """Why a file could not be written, and what to do."""
    if isinstance(error, IsxFileError):  # it has the name of the file that cannot be read
        return str(error)
    if not isinstance(error, OSError):
        return f"{path.name}: {error or 'there is not enough memory'}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{path.name}: the disk is full. Nothing is left of it; choose another folder."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path.name}: the folder cannot be written into. Choose another one."
    if error.errno in (errno.ENOENT, errno.ESTALE, errno.EIO, errno.ENOTCONN, errno.EHOSTDOWN):
        return (
            f"{path.name}: {path.parent} is not there any more, or its disk fails. Connect it, or "
            f"choose another folder."
        )
    return f"{path.name}: {error.strerror or error}."
