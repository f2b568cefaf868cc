"""What every opened recording has in common, whether it has a file or not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from napari_isx.io.base.acquisition import acquisition_info
from napari_isx.io.format.container import Footer, read_footer
from napari_isx.io.format.source import FileSource


class Recording(ABC):
    """An opened recording. Get one with :func:`napari_isx.open_isx`, or make one in memory.

    Opening reads metadata only. The object can be used as a context manager, pickles, and may be
    read from several threads.
    """

    kind: ClassVar[str]
    """What this is called: "movie", "cell set" and so on."""

    clock_problems: tuple[str, ...] = ()
    """Which file does not tell its times in full, and why: they may be off."""

    @property
    @abstractmethod
    def path(self) -> Path | None:
        """The file, or the first of a series, as an absolute path; None in memory."""

    @property
    @abstractmethod
    def paths(self) -> tuple[Path, ...]:
        """All files that are read, in order of time; none in memory."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What people call it: the file's name, or one that was given in memory."""

    @property
    def place(self) -> Path:
        """The file, or in memory the name: what messages call it."""
        return self.path or Path(self.name)

    @property
    def title(self) -> str:
        """The name without a file's suffix."""
        return self.path.stem if self.path is not None else self.name

    @property
    @abstractmethod
    def metadata(self) -> dict[str, Any]:
        """The file's own JSON description; empty where there is none."""

    @cached_property
    def acquisition_info(self) -> dict[str, Any]:
        """What is known of animal, session, microscope and processing.

        Keys are the names that Inscopix' own software shows, sorted; empty where nothing is
        said.
        """
        return acquisition_info(self._session())

    @property
    @abstractmethod
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""

    @abstractmethod
    def close(self) -> None:
        """Give the file back. Arrays already handed out stay valid; reading is an error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def __dask_tokenize__(self) -> tuple[object, ...]:
        """Identify the content to dask."""

    def __repr__(self) -> str:
        state = ", closed" if self.closed else ""
        # Users know the interface, not what implements it for one format.
        public = next(cls for cls in type(self).__mro__ if "kind" in vars(cls))
        return f"<{public.__name__} {self.name!r}: {self._summary()}{state}>"

    def _session(self) -> object:
        """The JSON value that describes the acquisition: ``extraProperties`` in a footer."""
        return self.metadata.get("extraProperties")

    @abstractmethod
    def _summary(self) -> str:
        """What it holds, in a few words, for ``repr``."""


class FileRecording(Recording):
    """A recording in one file, whose format has no footer; it pickles by its path.

    Parameters
    ----------
    source : FileSource
        The opened file, which is closed with this.
    """

    def __init__(self, source: FileSource) -> None:
        self._source = source

    @classmethod
    def open_file(cls, source: FileSource) -> Self:
        """Read what a file of this format describes.

        Raises
        ------
        IsxFileError
            The file is broken, or of another format.
        """
        return cls(source)

    @property
    def path(self) -> Path:
        """The file, as an absolute path."""
        return self._source.path

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file."""
        return (self.path,)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def metadata(self) -> dict[str, Any]:
        """The file's own JSON description; empty where its format has none."""
        return {}

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._source.closed

    def close(self) -> None:
        """Give the file back. Arrays already handed out stay valid; reading is an error."""
        self._source.close()

    def __reduce__(self) -> tuple[Callable[..., Recording], tuple[Any, ...]]:
        return _reopen, (type(self), str(self.path))

    def __dask_tokenize__(self) -> tuple[object, ...]:
        """Identify the file's content to dask without reading it."""
        source = self._source
        return type(self).__name__, str(source.path), source.size, source.modified_ns


class IsxdRecording(FileRecording):
    """A recording in one `.isxd` file.

    Parameters
    ----------
    source : FileSource
    footer : Footer
        The file's description.
    """

    def __init__(self, source: FileSource, footer: Footer) -> None:
        super().__init__(source)
        self._footer = footer

    @classmethod
    def open_file(cls, source: FileSource) -> Self:
        """Read the file's footer, and what it describes."""
        return cls(source, read_footer(source))

    @property
    def metadata(self) -> dict[str, Any]:
        """The file's footer."""
        return self._footer.values


class MemoryRecording(Recording):
    """A recording without a file; it pickles by its content.

    Parameters
    ----------
    name : str
        What people call it.
    extra_properties : mapping, optional
        Acquisition session, as JSON values.
    """

    def __init__(self, name: str, extra_properties: Mapping[str, Any] | None = None) -> None:
        self._name, self._closed = name, False
        self._extra = None if extra_properties is None else dict(extra_properties)

    @property
    def path(self) -> None:
        """None."""
        return

    @property
    def paths(self) -> tuple[Path, ...]:
        """None at all."""
        return ()

    @property
    def name(self) -> str:
        """What people call it; may be set."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name

    @property
    def metadata(self) -> dict[str, Any]:
        """The acquisition session as ``extraProperties``, as a file's footer would have it."""
        return {} if self._extra is None else {"extraProperties": dict(self._extra)}

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called, which frees nothing and hinders nothing."""
        return self._closed

    def close(self) -> None:
        """Say that nobody needs it any more."""
        self._closed = True


def _reopen(cls: type[FileRecording], path: str) -> FileRecording:
    source = FileSource(path)
    try:
        return cls.open_file(source)
    except BaseException:
        source.close()
        raise
