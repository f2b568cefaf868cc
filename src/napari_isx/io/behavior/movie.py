"""Behavior movies of nVision (`.isxb`): a header, JPEG pictures in a row, two JSON texts.

======  ====  ===========================================================
offset  type  meaning
======  ====  ===========================================================
0       u64   version of the format, 100
8       u64   size of the header, 96
16      u64   start, Unix milliseconds
24      i64   minutes east of UTC; seconds where old software aligned the start
32      u64   stored frames n
40      u64   dropped frames d
48      u64   video: offset, then size
64      u64   metadata of the frames: offset, then size (0 without it)
80      u64   session: offset, then size
======  ====  ===========================================================

The metadata has ``samples``, one object for each stored frame with the hardware counter ``tsc``
(microseconds), the frame counter ``fc`` and perhaps a ``tracker``, and ``droppedFrames``, the
samples of n + d that are not stored. A session that has ``timingInfo`` or ``spacingInfo``, which
processing adds, replaces what header, metadata and camera say.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.recording import FileRecording
from napari_isx.io.base.spacing import MAX_PIXELS, Spacing
from napari_isx.io.base.timing import MAX_SAMPLES, Timing, read_start
from napari_isx.io.behavior.acquisition import behavior_info
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.behavior.jpeg import MIN_PICTURE_BYTES, JpegDecoder, JpegIndex
from napari_isx.io.behavior.tracking import Tracking, and_more, read_tracking
from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.json_fields import MAX_VALUES, Fields, Rational, parse_json_object
from napari_isx.io.format.picture import PictureError, Pixels
from napari_isx.io.format.source import Block, FileSource

HEADER: Final = struct.Struct("<3Qq8Q")
# Ten hours at 30 Hz, tracked, are 200 MB of metadata.
_MAX_JSON_BYTES: Final = 1 << 30
_MAX_VALUES_OF_FRAME: Final = 64
_UINT64_MAX: Final = 2**64 - 1
# More damaged timestamps than this are no accident of single frames.
_MAX_DAMAGED: Final = 1000
# No place on earth is further from UTC, and no offset in seconds is as small.
_MAX_OFFSET_MIN: Final = 14 * 60
# What a JPEG may take at most; even noise at the best quality stays below.
_MAX_PIXEL_BYTES: Final = 8
_MAX_SEGMENTS_BYTES: Final = 16 << 20


class IsxbMovie(FileRecording, BehaviorMovie):
    """A behavior movie in a `.isxb` file; see :class:`BehaviorMovie`.

    The file has no table of its frames. Where they are is found when the first is read, by going
    through the video as far as the frame that is wanted; nothing is decoded for that, and it is
    done once. From then on any frame costs one read and the decoding of one picture.
    """

    def __init__(self, source: FileSource) -> None:
        super().__init__(source)
        self._header = _read_header(source)
        self._description = self._read_json(self._header.session, "session")
        session = Fields(self.path, self._description)
        self.spacing = _spacing(session)
        if "timingInfo" in session:
            self.timing = Timing.from_fields(session.child("timingInfo"))
        else:
            self.timing = self._recorded_timing()
        self.shape = (self.timing.num_samples, *self.spacing.num_pixels)
        if self.timing.num_valid > self._header.stored:
            self._source.fail(
                f"it should hold {self.timing.num_valid:,} frames, but its header counts only "
                f"{self._header.stored:,}"
            )
        video = self._header.video
        self._index = JpegIndex(source, video.offset, video.offset + video.size)
        self._decoder = JpegDecoder(self.spacing.num_pixels)

    @cached_property
    def timestamps_us(self) -> npt.NDArray[np.uint64] | None:
        if self._header.metadata.size == 0:
            return None
        counters = np.zeros(len(self), np.uint64)
        counters[self.timing.valid_mask] = self._frame_metadata.counters[: self.timing.num_valid]
        counters.flags.writeable = False
        return counters

    @cached_property
    def tracking(self) -> Tracking | None:
        trackers = [] if self._header.metadata.size == 0 else self._frame_metadata.trackers
        return read_tracking(self._description, trackers, self.timing.valid_mask)

    @cached_property
    def acquisition_info(self) -> dict[str, Any]:
        return behavior_info(self._description)

    @cached_property
    def clock_problems(self) -> tuple[str, ...]:
        if self._header.metadata.size == 0:
            return ()
        try:
            damaged = self._frame_metadata.damaged
        except IsxFileError as error:
            return (f"{self.name}: {error.finding}",)
        samples = np.flatnonzero(self.timing.valid_mask)
        frames = samples[[i for i in damaged if i < len(samples)]].tolist()
        return (f"{self.name}: the time of frame {and_more(frames)} is damaged",) if frames else ()

    @cached_property
    def _frame_metadata(self) -> _FrameMetadata:
        fields = Fields(self.path, self._read_json(self._header.metadata, "frames' metadata"))
        samples = fields.objects("samples")
        if len(samples) != self._header.stored:
            fields.fail("samples", f"a list of the {self._header.stored:,} stored frames")
        counters = np.zeros(len(samples), np.uint64)
        damaged: list[int] = []
        for i, sample in enumerate(samples):
            try:
                counters[i] = sample.integer("tsc", 0, _UINT64_MAX)
            except IsxFileError:
                damaged.append(i)
                if len(damaged) > min(_MAX_DAMAGED, len(samples) - 2):  # two tell a frame rate
                    raise
        sound = np.delete(np.arange(len(samples)), damaged)
        return _FrameMetadata(
            counters,
            damaged,
            [sample.values.get("tracker") for sample in samples],
            fields.integers("droppedFrames", 0, default=[]),
            (samples[sound[0]], samples[sound[-1]]) if len(sound) > 1 else None,
        )

    def _recorded_timing(self) -> Timing:
        """The timing as the recorder left it, in header and metadata."""
        header = self._header
        count = header.stored + header.dropped
        if count > MAX_SAMPLES:
            self._source.fail(
                f"its header counts {header.stored:,} stored and {header.dropped:,} dropped "
                f"frames, more than a recording has"
            )
        seconds, offset = {"num": header.start_ms, "den": 1000}, header.utc_offset
        offset_s = offset * 60 if abs(offset) <= _MAX_OFFSET_MIN else offset
        start = read_start({"secsSinceEpoch": seconds, "utcOffset": offset_s})
        ends = self._frame_metadata.ends
        period = Timing(0).period if ends is None else _mean_period(*ends)
        return Timing(count, period, *start, dropped=tuple(self._frame_metadata.dropped))

    def _decode(self, sample: int, *, color: bool = False) -> Pixels | None:
        stored = self.timing.stored_index(sample)
        if stored is None:
            return None
        offset, size = self._index.locate(stored)
        rows, cols = self.spacing.num_pixels
        try:
            if size > _MAX_PIXEL_BYTES * rows * cols + _MAX_SEGMENTS_BYTES:
                raise PictureError(f"its {size:,} bytes are too many")
            jpeg = self._source.read(offset, size)
            return self._decoder.rgb(jpeg) if color else self._decoder.luma(jpeg)
        except PictureError as error:
            raise IsxFileError(
                self.path, f"the picture of frame {sample:,} at byte {offset:,} is damaged: {error}"
            ) from None

    def _read_json(self, block: Block, what: str) -> dict[str, Any]:
        if not 0 < block.size <= _MAX_JSON_BYTES:
            self._source.fail(f"the {what} cannot have {block.size:,} bytes")
        text = self._source.read(block.offset, block.size).partition(b"\0")[0]
        # Each frame has an object of its own, with what the tracker found in it.
        most = MAX_VALUES + _MAX_VALUES_OF_FRAME * self._header.stored
        return parse_json_object(self.path, text, what, most)


class _FrameMetadata(NamedTuple):
    counters: npt.NDArray[np.uint64]  # 0 for those that are damaged
    damaged: list[int]
    trackers: list[object]
    dropped: list[int]
    ends: tuple[Fields, Fields] | None  # the first and last sound sample, where there are two


class _Header(NamedTuple):
    start_ms: int
    utc_offset: int
    stored: int
    dropped: int
    video: Block
    metadata: Block
    session: Block


def _read_header(source: FileSource) -> _Header:
    if source.size < HEADER.size:
        source.fail(f"{source.size} bytes are too few for a behavior movie")
    numbers = HEADER.unpack(source.read(0, HEADER.size))
    blocks = [Block(*numbers[at : at + 2]) for at in (6, 8, 10)]
    header = _Header(*numbers[2:6], *blocks)
    for what, block in zip(("video", "frames' metadata", "session"), blocks, strict=True):
        source.check(block, what)
    if header.stored * MIN_PICTURE_BYTES > header.video.size:
        source.fail(
            f"its header counts {header.stored:,} frames, too many for a video of "
            f"{header.video.size:,} bytes"
        )
    return header


def _spacing(session: Fields) -> Spacing:
    """The grid that processing wrote, or that of the camera's field of view."""
    if "spacingInfo" in session:
        return Spacing.from_fields(session.child("spacingInfo"))
    camera = session.values.get("cameraName")
    if not isinstance(camera, str):
        session.fail("cameraName", "a text")
    field = session.child("processingInterface").child(camera).child("recordFov")
    rows, cols = field.integer("height", 1, MAX_PIXELS), field.integer("width", 1, MAX_PIXELS)
    if rows * cols > MAX_PIXELS:
        field.fail("height", f"that of a picture of at most {MAX_PIXELS:,} pixels")
    left, top = (field.integer(key, -MAX_PIXELS, MAX_PIXELS) for key in ("originx", "originy"))
    return Spacing((rows, cols), top_left=(Rational(top, 1), Rational(left, 1)))


def _mean_period(first: Fields, last: Fields) -> Rational:
    """The mean period between two samples' hardware timestamps."""
    elapsed_us = last.integer("tsc", 0, _UINT64_MAX) - first.integer("tsc", 0, _UINT64_MAX)
    frames = last.integer("fc", 0, _UINT64_MAX) - first.integer("fc", 0, _UINT64_MAX)
    if elapsed_us <= 0 or frames <= 0:
        raise IsxFileError(
            first.path,
            f"from the first to the last frame {elapsed_us} us and {frames} frames pass, "
            f"so it has no frame rate",
        )
    return Rational(elapsed_us, frames * 1_000_000)
