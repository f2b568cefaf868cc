"""What a file of a recording folder holds, from its description alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from napari_isx.io.base.acquisition import at
from napari_isx.io.base.provenance import Provenance
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.timing import FIRST_START_S, Timing
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.behavior.movie import HEADER
from napari_isx.io.errors import IsxFileError, unexpected
from napari_isx.io.folders.open_files import OpenFiles
from napari_isx.io.format.source import FileSource
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.kinds import KINDS, kind_of_suffix
from napari_isx.io.legacy.detect import XML
from napari_isx.io.legacy.hdf5 import HDF5
from napari_isx.io.legacy.raw import RAW
from napari_isx.io.legacy.tiff import TIFF
from napari_isx.io.movies.base import Movie
from napari_isx.io.movies.isxd import Image
from napari_isx.io.open import join, without_pieces

MOVIE: Final = Movie.kind
IMAGE: Final = Image.kind
BEHAVIOR: Final = BehaviorMovie.kind
GPIO: Final = GpioSet.kind
IMU: Final = "IMU"
UNKNOWN: Final = "unknown"

LEGACY_SUFFIXES: Final = XML | HDF5 | TIFF | RAW
"""Of files that may be Inscopix'; only their content says so."""

_KIND_BY_SUFFIX: Final = {
    ".imu": IMU,
    **dict.fromkeys(XML | HDF5 | TIFF, MOVIE),
    **dict.fromkeys(RAW, GPIO),
}
"""Where the table of kinds does not say it; see :mod:`napari_isx.io.kinds`."""

_STEPS: Final = {
    "PP": "preprocessed",
    "BP": "filtered",
    "MC": "motion corrected",
    "DFF": "dF/F",
}
"""What Inscopix' software adds to a movie's name, step by step: rec-PP-BP-MC-DFF."""
# What the recording itself or taking planes and colors apart leaves in `idps`.
_NO_STEPS: Final = frozenset({"efocus", "channel"})
_SEPARATORS: Final = re.compile(r"[-_. ]+")


def place_in_lists(kind: str) -> int:
    """Where a kind is listed and opened: what would cover the others comes first."""
    order = [*(one.name for one in KINDS), IMU, UNKNOWN]
    return order.index(kind)


@dataclass(frozen=True)
class Found:
    """One recording found in a folder: a file, or the parts of a series.

    `paths`: in order of time. `kind`: "movie", "cell set" and so on; "unknown" of a file whose
    description cannot be read. `size_bytes`: of all parts. `modified_s`: Unix time of the last
    change of any part. `description`: what it holds: "1,200 frames of 800 x 1280 uint16 at 20 Hz".
    Empty with a problem. `processing`: what was done to it since it was recorded, as far as it is
    known; else empty. `selected`: whether to open it unless the user wishes otherwise. `problem`:
    why it cannot be opened. `may_be_part`: whether it could be a part of a series for all that is
    known without reading it whole. `provenance`: what the file and its name say of where it comes
    from; None where that was not read. `start_s`: Unix time at which it begins, where that was
    read. `recorded`: date and time of that on the clock where it was recorded; empty where that is
    unknown. `animal`: as the file has it; empty where it does not say. `stands_for`: other files
    that it reads, which are not to be opened beside it.
    """

    paths: tuple[Path, ...]
    kind: str
    size_bytes: int = 0
    modified_s: float = 0.0
    description: str = ""
    processing: str = ""
    selected: bool = False
    problem: str | None = None
    may_be_part: bool = False
    provenance: Provenance | None = None
    start_s: float | None = None
    recorded: str = ""
    animal: str = ""
    stands_for: tuple[Path, ...] = ()

    @property
    def path(self) -> Path:
        """The file, or the first part."""
        return self.paths[0]


class Allowance:
    """How many bytes may still be read of files that are long to describe.

    A behavior movie has an entry for each of its frames: ten minutes are a megabyte of JSON.
    """

    def __init__(self, num_bytes: int) -> None:
        self._left = num_bytes

    def take(self, num_bytes: int) -> bool:
        """Whether so many bytes are still allowed; they are taken if so."""
        if num_bytes > self._left:
            return False
        self._left -= num_bytes
        return True


