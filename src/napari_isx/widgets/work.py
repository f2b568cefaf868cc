"""Long work in another thread, so that the window never waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any, Generic, TypeVar

from qtpy.QtWidgets import QApplication

T = TypeVar("T")


class Work(Generic[T]):
    """One kind of work; starting it again gives up what was not finished.

    Parameters
    ----------
    on_step : callable
        Takes what the work yields, in the thread of the window.
    on_failure : callable
        Takes the sentence of an error that ended the work.
    on_end : callable, optional
        Called when the work has come to its end, not when it failed or was given up.
    title : str
        In napari's activity dock.
    """

    def __init__(
        self,
        on_step: Callable[[T], None],
        on_failure: Callable[[str], None],
        on_end: Callable[[], None] | None = None,
        title: str = "",
    ) -> None:
        self._on_step, self._on_failure, self._on_end = on_step, on_failure, on_end
        self._title = title
        self._job: _Job[T] | None = None

    @property
    def is_running(self) -> bool:
        """Whether work was started and has not ended."""
        return self._job is not None

    def start(self, steps: Callable[[], Iterator[T]]) -> None:
        """Run a generator function; without a Qt application at once, to its end."""
        self.cancel()
        self._job = job = _Job(self, steps)
        if QApplication.instance() is None:
            job.run_here()
        else:
            job.run_elsewhere(self._title)

    def cancel(self) -> None:
        """Give up what is running: nothing more is heard of it."""
        job, self._job = self._job, None
        if job is not None:
            job.give_up()

    def _step(self, job: _Job[T], value: T) -> None:
        if job is self._job:
            self._on_step(value)

    def _fail(self, job: _Job[T], error: Exception) -> None:
        if job is self._job:
            self._job = None
            self._on_failure(str(error))

    def _end(self, job: _Job[T]) -> None:
        if job is self._job:
            self._job = None
            if self._on_end is not None:
                self._on_end()


class _Job(Generic[T]):
    """One run of the work."""

    def __init__(self, owner: Work[T], steps: Callable[[], Iterator[T]]) -> None:
        self._owner = owner
        self._steps = [steps]  # none left once it has begun
        self._is_given_up = Event()
        self._worker: Any = None

    def run_here(self) -> None:
        try:
            for value in self._steps.pop()():
                self._owner._step(self, value)
        except (OSError, ValueError) as error:
            self._owner._fail(self, error)
        else:
            self._owner._end(self)

    def run_elsewhere(self, title: str) -> None:
        from napari.qt.threading import create_worker

        left, is_given_up = self._steps, self._is_given_up

        # napari asks for a generator function, not a bound method, and keeps it for ever: so it
        # must not keep what it works on.
        def run() -> Iterator[T]:
            for value in left.pop()() if left else ():  # not given up before it began
                if is_given_up.is_set():  # napari would keep the generator, with all it has open
                    return
                yield value

        self._worker = create_worker(
            run,
            _progress={"desc": title} if title else None,
            _ignore_errors=True,
        )
        self._worker.yielded.connect(self._on_yielded)
        self._worker.errored.connect(self._on_errored)
        self._worker.returned.connect(self._on_returned)
        self._worker.start()

    def give_up(self) -> None:
        self._steps.clear()
        self._is_given_up.set()

    def _on_yielded(self, value: T) -> None:
        self._owner._step(self, value)

    def _on_errored(self, error: Exception) -> None:
        self._owner._fail(self, error)

    def _on_returned(self, value: object = None) -> None:  # noqa: ARG002
        self._owner._end(self)
