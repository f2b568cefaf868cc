"""Movies as TIFF files: for ImageJ, as OME-TIFF, or as Inscopix' software lays them out.

Pages differ in nothing but the place of their pixels, so that the tables of all of them are made at
once, and frames go to the file as they are read. ImageJ reads a stack from the first page alone
and takes the pixels of the others to follow: so they do, with all tables behind them.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, NamedTuple

import numpy as np

from napari_isx.export.common import Progress, check_target
from napari_isx.export.frame_range import FRAME_STATUSES, FrameRange
from napari_isx.io.format.atomic_write import new_file

TiffLayout = Literal["imagej", "ome", "isx"]

PAGES_PER_FILE: Final = 65_535
"""Inscopix' software begins another file after so many."""
_MOST_CLASSIC: Final = 2**32 - 2**24
"""Bytes of a file that plain ImageJ reads; a larger one is a BigTIFF."""
_PAGES_AT_ONCE: Final = 4096
_ASCII, _SHORT, _LONG, _RATIONAL, _LONG8 = 2, 3, 4, 5, 16
_WIDTHS: Final = {1: "B", _ASCII: "B", _SHORT: "H", _LONG: "I", _RATIONAL: "I", _LONG8: "Q"}


class Tag(NamedTuple):
    """One entry of a page's table; a fraction's terms are two values."""

    code: int
    kind: int
    values: Sequence[int] | bytes


