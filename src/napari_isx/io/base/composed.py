"""Recordings that are read through others: a series of parts, a plane of a movie."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from napari_isx.io.base.recording import Recording

R = TypeVar("R", bound=Recording)


class Composed(Recording, Generic[R]):
    """A recording without a file of its own. Mixed into the class that it is to be.

    What it says of animal, session and microscope is what the first of the others says.

    Parameters
    ----------
    parts : sequence of Recording
        What it reads from, at least one; closed with it.
    """

    def __init__(self, parts: Sequence[R]) -> None:
        self._parts = tuple(parts)
        self._shut = False

    @property
    def path(self) -> Path:
        """The file, or the first of several, as an absolute path."""
        return self._parts[0].path

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files that are read, in order of time."""
        return tuple(path for part in self._parts for path in part.paths)

    @property
    def metadata(self) -> dict[str, Any]:
        """The file's own JSON description; of several files that of the first."""
        return self._parts[0].metadata

    @cached_property
    def acquisition_info(self) -> dict[str, Any]:
        """What the file, or the first of several, knows of the acquisition."""
        return self._parts[0].acquisition_info

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called, here or on what this is read from."""
        return self._shut or any(part.closed for part in self._parts)

    def close(self) -> None:
        """Give all files back. Arrays already handed out stay valid; reading is an error."""
        self._shut = True
        for part in self._parts:
            part.close()

    def __dask_tokenize__(self) -> tuple[object, ...]:
        """Identify the files' content to dask without reading it."""
        return type(self).__name__, *(part.__dask_tokenize__() for part in self._parts)
