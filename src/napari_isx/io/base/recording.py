"""What every opened recording has in common, whether it has a file or not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
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

    @property
    def _sources(self) -> tuple[FileSource, ...]:
        """What holds the files open that it reads; a plane shares them with its movie."""
        return ()

    def _forget(self) -> None:  # noqa: B027 - in memory there is nothing to read again
        """Give back the memory of what was read; it is read again when it is asked for."""

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

    @property
    def _sources(self) -> tuple[FileSource, ...]:
        return (self._source,)

    def _forget(self) -> None:
        forget_cached(self)

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


def forget_cached(owner: object) -> None:
    """Have the cached properties of an object computed again when they are asked for."""
    for kind in type(owner).__mro__:
        for name, value in vars(kind).items():
            if isinstance(value, cached_property):
                vars(owner).pop(name, None)


def put_away(gone: Iterable[Recording], kept: Iterable[Recording]) -> None:
    """Give back the files and the memory of recordings that nobody looks at any more.

    They can still be read: each read then opens the file for itself.

    Parameters
    ----------
    gone : iterable of Recording
    kept : iterable of Recording
        Whose files are not given back, though those that are gone read from them too.
    """
    held = {id(source) for recording in kept for source in recording._sources}
    for recording in gone:
        recording._forget()
        for source in recording._sources:
            if id(source) not in held:
                source.put_away()


def take_out(recordings: Iterable[Recording]) -> None:
    """Hold the files of recordings open again that were put away."""
    for recording in recordings:
        for source in recording._sources:
            source.take_out()


def _reopen(cls: type[FileRecording], path: str) -> FileRecording:
    source = FileSource(path)
    try:
        return cls.open_file(source)
    except BaseException:
        source.close()
        raise
