"""What workers of the runner do in tests; of a module, as they are other processes."""

from __future__ import annotations

import os
import signal
import warnings
from pathlib import Path

from napari_isx.cli.exporting import ExportTask, export


def do(task):
    what, *more = task
    if what == "fail":
        raise ValueError("this one\nis broken")
    if what == "warn":
        warnings.warn("mind this", stacklevel=1)
    if what == "die always":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "die once" and not Path(more[0]).exists():
        Path(more[0]).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return what.upper()


def export_or_die(task: ExportTask):
    """Export, but be killed half way at the recording "dies", the first time."""
    mark = task.folder / "killed"
    if task.sources[0].paths[0].parent.name == "dies" and not mark.exists():
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        draft = task.receipt.with_suffix(".part")
        draft.mkdir(parents=True)
        (draft / "cells.csv").write_text("half a file")
        os.kill(os.getpid(), signal.SIGKILL)
    return export(task)
