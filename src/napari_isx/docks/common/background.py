"""Long work in another thread, so that the window never waits for it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from threading import Event
from typing import Any, Final, Generic, TypeVar
from weakref import ref

from qtpy.QtWidgets import QApplication

T = TypeVar("T")

_UNEXPECTED: Final = "An unexpected error ended this; napari's notification says which."


class Work(Generic[T]):
    """One kind of work; starting it again gives up what was not finished.

    `on_step` takes what the work yields, in the thread of the window. `on_failure` takes the
    sentence of an OSError, a ValueError or a MemoryError that ended the work; any other error is a
    fault of ours, and is raised after that in the thread of the window. `on_end` is called when
    the work has come to its end, not when it failed or was given up. `title` stands in napari's
    activity dock.
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

    def _end(self, job: _Job[T], error: Exception | None = None) -> None:
        if job is not self._job:
            return
        self._job = None
        if isinstance(error, (OSError, ValueError, MemoryError)):
            self._on_failure(str(error))
        elif error is not None:
            self._on_failure(_UNEXPECTED)
            raise error
        elif self._on_end is not None:
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
        except Exception as error:  # noqa: BLE001 - faults are raised there
            self._owner._end(self, error)
        else:
            self._owner._end(self)

    def run_elsewhere(self, title: str) -> None:
        from napari.qt.threading import create_worker

        left, is_given_up = self._steps, self._is_given_up

        # napari asks for a generator function, not a bound method, and keeps it for ever: so it
        # must not keep what it works on.
        def run() -> Generator[T, None, list[Exception]]:
            try:
                for value in left.pop()() if left else ():  # not given up before it began
                    if is_given_up.is_set():  # else napari keeps the generator, with what it opened
                        break
                    yield value
            except Exception as error:  # noqa: BLE001 - faults are raised in the other thread
                # In a list, as nothing would be heard of a RuntimeError that a worker ends with.
                return [error]
            return []

        self._worker = create_worker(run, _progress={"desc": title} if title else None)
        # Functions that hold this weakly, not its methods: PySide keeps no object alive for its
        # method, and crashes where the worker is heard after the object is gone.
        job = ref(self)

        def on_yielded(value: T) -> None:
            if (running := job()) is not None:
                running._owner._step(running, value)

        def on_returned(errors: list[Exception]) -> None:
            if (running := job()) is not None:
                running._owner._end(running, *errors)

        self._worker.yielded.connect(on_yielded)
        self._worker.returned.connect(on_returned)
        self._worker.start()

    def give_up(self) -> None:
        self._steps.clear()
        self._is_given_up.set()
