"""Pictures as a clip: MP4, or GIF, frame by frame through PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import numpy as np
import numpy.typing as npt

from napari_isx.export.common import Progress
from napari_isx.export.frame_range import FrameRange
from napari_isx.io.format.atomic_write import new_file

Quality = Literal["small", "good", "best"]

Pixels = npt.NDArray[np.uint8]

_CODECS: Final = {
    "libx264": "H.264",
    "libopenh264": "H.264",
    "h264_videotoolbox": "H.264",
    "h264_mf": "H.264",
    "mpeg4": "MPEG-4 part 2",
}
"""What writes MP4, the best first."""
_CRF: Final = {"small": 30, "good": 22, "best": 14}
# Bits for a pixel of a frame, of codecs that go by a rate.
_BITS: Final = {"small": 0.05, "good": 0.15, "best": 0.5}
_MAX_FPS: Final = {"mp4": 60, "gif": 25}
_MIN_FPS: Final = 10
# Clocks of some codecs have sixteen bits.
_MAX_TERM: Final = 60_000
VIDEO_SUFFIXES: Final = (".mp4", ".gif")


class VideoWriter:
    """A clip that is being written; see :func:`new_video`. `codec` is its encoding in words."""

    def __init__(
        self, handle: BinaryIO, form: str, fps: Fraction, quality: Quality, height: int | None
    ) -> None:
        import av

        self._fps, self._quality, self._height = fps, quality, height
        self._is_gif = form == "gif"
        self._name = "gif" if self._is_gif else _mp4_encoder()
        self.codec = "GIF" if self._is_gif else f"{_CODECS[self._name]} ({self._name})"
        options = {} if self._is_gif else {"movflags": "faststart"}
        self._container: Any = av.open(handle, "w", format=form, options=options)
        self._stream: Any = None
        self._count = 0

    def add(self, picture: Pixels) -> None:
        """Add a picture: ``(H, W)`` gray or ``(H, W, 3)`` color, all of one size."""
        import av

        height, width = self._size(*picture.shape[:2])
        if self._height is None:  # a row or column more, rather than all drawn anew
            more = (height - picture.shape[0], width - picture.shape[1])
            picture = np.pad(
                picture, [(0, more[0]), (0, more[1]), (0, 0)][: picture.ndim], mode="edge"
            )
        frame: Any = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(picture), format="gray" if picture.ndim == 2 else "rgb24"
        )
        if self._stream is None:
            self._begin(height, width, is_gray=picture.ndim == 2)
        frame = frame.reformat(
            width,
            height,
            None if self._is_gif else "yuv420p",
            interpolation="AREA" if height < picture.shape[0] else "BICUBIC",
        )
        if self._is_gif and picture.ndim == 3:
            frame = _with_palette(frame.to_ndarray())
        frame.pts, frame.time_base = self._count, 1 / self._fps
        self._count += 1
        self._mux(frame)

    def close(self, *, is_whole: bool) -> None:
        """Write what is left, if the clip is wanted."""
        if is_whole and self._stream is not None:
            self._mux(None)
        self._container.close()

    def _mux(self, frame: Any) -> None:
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def _size(self, rows: int, cols: int) -> tuple[int, int]:
        """Of the clip's pictures; colors of MP4 are stored for four pixels together."""
        height = self._height or rows
        width = max(round(cols * height / rows), 1)
        return (height, width) if self._is_gif else (height + height % 2, width + width % 2)

    def _begin(self, height: int, width: int, *, is_gray: bool) -> None:
        stream = self._container.add_stream(self._name, rate=self._fps)
        stream.height, stream.width = height, width
        if self._is_gif:
            stream.pix_fmt = "gray" if is_gray else "pal8"
        else:
            stream.pix_fmt = "yuv420p"
            if self._name == "libx264":
                stream.options = {"crf": str(_CRF[self._quality]), "preset": "veryfast"}
            else:
                bits = _BITS[self._quality] * (3 if self._name == "mpeg4" else 1)
                stream.bit_rate = max(int(bits * height * width * self._fps), 100_000)
        self._stream = stream


