"""A disk on which every call takes long, as on a share; it counts them, and may fail."""

from __future__ import annotations

import io
import mmap
import os
import threading
import time
from collections import Counter
from contextlib import contextmanager

# What asks the disk something, by whether it is given a path or a handle.
_BY_PATH = ("open", "stat", "lstat", "scandir", "listdir", "rename", "replace", "unlink", "mkdir")
_BY_HANDLE = ("preadv", "pread", "read", "write", "fstat", "fsync")


class SlowDisk:
    """What is asked of the files below a folder."""

    def __init__(self, folder, delay_s: float) -> None:
        self._folder, self._delay_s = os.path.realpath(folder), delay_s
        self._handles: set[int] = set()
        self._lock = threading.Lock()
        self.calls: Counter[str] = Counter()
        self.main_thread_calls = 0
        self.is_failing = False

    @property
    def count(self) -> int:
        return self.calls.total()

    def _ask(self, name: str) -> None:
        with self._lock:
            self.calls[name] += 1
            self.main_thread_calls += threading.current_thread() is threading.main_thread()
        time.sleep(self._delay_s)
        if self.is_failing:
            raise OSError(5, "Input/output error")

    def _is_below(self, path) -> bool:
        try:
            return os.fspath(path).startswith(self._folder)
        except TypeError:  # a handle, or bytes
            return False

    def by_path(self, name: str, call):
        def asked(path=".", *args, **kwargs):
            below = self._is_below(path)
            if below:
                self._ask(name)
            result = call(path, *args, **kwargs)
            if name == "open":
                (self._handles.add if below else self._handles.discard)(result)
            return result

        return asked

    def by_handle(self, name: str, call):
        def asked(handle, *args, **kwargs):
            if handle in self._handles:
                self._ask(name)
            return call(handle, *args, **kwargs)

        return asked

    def opening(self, call):
        def asked(path, *args, **kwargs):
            if self._is_below(path):
                self._ask("open")
            return call(path, *args, **kwargs)

        return asked


@contextmanager
def slow_disk(folder, monkeypatch, delay_s: float = 0.005):
    """Let each call about files below a folder take this long."""
    disk = SlowDisk(folder, delay_s)
    with monkeypatch.context() as patch:
        for name in _BY_PATH:
            patch.setattr(os, name, disk.by_path(name, getattr(os, name)))
        for name in _BY_HANDLE:
            if hasattr(os, name):
                patch.setattr(os, name, disk.by_handle(name, getattr(os, name)))
        patch.setattr(io, "open", disk.opening(io.open))
        patch.setattr(mmap, "mmap", _counted_mmap(disk))
        yield disk


def _counted_mmap(disk: SlowDisk):
    class Mapped(mmap.mmap):
        def __new__(cls, handle, *args, **kwargs):
            if handle in disk._handles:
                disk._ask("mmap")
            return super().__new__(cls, handle, *args, **kwargs)

    return Mapped