def describe(path: Path, allowance: Allowance, files: OpenFiles) -> Found:
    """Find out what a file holds.

    `allowance`: of a behavior movie beyond it, only the header is read. `files`: in which the file
    stays open. What is returned is not selected.
    """
    suffix = path.suffix.lower()
    kind = kind_of_suffix(suffix)
    by_table = UNKNOWN if kind is None else kind.name
    found = Found((path,), _KIND_BY_SUFFIX.get(suffix, by_table))
    try:
        source = FileSource(path)
        found = replace(found, size_bytes=source.size, modified_s=source.modified_ns / 1e9)
        brief = _brief_behavior(source, allowance) if suffix == ".isxb" else None
        if brief is not None:
            return replace(found, description=brief, may_be_part=True)
        recording = files.look(path, source)
        others = recording.paths[1:]
        return replace(
            found,
            kind=_kind(recording),
            size_bytes=found.size_bytes + sum(one.stat().st_size for one in others),
            description=_summary(recording),
            processing=processing_of(recording),
            may_be_part=suffix == ".gpio",
            provenance=Provenance.of(recording),
            **_when_and_who(recording),
            stands_for=others,
        )
    except IsxFileError as error:
        return replace(found, problem=error.finding)
    except OSError as error:
        return replace(found, problem=error.strerror or type(error).__name__)
    except Exception as error:  # noqa: BLE001 - the other files can be opened all the same
        return replace(found, problem=unexpected(error))


def describe_series(parts: Sequence[Found], files: OpenFiles) -> Found:
    """What the parts of one recording hold together."""
    paths = tuple(path for part in parts for path in part.paths)
    recording = join(without_pieces([files.look(path) for path in paths]))
    text = f"{_summary(recording)}, in {len(paths)} parts"
    provenance = Provenance.of(recording)
    return Found(
        paths,
        parts[0].kind,
        sum(part.size_bytes for part in parts),
        max(part.modified_s for part in parts),
        text,
        parts[0].processing,
        provenance=provenance,
        start_s=parts[0].start_s,
        recorded=parts[0].recorded,
        animal=parts[0].animal,
    )


def processing_of(recording: Recording) -> str:
    """What was done to a movie, in words; empty for a raw one and for other kinds.

    Known from the end of its name, from what processing leaves in the file's `idps`, and from
    its pixels: the microscope records whole numbers.
    """
    if not isinstance(recording, Movie):
        return ""
    steps = [_STEPS[token] for token in _step_tokens(recording.title)]
    marks = at(recording._session(), "idps")
    marks = marks if isinstance(marks, dict) else {}
    if "pre_mc" in marks and _STEPS["MC"] not in steps:
        steps.append(_STEPS["MC"])
    if not steps and (set(marks) - _NO_STEPS or recording.dtype.kind == "f"):
        steps.append("processed")
    return ", ".join(dict.fromkeys(steps))


def _step_tokens(stem: str) -> list[str]:
    """The names of steps that a file name ends in, in order; the number of a part may follow."""
    tokens = _SEPARATORS.split(stem.upper())
    found: list[str] = []
    while len(tokens) > 1 and (tokens[-1] in _STEPS or tokens[-1].isdecimal()):
        found.insert(0, tokens.pop())
    return [token for token in found if token in _STEPS]


def _kind(recording: Recording) -> str:
    return IMU if isinstance(recording, GpioSet) and recording.is_imu else recording.kind


def _summary(recording: Recording) -> str:
    if isinstance(recording, GpioSet) and recording.place.suffix.lower() == ".gpio":
        return "channels as recorded"  # to count them is to decode the file
    return recording._summary()


def _when_and_who(recording: Recording) -> dict[str, Any]:
    """When it begins, where that is known without decoding the file, and of what animal it is."""
    animal = recording.acquisition_info.get("Animal ID")
    known: dict[str, Any] = {"animal": "" if animal is None else str(animal).strip()}
    if recording.place.suffix.lower() == ".gpio" or not hasattr(recording, "timing"):
        return known
    timing: Timing = recording.timing
    if timing.start_s is not None and timing.start is not None:
        known["start_s"] = float(Fraction(*timing.start_s))
        if known["start_s"] >= FIRST_START_S:
            known["recorded"] = f"{timing.start:%Y-%m-%d %H:%M}"
    return known


def num_recordings(finds: Sequence[Found]) -> int:
    """How many recordings some files are of: by their UUIDs, or else by when they begin."""
    uuids = {
        one.paths: one.provenance.facts.get("Recording UUID") for one in finds if one.provenance
    }
    known = {uuid for uuid in uuids.values() if uuid}
    starts = {round(one.start_s or 0) for one in finds if uuids.get(one.paths)}
    alone = {round(one.start_s) for one in finds if one.start_s and not uuids.get(one.paths)}
    return max(len(known) + len(alone - starts), min(len(finds), 1))


def _brief_behavior(source: FileSource, allowance: Allowance) -> str | None:
    """What the header of a behavior movie says, or None where there is time to read it all."""
    if source.size < HEADER.size:
        return None  # opening it says what is wrong
    fields = HEADER.unpack(source.read(0, HEADER.size))
    stored, dropped, metadata_bytes = fields[4], fields[5], fields[9]
    if metadata_bytes > source.size or allowance.take(metadata_bytes):
        return None
    source.close()
    return f"{stored + dropped:,} frames"
