"""What every opened recording has in common, whether it has a file or not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

from napari_isx.io.base.acquisition import acquisition_info
from napari_isx.io.format.container import Footer, plain, read_footer
from napari_isx.io.format.source import FileSource


class Recording(ABC):
    """An opened recording. Get one with :func:`napari_isx.open_isx`, or make one in memory.

    Opening reads metadata only. The object can be used as a context manager, pickles, and may be
    read from several threads.
    """

    kind: ClassVar[str]
    """What this is called: "movie", "cell set" and so on."""
    path: Path | None
    """The file, or the first of a series, as an absolute path; None in memory."""
    paths: tuple[Path, ...]
    """All files that are read, in order of time; none in memory."""
    name: str
    """What people call it: the file's name, or one that was given in memory."""
    _clock_problems: tuple[str, ...] = ()
    _description: Mapping[str, Any] = MappingProxyType({})

    @property
    def place(self) -> Path:
        """The file, or in memory the name: what messages call it."""
        return self.path or Path(self.name)

    @property
    def title(self) -> str:
        """The name without a file's suffix."""
        return self.path.stem if self.path is not None else self.name

    @property
    def metadata(self) -> dict[str, Any]:
        """The file's own JSON description; empty where there is none."""
        return dict(self._description)

    @property
    def clock_problems(self) -> tuple[str, ...]:
        """Which file does not tell its times in full, and why: they may be off."""
        return self._clock_problems

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

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def __dask_tokenize__(self) -> tuple[object, ...]:
        """Identify the content to dask, without reading a file's."""

    def __repr__(self) -> str:
        # Users know the interface, not what implements it for one format.
        public = next(cls for cls in type(self).__mro__ if "kind" in vars(cls))
        return self._described(f"{public.__name__} {self.name!r}")

    def _described(self, what: str) -> str:
        return f"<{what}: {self._summary()}{', closed' if self.closed else ''}>"

    def _session(self) -> object:
        """The JSON value that describes the acquisition: ``extraProperties`` in a footer."""
        return self.metadata.get("extraProperties")

    @abstractmethod
    def _summary(self) -> str:
        """What it holds, in a few words, for ``repr``."""


class FileRecording(Recording):
    """A recording in one file, which is closed with it; it pickles by its path."""

    path: Path

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self.path, self.paths, self.name = source.path, (source.path,), source.path.name

    @classmethod
    def open_file(cls, source: FileSource) -> Self:
        """Read what a file of this format describes; an `IsxFileError` where it is broken."""
        return cls(source)

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
        source = self._source
        return type(self).__name__, str(source.path), source.size, source.modified_ns


class IsxdRecording(FileRecording):
    """A recording in one `.isxd` file."""

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
    """A recording without a file; it pickles by its content."""

    path: None

    def __init__(self, name: str, extra_properties: Mapping[str, Any] | None = None) -> None:
        self.path, self.paths, self.name, self._closed = None, (), name, False
        extra = plain(extra_properties)
        self._description = {} if extra is None else {"extraProperties": extra}

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

    They can still be read: each read then opens the file for itself. Files that others, which are
    kept, read from too are not given back.
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