def write_tiff(
    frames: FrameRange,
    path: Path,
    layout: TiffLayout,
    *,
    keep_invalid: bool = True,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Write frames into a TIFF file, or of the layout "isx" into several.

    Returns
    -------
    list of Path
        What was written.
    """
    if layout == "isx":
        return _write_as_isx(frames, path, keep_invalid, overwrite, progress)
    if not keep_invalid:
        raise ValueError('frames are left out in the layout "isx" only: times would be wrong')
    big = layout == "ome" or frames.num_bytes > _MOST_CLASSIC
    describe = _ome_tags if layout == "ome" else _imagej_tags
    with new_file(path) as handle:
        _write_stack(handle, frames, describe(frames), big, progress)
    return [path]


def _write_stack(
    handle: BinaryIO,
    frames: FrameRange,
    described: Sequence[Tag],
    big: bool,
    progress: Progress | None,
) -> None:
    """The pixels of all frames in a row, then the tables of all pages."""
    frame_bytes = frames.num_bytes // len(frames)
    start = 16 if big else 8
    tables = start + frames.num_bytes + frames.num_bytes % 2
    handle.write(_header(big, tables))
    for frame in frames.read_all(progress):
        handle.write(frame.data)
    handle.write(bytes(frames.num_bytes % 2))
    tags = _picture_tags(frames, frames.frame_shape[0], [start], [frame_bytes], big)
    at, last = tables, len(frames) - 1
    first = _table([*tags, *described], at, big, is_last=last == 0)
    handle.write(first)
    at += len(first)
    page = _table(tags, at, big)
    for i in range(1, len(frames), _PAGES_AT_ONCE):
        numbers = np.arange(i, min(i + _PAGES_AT_ONCE, len(frames)), dtype=np.int64)
        pages = np.tile(np.frombuffer(page, np.uint8), (len(numbers), 1))
        places = at + np.arange(len(numbers)) * len(page)
        following = np.where(numbers == last, 0, places + len(page))
        _patch(pages, _offset_of(tags, 273, big), start + numbers * frame_bytes, big)
        _patch(pages, _next_at(tags, big), following, big)
        if len(out_of_line := [tag for tag in tags if _size(tag) > (8 if big else 4)]):
            shift = _next_at(tags, big) + (8 if big else 4)
            for tag in out_of_line:  # resolutions, and the three depths of colors
                _patch(pages, _offset_of(tags, tag.code, big), places + shift, big)
                shift += _size(tag) + _size(tag) % 2
        handle.write(pages.tobytes())
        at += pages.nbytes


def _write_as_isx(
    frames: FrameRange,
    path: Path,
    keep_invalid: bool,
    overwrite: bool,
    progress: Progress | None,
) -> list[Path]:
    """A BigTIFF with a strip for each row, each page's table behind its pixels."""
    if len(frames.frame_shape) > 2:
        raise ValueError('the layout "isx" has no colors; take another one')
    count = len(frames) if keep_invalid else int(np.count_nonzero(frames.statuses == 0))
    digits = len(str(count))
    numbers = range(max(-(-count // PAGES_PER_FILE), 1))
    paths = [
        path if i == 0 else path.with_name(f"{path.stem}_{i:0{digits}d}{path.suffix}")
        for i in numbers
    ]
    for other in paths:
        check_target(other, overwrite, [frames.movie])
    rows, cols = frames.frame_shape
    row_bytes = cols * frames.dtype.itemsize
    frame_bytes = rows * row_bytes
    pad = frame_bytes % 2
    written, at = 0, 0
    with ExitStack() as stack:
        for frame in frames.read_all(progress, valid_only=not keep_invalid):
            page = written % PAGES_PER_FILE
            if page == 0:
                handle = stack.enter_context(new_file(paths[written // PAGES_PER_FILE]))
                handle.write(_header(True, 16 + frame_bytes + pad))
                at = 16
            tags = _picture_tags(
                frames, 1, range(at, at + frame_bytes, row_bytes), [row_bytes] * rows, True
            )
            written += 1
            is_last = written == count or written % PAGES_PER_FILE == 0
            table = _table(
                tags, at + frame_bytes + pad, True, is_last, after=frame_bytes + pad, late=(273,)
            )
            handle.write(frame.data)
            handle.write(bytes(pad) + table)
            at += frame_bytes + pad + len(table)
        if not written:
            handle = stack.enter_context(new_file(paths[0]))
            handle.write(_header(True, 0))
    return paths


def _picture_tags(
    frames: FrameRange,
    rows_per_strip: int,
    offsets: Sequence[int],
    counts: Sequence[int],
    big: bool,
) -> list[Tag]:
    """What each page says of its pixels."""
    rows, cols, *rest = frames.frame_shape
    channels = rest[0] if rest else 1
    place = _LONG8 if big else _LONG
    bits, form = 8 * frames.dtype.itemsize, 3 if frames.dtype.kind == "f" else 1
    size = _SHORT if max(rows, cols) < 2**16 else _LONG
    return [
        Tag(256, size, [cols]),
        Tag(257, size, [rows]),
        Tag(258, _SHORT, [bits] * channels),
        Tag(259, _SHORT, [1]),  # uncompressed
        Tag(262, _SHORT, [2 if channels == 3 else 1]),  # RGB, or 0 is black
        Tag(273, place, offsets),
        Tag(274, _SHORT, [1]),  # the first row is the top one
        Tag(277, _SHORT, [channels]),
        Tag(278, size, [rows_per_strip]),
        Tag(279, place, counts),
        Tag(284, _SHORT, [1]),  # colors of a pixel together
        Tag(339, _SHORT, [form] * channels),
    ]


def _resolution_tags(frames: FrameRange, per_um: int, unit: int) -> list[Tag]:
    """Pixels in a length of so many micrometers."""
    height, width = (Fraction(*size) for size in frames.spacing.pixel_size)
    fractions = [(per_um / size).limit_denominator(10**6) for size in (width, height)]
    tags = [
        Tag(code, _RATIONAL, [f.numerator, f.denominator])
        for code, f in zip((282, 283), fractions, strict=True)
    ]
    return [*tags, Tag(296, _SHORT, [unit])]


def _imagej_tags(frames: FrameRange) -> list[Tag]:
    """The description by which ImageJ knows a stack's scale and times."""
    from tifffile import imagej_metadata_tag

    rate = 1 / frames.period_s if frames.period_s else 0
    height, width = frames.spacing.pixel_size_um
    low, high = _value_range(frames)
    lines = [
        "ImageJ=1.54f",
        f"images={len(frames)}",
        f"frames={len(frames)}",
        "hyperstack=true",
        "mode=grayscale",
        "unit=micron",
        f"finterval={frames.period_s!r}",
        "tunit=s",
        f"fps={rate!r}",
        "loop=false",
        f"min={low!r}",
        f"max={high!r}",
    ]
    if len(frames.frame_shape) == 3:
        lines.remove("mode=grayscale")
    if height != width:
        lines.append(f"pixel_height={height!r}")
    labels = [
        f"{t:.6f} s" + (f" {FRAME_STATUSES[code]}" if code else "")
        for t, code in zip(frames.times_s.tolist(), frames.statuses.tolist(), strict=True)
    ]
    metadata = {"Info": _info_text(frames), "Labels": labels}
    extra = [
        Tag(code, kind, value if kind == 1 else np.frombuffer(value, "<u4").tolist())
        for code, kind, _, value, _ in imagej_metadata_tag(metadata, "<")
    ]
    text = ("\n".join(lines) + "\n\0").encode("ascii")
    return [Tag(270, _ASCII, text), *_resolution_tags(frames, 1, 1), *extra]


def _ome_tags(frames: FrameRange) -> list[Tag]:
    """The OME-XML description, with the time of each frame."""
    from tifffile import OmeXml

    rows, cols, *rest = frames.frame_shape
    channels = rest[0] if rest else 1
    height, width = frames.spacing.pixel_size_um
    count = len(frames)
    xml = OmeXml(Creator="napari-isx")
    xml.addimage(
        frames.dtype,
        frames.shape,
        (count, 1, 1, rows, cols, channels),
        axes="TYXS" if rest else "TYX",
        Name=frames.movie.title,
        Description=_info_text(frames),
        PhysicalSizeX=width,
        PhysicalSizeXUnit="µm",
        PhysicalSizeY=height,
        PhysicalSizeYUnit="µm",
        TimeIncrement=frames.period_s,
        TimeIncrementUnit="s",
        Plane={"DeltaT": frames.times_s.tolist(), "DeltaTUnit": ["s"] * count},
    )
    # One byte a character: what is not ASCII is written as a reference.
    text = xml.tostring(declaration=True).encode("ascii", "xmlcharrefreplace") + b"\0"
    return [Tag(270, _ASCII, text), *_resolution_tags(frames, 10_000, 3)]


def _info_text(frames: FrameRange) -> str:
    """What is known of the movie, and which frames hold nothing, in lines."""
    movie, start = frames.movie, frames.movie.timing.start
    lines = {"File": movie.name, "Start of the movie": start.isoformat() if start else "unknown"}
    step = f", every {frames.samples.step}" if frames.samples.step > 1 else ""
    lines["Frames of the movie"] = f"{frames.samples.start} to {frames.samples[-1]}{step}"
    top, left = frames.spacing.top_left_um
    lines["Top left (um)"] = f"{top:g}, {left:g}"
    for name, places in frames.missing.items():
        lines[f"Frames {name}, from 0"] = _ranges_text(places)
    lines |= {str(key): str(value) for key, value in movie.acquisition_info.items()}
    return "\n".join(f"{key}: {value}" for key, value in lines.items())


def _ranges_text(places: Iterable[int]) -> str:
    found = np.array(list(places))
    runs = np.split(found, np.flatnonzero(np.diff(found) != 1) + 1)
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


def _value_range(frames: FrameRange) -> tuple[float, float]:
    """What ImageJ shows as black and white."""
    low, high = frames.contrast
    return (int(low), int(high)) if frames.dtype.kind == "u" else (low, high)


# ---- bytes


def _header(big: bool, first_table: int) -> bytes:
    if big:
        return b"II" + struct.pack("<HHHQ", 43, 8, 0, first_table)
    return b"II" + struct.pack("<HI", 42, first_table)


def _table(
    tags: Sequence[Tag],
    at: int,
    big: bool,
    is_last: bool = False,
    after: int = 0,
    late: Sequence[int] = (),
) -> bytes:
    """A page's table at a place in the file, with the values that do not fit into it behind it.

    The next one is said to follow after so many more bytes. `late` tags' values come last.
    """
    tags = sorted(tags)
    word, entry = ("<Q", "<HHQ") if big else ("<I", "<HHI")
    inline = 8 if big else 4
    long = [tag for tag in tags if _size(tag) > inline]
    long = [t for t in long if t.code not in late] + [t for t in long if t.code in late]
    shift = _next_at(tags, big) + inline
    places = {}
    for tag in long:
        places[tag.code] = at + shift
        shift += _size(tag) + _size(tag) % 2
    parts = [struct.pack("<Q" if big else "<H", len(tags))]
    for tag in tags:
        count = len(tag.values) // (2 if tag.kind == _RATIONAL else 1)
        parts.append(struct.pack(entry, tag.code, tag.kind, count))
        place = places.get(tag.code)
        parts.append(
            _packed(tag).ljust(inline, b"\0") if place is None else struct.pack(word, place)
        )
    parts.append(struct.pack(word, 0 if is_last else at + shift + after))
    parts += [_packed(tag) + bytes(_size(tag) % 2) for tag in long]
    return b"".join(parts)


def _packed(tag: Tag) -> bytes:
    if isinstance(tag.values, bytes):
        return tag.values
    return struct.pack(f"<{len(tag.values)}{_WIDTHS[tag.kind]}", *tag.values)


def _size(tag: Tag) -> int:
    return len(tag.values) * struct.calcsize(_WIDTHS[tag.kind])


def _offset_of(tags: Sequence[Tag], code: int, big: bool) -> int:
    """Where in a table the value of a tag is."""
    place = sorted(tag.code for tag in tags).index(code)
    return 8 + 20 * place + 12 if big else 2 + 12 * place + 8


def _next_at(tags: Sequence[Tag], big: bool) -> int:
    """Where in a table the place of the next one is."""
    return 8 + 20 * len(tags) if big else 2 + 12 * len(tags)


def _patch(pages: Any, column: int, values: Any, big: bool) -> None:
    raw = np.ascontiguousarray(values, "<u8" if big else "<u4").view(np.uint8)
    width = 8 if big else 4
    pages[:, column : column + width] = raw.reshape(-1, width)


def tiff_layout(path: str | os.PathLike[str]) -> TiffLayout:
    """The layout that a name asks for."""
    name = Path(path).name.lower()
    return "ome" if name.endswith((".ome.tif", ".ome.tiff", ".ome.btf")) else "imagej"
