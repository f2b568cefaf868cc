"""The process that `isx` runs in, alone: what `isx_process` starts and talks to.

Requests and answers are messages: the length of a JSON header (u32, little-endian), the header,
and as many bytes as its ``size`` says. `isx` is imported here and nowhere else, because it
crashes, prints on standard output, and leaves files in the system's temporary folder.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import struct
import tempfile
from contextlib import suppress
from typing import Any, BinaryIO, Final

import numpy as np

LENGTH: Final = struct.Struct("<I")
MAX_HEADER_BYTES: Final = 1 << 26


def send(stream: BinaryIO, header: dict[str, Any], data: memoryview | bytes = b"") -> None:
    """Write one message. `data` are bytes, or a memoryview on them."""
    text = json.dumps({**header, "size": len(data)}).encode()
    _write(stream, LENGTH.pack(len(text)) + text)
    _write(stream, data)


def receive(stream: BinaryIO) -> dict[str, Any]:
    """Read the header of a message; the ``size`` bytes after it are left for the caller.

    Raises
    ------
    EOFError
        The other side is gone.
    ValueError
        This is no header.
    """
    (length,) = LENGTH.unpack(read_exactly(stream, LENGTH.size))
    if length > MAX_HEADER_BYTES:
        raise ValueError("no message starts with these bytes")
    header: dict[str, Any] = json.loads(read_exactly(stream, length))
    return header


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    """Read so many bytes, or raise EOFError."""
    data = bytearray(size)
    read_into(stream, memoryview(data))
    return bytes(data)


def read_into(stream: BinaryIO, view: memoryview) -> None:
    """Fill a view on bytes, or raise EOFError."""
    done = 0
    while done < len(view):
        count = stream.readinto(view[done:])  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        done += count


def remove_traces(folder: str) -> None:
    """Remove a private folder and the files that `isx` makes of what it reads there.

    They are in the temporary folder that the system's libraries know, whatever ``TMPDIR`` says,
    and carry the name of the input, which is the folder's.
    """
    name = glob.escape(os.path.basename(folder))
    for place in {"/tmp", tempfile.gettempdir(), os.path.dirname(folder)}:
        for path in glob.glob(os.path.join(glob.escape(place), f"{name}*.isxd")):
            with suppress(OSError):  # on Windows while it is open; then at the end
                os.unlink(path)
    shutil.rmtree(folder, ignore_errors=True)


def _write(stream: BinaryIO, data: memoryview | bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[stream.write(view) :]


class _Opened:
    """One file in `isx`."""

    def __init__(self, request: dict[str, Any]) -> None:
        import isx

        folder = request["folder"]
        self._gpio = request["kind"] == "gpio"
        self._file = (isx.GpioSet if self._gpio else isx.Movie).read(request["path"])
        spacing = isx.Spacing((1, 1)) if self._gpio else self._file.spacing
        # Time and place to the last digit are only in the files that `isx` writes.
        path = os.path.join(folder, "description.isxd")
        isx.CellSet.write(path, self._file.timing, spacing).flush()
        self.answer: dict[str, Any] = {
            "description": path,
            "acquisition_info": self._file.get_acquisition_info(),
        }
        if self._gpio:
            names = [self._file.get_channel_name(i) for i in range(self._file.num_channels)]
            self.answer["channels"] = names
        else:
            self._type = np.dtype(self._file.data_type)
            self.answer["dtype"] = self._type.name

    def read(self, index: int) -> tuple[dict[str, Any], memoryview]:
        """A frame; or a channel: its times, then its values."""
        if not self._gpio:
            frame = np.ascontiguousarray(self._file.get_frame_data(index), self._type)
            return {}, frame.reshape(-1).view(np.uint8).data
        offsets, values = self._file.get_channel_data(index)
        data = np.asarray(offsets, "<u8").tobytes() + np.asarray(values, "<f4").tobytes()
        return {"count": len(offsets)}, memoryview(data)


def _answer(opened: _Opened | None, request: dict[str, Any], stream: BinaryIO) -> _Opened:
    if opened is None:
        opened = _Opened(request)
        send(stream, opened.answer)
    else:
        send(stream, *opened.read(request["index"]))
    return opened


def main() -> None:
    """Open the file of the first request and answer the others, until the parent is gone."""
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    folder, opened = "", None
    try:
        while True:
            request = receive(requests)
            folder = folder or request["folder"]
            try:
                opened = _answer(opened, request, answers)
            except ImportError as error:
                send(answers, {"missing": str(error)})
            except BrokenPipeError:
                raise
            except Exception as error:  # noqa: BLE001 - isx raises bare Exceptions
                send(answers, {"error": str(error)})
    except (EOFError, BrokenPipeError):
        pass
    finally:
        if folder:
            remove_traces(folder)
        # Not the usual end, which waits for the threads of isx.
        os._exit(0)


if __name__ == "__main__":
    main()
