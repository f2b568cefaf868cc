"""What every opened file has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from napari_isx.io.base.acquisition import acquisition_info
from napari_isx.io.format.container import Footer
from napari_isx.io.format.source import FileSource


class Recording(ABC):
    """An opened Inscopix file. Make one with :func:`napari_isx.open_isx`.

    Opening reads metadata only. The object can be used as a context manager, pickles by its
    path, and may be read from several threads.
    """

    kind: ClassVar[str]
    """What a file of this kind is called: "movie", "cell set" and so on."""

    clock_problems: tuple[str, ...] = ()
    """Which file does not tell its times in full, and why: they may be off."""

    _footer: Footer
    """Unset where there is none: .gpio, .imu, .isxb, older files, what is read through others."""

    def __init__(self, source: FileSource, footer: Footer | None = None) -> None:
        self._source = source
        if footer is not None:
            self._footer = footer

    @property
    def path(self) -> Path:
        """The file, as an absolute path."""
        return self._source.path

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files that are read, in order of time: one, but for a series of parts."""
        return (self.path,)

    @property
    def metadata(self) -> dict[str, Any]:
        """The file's own JSON description; empty where its format has none."""
        return self._footer.values if hasattr(self, "_footer") else {}

    @cached_property
    def acquisition_info(self) -> dict[str, Any]:
        """What the file knows of animal, session, microscope and processing.

        Keys are the names that Inscopix' own software shows, sorted; empty where the file
        says nothing.
        """
        return acquisition_info(self._session())

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._source.closed

    def close(self) -> None:
        """Give the file back. Arrays already handed out stay valid; reading is an error."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Callable[..., Recording], tuple[Any, ...]]:
        return _reopen, (str(self.path),)

    def __dask_tokenize__(self) -> tuple[object, ...]:
        """Identify the file's content to dask without reading it."""
        source = self._source
        return type(self).__name__, str(source.path), source.size, source.modified_ns

    def __repr__(self) -> str:
        state = ", closed" if self.closed else ""
        return f"<{type(self).__name__} {self.path.name!r}: {self._summary()}{state}>"

    def _session(self) -> object:
        """The JSON value that describes the acquisition: ``extraProperties`` in a footer."""
        return self.metadata.get("extraProperties")

    @abstractmethod
    def _summary(self) -> str:
        """What the file holds, in a few words, for ``repr``."""


def _reopen(path: str) -> Recording:
    from napari_isx.io.open import open_isx  # it imports the subclasses of Recording

    return open_isx(path)