@contextmanager
def new_video(
    path: Path,
    fps: Fraction,
    quality: Quality = "good",
    height: int | None = None,
) -> Iterator[VideoWriter]:
    """A clip to fill, MP4 or GIF by the suffix, which is in place if nothing goes wrong.

    Its pictures have `height` pixels, or as many as they come with; `quality` is that of MP4.
    """
    with new_file(path) as handle:
        video = VideoWriter(handle, path.suffix.lower()[1:], fps, quality, height)
        try:
            yield video
        except BaseException:
            with suppress(Exception):  # the disk may be full, and what went wrong first is said
                video.close(is_whole=False)
            raise
        try:
            video.close(is_whole=True)
        except RuntimeError as error:  # PyAV hides what the file said when it was written
            if isinstance(error.__cause__, OSError):
                raise error.__cause__ from error
            raise


def playback(suffix: str, period_s: float, speed: float) -> Fraction:
    """How many pictures a second a clip has of frames so far apart, played so much faster.

    Raises
    ------
    ValueError
        `speed` is not above 0.
    """
    if not 0 < speed < 1e6:
        raise ValueError(f"speed must be above 0, not {speed}")
    most = _MAX_FPS[suffix.lower().removeprefix(".")]
    fps = min(max(speed / period_s if period_s else most, _MIN_FPS), most)
    if suffix.lower() == ".gif":  # whole hundredths of a second
        return Fraction(100, max(round(100 / fps), 1))
    return Fraction(fps).limit_denominator(1001 if fps * 1001 < _MAX_TERM else 1)


def shown_frames(times_s: npt.NDArray[np.float64], period_s: float, step_s: float) -> list[int]:
    """Which frame each picture of a clip shows, one every `step_s`, as times really passed."""
    end_s = times_s[-1] + period_s
    count = max(round((end_s - times_s[0]) / step_s), 1)
    moments = times_s[0] + (np.arange(count) + 0.5) * step_s
    shown = np.searchsorted(times_s, moments, side="right") - 1
    return [max(int(place), 0) for place in shown]


def write_video(
    frames: FrameRange,
    path: Path,
    *,
    speed: float = 1,
    quality: Quality = "good",
    height: int | None = None,
    contrast: tuple[float, float] | None = None,
    progress: Progress | None = None,
) -> str:
    """Write frames as a clip; returns what it is encoded with."""
    fps = playback(path.suffix, frames.period_s, speed)
    shown = shown_frames(frames.times_s, frames.period_s, float(speed / fps))
    limits = contrast or ((0, 255) if _is_camera(frames) else frames.contrast)
    frame = np.empty(frames.frame_shape, frames.dtype)
    last = -1
    with new_video(path, fps, quality, height) as video:
        for i, place in enumerate(shown):
            if place != last:
                frames.read(frames.samples[place], frame)
                picture, last = to_8_bit(frame, limits), place
            video.add(picture)
            if progress is not None:
                progress((i + 1) / len(shown))
    return video.codec


def to_8_bit(frame: npt.NDArray[Any], limits: tuple[float, float]) -> Pixels:
    """Values between black and white as bytes; colors stay as they are."""
    if frame.ndim == 3 or (frame.dtype == np.uint8 and limits == (0, 255)):
        return frame.astype(np.uint8)
    low, high = limits
    scaled = (frame.astype(np.float32) - np.float32(low)) * np.float32(255 / (high - low))
    picture: Pixels = np.nan_to_num(np.clip(scaled, 0, 255), nan=0).round().astype(np.uint8)
    return picture


def _is_camera(frames: FrameRange) -> bool:
    return frames.movie.kind == "behavior movie"


def _mp4_encoder() -> str:
    """The best encoder that this build of FFmpeg has."""
    import av

    for name in _CODECS:
        try:
            av.Codec(name, "w")
        except ValueError:  # not built in
            continue
        return name
    raise ValueError("this PyAV has no encoder for MP4: export as .gif or .tif instead")


def _with_palette(picture: Pixels) -> Any:
    """A color picture with the 256 colors that suit it."""
    import av
    from PIL import Image

    few = Image.fromarray(picture).quantize(256, dither=Image.Dither.NONE)
    colors = np.array(few.getpalette() or [], np.uint8).reshape(-1, 3)
    palette = np.zeros((256, 4), np.uint8)
    palette[: len(colors), 0], palette[: len(colors), 1:] = 255, colors
    indexed: Any = (np.array(few, np.uint8), palette)
    return av.VideoFrame.from_ndarray(indexed, format="pal8")
