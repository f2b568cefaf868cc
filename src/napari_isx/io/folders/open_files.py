"""Files that were opened to look at them, and stay open for what needs them next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from napari_isx.io.base.recording import Recording, put_away, take_out
from napari_isx.io.format.source import FileSource
from napari_isx.io.open import as_one, open_isx, open_source

# A process may hold some hundred files open; a folder may have thousands.
_MOST_HANDLES: Final = 64


class OpenFiles:
    """Opens each file once. As a context manager it closes those that nobody took."""

    def __init__(self) -> None:
        self._held: dict[Path, Recording] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for recording in self._held.values():
            recording.close()
        self._held.clear()

    def look(self, path: Path, source: FileSource | None = None) -> Recording:
        """The recording of a file, from its opened source where there is one; not to be closed."""
        if path not in self._held:
            recording = open_isx(path) if source is None else open_source(source)
            if len(self._held) >= _MOST_HANDLES:
                put_away([recording], ())
            self._held[path] = recording
        return self._held[path]

    def take(self, paths: Sequence[Path]) -> Recording:
        """The recording in some files, which is the caller's to close; raises as `open_isx`."""
        parts: list[Recording] = []
        try:
            parts.extend(map(self._take_one, paths))
        except BaseException:
            for part in parts:
                part.close()
            raise
        take_out(parts)
        return as_one(parts)

    def _take_one(self, path: Path) -> Recording:
        held = self._held.pop(path, None)
        if held is not None and all(source.is_current for source in held._sources):
            return held
        if held is not None:
            held.close()
        return open_isx(path)
