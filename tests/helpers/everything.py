"""Using all that an opened recording offers, for tests of what a damaged file may do to it."""

from __future__ import annotations

import contextlib
import inspect
import itertools
from pathlib import Path
from typing import Any

from napari_isx import IsxFileError, Timing, open_isx
from napari_isx.io.base.recording import Recording

ALLOWED = (IsxFileError, IndexError, ValueError)
# Names that take arguments, with arguments that fit their signature.
CALLS: dict[str, list[tuple[Any, ...]]] = {
    "read_frame": [(0,), (-1,), (3,), (10**12,)],
    "read_rows": [(0, 0, 1), (-1, 0, 10**9)],
    "timestamp_us": [(0,), (-1,), (10**12,)],
    "statuses_in_file": [()],
    "open_gpio": [()],
    "read_color_frame": [(0,), (-1,), (10**12,)],
    "__getitem__": [(0,), (slice(0, 3),), (slice(None, None, 10**6),)],
    "to_dask": [(10**6,)],
    "footprint": [(0,), (-1,)],
    "trace": [(0,), (-1,)],
    "events": [(0,), (-1,)],
    "channel": [(0,), (-1,)],
    "sample_at": [(0.0,), (1e300,), (float("nan"),)],
    "stored_index": [(0,), (5,)],
    "first_and_last_valid": [()],
    "to_json": [()],
    "starts_after_s": [(Timing(3),), (Timing(3, start_s=None),)],
    "to_um": [([],), ([(0, 0)],)],
}
NOT_CALLED = {
    "from_array",
    "from_arrays",
    "open_file",
    "close",
    "save_statuses",
    "restore_previous_statuses",
    "regular",
    "from_fields",
    "with_period",
    # io/base/test_to_frames.py tries these.
    "to_pandas",
    "to_pynapple",
    "to_xarray",
}
MANY = 10**6
LONG_ARRAYS = {"times_s", "valid_mask", "timestamps_us"}


def assert_broken_or_usable(path: Path) -> None:
    """Open and use a file; it may fail with our error, which then names the file."""
    error = None
    try:
        with open_isx(path) as recording:
            use_everything(recording)
    except IsxFileError as caught:
        error = caught
    assert error is None or path.name in str(error)


def use_everything(recording: Recording) -> None:
    """Use every public name; nothing but ``ALLOWED`` may be raised."""
    for owner in (recording, *_parts(recording)):
        repr(owner)
        names = {name for name in dir(owner) if not name.startswith("_")}
        many = max(getattr(owner, "num_samples", 0), *getattr(owner, "shape", (0,)))
        skipped = LONG_ARRAYS if many > MANY else set()
        for name in sorted(names - NOT_CALLED - skipped):
            _use(owner, name)
        if hasattr(owner, "__getitem__") and not isinstance(owner, tuple):
            _use(owner, "__getitem__")
    statuses = getattr(recording, "statuses", None)
    if statuses is not None:
        with contextlib.suppress(*ALLOWED):
            recording.save_statuses(list(reversed(statuses)))


def _parts(recording: Recording) -> list[object]:
    return [part for name in ("timing", "spacing") if (part := getattr(recording, name, None))]


def _use(owner: object, name: str) -> None:
    try:
        value = getattr(owner, name)
    except ALLOWED:
        return
    if not callable(value):
        return
    assert name in CALLS, f"{type(owner).__name__}.{name} is public, but not tried here"
    assert inspect.signature(value) is not None
    for arguments in CALLS[name]:
        try:
            result = value(*arguments)
            if hasattr(result, "__iter__"):
                list(itertools.islice(iter(result), 2))
        except ALLOWED:
            continue
