"""Reading through `isx` in a process of its own, which may crash, print and hang as it likes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
import weakref
from importlib.util import find_spec
from math import inf
from pathlib import Path
from platform import machine
from tempfile import mkdtemp
from typing import Any, BinaryIO, Final, Literal, cast

import numpy as np
import numpy.typing as npt

from napari_isx.io.errors import IsxFileError, UnsupportedIsxError
from napari_isx.io.legacy.isx_worker import read_exactly, read_into, receive, remove_traces, send

OPEN_TIMEOUT_S = 20.0
"""Starting Python and `isx` takes half a second, a file on a slow network some more."""
READ_TIMEOUT_S = 20.0
_WATCH_S: Final = 0.25
_PIPE_BYTES: Final = 1 << 20
_PLATFORMS: Final = {("linux", "x86_64"), ("darwin", "x86_64"), ("win32", "amd64")}
_FAILED_ADVICE: Final = (
    "Inscopix' isx package, which this file is read through, cannot read it: copy it again from "
    "where it was recorded or made, with all files that belong to it, and if that does not help, "
    "try to open it in Inscopix' own software"
)

Kind = Literal["movie", "gpio"]


class IsxProcess:
    """One file, open in `isx` in a process of its own.

    The process has a private temporary folder and ends with :meth:`close`, with this object, or
    with this Python process. Threads take turns. In a forked process it starts anew.

    Parameters
    ----------
    path : Path
        The file.
    kind : {"movie", "gpio"}
        What to read it as.
    suffix : str
        That by which `isx` knows the format. Where the file has another one, and for formats of
        which `isx` makes a file of its own elsewhere, it is given a link of its own name.

    Attributes
    ----------
    description : bytes
        A cell set that `isx` wrote with the file's timing and spacing.
    answer : dict
        ``acquisition_info`` and ``dtype``, or ``channels``.

    Raises
    ------
    IsxFileError
        `isx` cannot open the file, crashes on it, or takes too long.
    UnsupportedIsxError
        `isx` is not installed, or does not work.
    """

    def __init__(self, path: Path, kind: Kind, suffix: str) -> None:
        self._path, self._kind, self._suffix = path, kind, suffix
        self._start()

    def close(self) -> None:
        """End the process and remove its folder. May be called twice."""
        self._closed = True
        self._end()

    def read_frame(self, index: int, frame: npt.NDArray[Any]) -> None:
        """Read a frame of a movie into a contiguous array.

        Raises
        ------
        IsxFileError
            `isx` fails, crashes, takes too long, or has a frame of another size.
        ValueError
            The process was closed.
        """
        with self._turn():
            header = self._ask({"index": index}, READ_TIMEOUT_S, f"reading frame {index}", frame)
        if header["size"] != frame.nbytes:
            raise self._failed(f"frame {index} has {header['size']:,} bytes, not {frame.nbytes:,}")

    def read_channel(self, index: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.float32]]:
        """Read the times in microseconds and the values of a channel; raises likewise."""
        with self._turn():
            what = f"reading channel {index}"
            header = self._ask({"index": index}, READ_TIMEOUT_S, what)
        data, count = self._data, header["count"]
        offsets = np.frombuffer(data, "<u8", count)
        return offsets, np.frombuffer(data, "<f4", count, offsets.nbytes)

    def _start(self) -> None:
        self._closed, self._dead, self._data = False, False, b""
        self._lock, self._pid = threading.Lock(), os.getpid()
        folder = mkdtemp(prefix="napari-isx-legacy-")
        temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "napari_isx.io.legacy.isx_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env={**os.environ, **temporary},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._watchdog = _Watchdog(self._process)
        self._end = weakref.finalize(
            self, _end, self._process, self._watchdog.stopped, folder, self._pid
        )
        try:
            _widen(self._process.stdout)
            request = {"path": self._linked(folder), "kind": self._kind, "folder": folder}
            self.answer = self._ask(request, OPEN_TIMEOUT_S, "opening it")
            self.description = Path(self.answer["description"]).read_bytes()
        except BaseException:
            self.close()
            raise

    def _linked(self, folder: str) -> str:
        """The file's path, or one in the private folder by which `isx` can read it.

        Where links cannot be made, which Windows does not let everyone, `isx` reads the file
        itself, and makes its own file beside it.
        """
        makes_files = self._kind == "gpio"
        if self._path.suffix == self._suffix and not makes_files:
            return str(self._path)
        link = os.path.join(folder, os.path.basename(folder) + self._suffix)
        for make in (os.symlink, os.link):
            try:
                make(self._path, link)
            except (OSError, NotImplementedError):
                continue
            return link
        return str(self._path)

    def _turn(self) -> threading.Lock:
        """The lock to hold while asking; a forked process gets a process of its own first."""
        if os.getpid() != self._pid:
            was_closed = self._closed
            self._start()
            if was_closed:
                self.close()
        return self._lock

    def _ask(
        self,
        request: dict[str, Any],
        timeout_s: float,
        doing: str,
        target: npt.NDArray[Any] | None = None,
    ) -> dict[str, Any]:
        """Send a request; the bytes of the answer go to `target` if they fit, else are kept."""
        if self._closed:
            raise ValueError(f"{self._path.name} is closed")
        if self._dead:
            raise self._failed("it crashed or hung before; open the file again to go on")
        self._watchdog.deadline_s = time.monotonic() + timeout_s
        try:
            send(cast(BinaryIO, self._process.stdin), request)
            answers = cast(BinaryIO, self._process.stdout)
            header = receive(answers)
            if target is not None and header["size"] == target.nbytes:
                read_into(answers, target.reshape(-1).view(np.uint8).data)
            else:
                self._data = read_exactly(answers, header["size"])
        except (EOFError, OSError, ValueError) as error:
            self._dead = True
            if self._closed:
                raise ValueError(f"{self._path.name} is closed") from None
            self._process.kill()
            self._process.wait()
            end = f"did not answer within {timeout_s:g} s" if self._watchdog.bit else "crashed"
            raise self._failed(f"isx {end} while {doing}") from error
        finally:
            self._watchdog.deadline_s = inf
        if "missing" in header:
            raise UnsupportedIsxError(
                self._path,
                f"it is read through the isx package, which does not work here "
                f"({header['missing']})",
                "Reinstall it with: pip install --force-reinstall isx",
            )
        if "error" in header:
            raise self._failed(f"isx failed while {doing}: {_last_line(header['error'])}")
        return header

    def _failed(self, finding: str) -> IsxFileError:
        return IsxFileError(self._path, finding, _FAILED_ADVICE)


def require_isx(path: Path, what: str) -> None:
    """Check that `isx` is installed; it is not imported.

    Parameters
    ----------
    path : Path
        The file that needs it.
    what : str
        What the file is, for the message: "an nVista recording".

    Raises
    ------
    UnsupportedIsxError
        It is not. Says how to come by it, or what else to do where no version of it runs.
    """
    if find_spec("isx") is not None:
        return
    finding = f"it is {what}, which is read through the isx package, which is not installed here"
    if (sys.platform, machine().lower()) in _PLATFORMS and sys.version_info < (3, 14):
        raise UnsupportedIsxError(
            path, finding, "Install it with: pip install isx (its licence is non-commercial)"
        )
    raise UnsupportedIsxError(
        path,
        f"{finding}, and there is none for Python {sys.version_info[0]}.{sys.version_info[1]} on "
        f"{sys.platform} {machine()}",
        "Open the file where there is one, that is with Python 3.13 or older on Windows, Linux or "
        "macOS with an x86 processor (on a Mac with Apple silicon, in an x86 environment under "
        "Rosetta), or export it as .isxd in Inscopix' own software: .isxd files open everywhere",
    )


class _Watchdog:
    """Kills a process that takes too long; a timer for each read would take longer than it.

    Attributes
    ----------
    deadline_s : float
        When to bite, by the monotonic clock.
    bit : bool
    stopped : threading.Event
        Ends it when set.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.deadline_s = inf
        self.bit = False
        self.stopped = threading.Event()
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while not self.stopped.wait(_WATCH_S):
            if time.monotonic() > self.deadline_s:
                self.bit = True
                process.kill()
                return


def _end(process: subprocess.Popen[bytes], stopped: threading.Event, folder: str, pid: int) -> None:
    """Stop the process, which has nothing to lose, and remove all that it left."""
    stopped.set()
    if os.getpid() == pid:  # else this is a fork, and the process is the parent's
        process.kill()
        process.wait()
        remove_traces(folder)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def _widen(pipe: Any) -> None:
    """Make a pipe hold a whole frame, where the system can: fewer turns between processes."""
    if sys.platform == "linux":
        import fcntl

        try:
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        except OSError:  # the user's pipes are many already
            return


def _last_line(text: str) -> str:
    """What `isx` says went wrong, without the C function that it went wrong in."""
    lines = [line.strip(" .") for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it does not say why"
