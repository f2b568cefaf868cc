"""Which recordings paths mean: files, folders of one session, or folders of folders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from napari_isx.io.folders.scan import find_recordings


@dataclass(frozen=True)
class Source:
    """A recording to work on: its files, in order of time, and where it is below what was given."""

    paths: tuple[Path, ...]
    below: Path = Path()
    problem: str = ""

    @property
    def title(self) -> str:
        """What messages call it."""
        more = f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
        return f"{self.below / self.paths[0].name}{more}"


def find_sources(paths: Iterable[Path]) -> list[Source]:
    """The recordings that paths mean, parts of a series together, each once.

    A path without a recording is one with a problem, so that it does not keep out the others.
    """
    sources: dict[tuple[Path, ...], Source] = {}
    for path in paths:
        if not path.is_dir():
            problem = "" if path.exists() else f"there is no such file: {path}"
            sources.setdefault((path.resolve(),), Source((path,), problem=problem))
            continue
        found = find_recordings(path)
        if not found:
            problem = f"no Inscopix recording is in {path} or three levels below"
            sources.setdefault((path.resolve(),), Source((path,), problem=problem))
        for one in found:
            key = tuple(part.resolve() for part in one.paths)
            below = one.paths[0].parent.relative_to(path)
            sources.setdefault(key, Source(tuple(one.paths), below, one.problem or ""))
    return list(sources.values())


def by_folder(sources: Iterable[Source]) -> list[list[Source]]:
    """Sources that lie in one folder, which are of one session."""
    sessions: defaultdict[Path, list[Source]] = defaultdict(list)
    for source in sources:
        sessions[source.paths[0].parent].append(source)
    return list(sessions.values())
