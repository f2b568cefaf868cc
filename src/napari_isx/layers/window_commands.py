"""Showing the window what happens and asking its user, without knowing whether there is one.

Readers must not import Qt, so they run the widgets' commands by their names in the manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from napari_isx.io.folders.summary import Found

_OPENED: Final = "napari-isx.recordings_opened"
_BROKEN: Final = "napari-isx.report_broken_file"
_CHOOSE: Final = "napari-isx.choose_recordings"
_SHOW_OPEN: Final = "napari-isx.show_open_files"
_BESIDE: Final = "napari-isx.run_beside"
_EXPORT: Final = "napari-isx.show_export"

T = TypeVar("T")


def announce_recordings() -> None:
    """Say that layers of ours are about to be added."""
    _run(_OPENED)


def show_export() -> None:
    """Show the dock that exports what is open."""
    _run(_EXPORT)


def show_open_files(paths: Sequence[Path]) -> bool:
    """Select the layers of files that are open in a running window; False where none are."""
    return bool(_run(_SHOW_OPEN, paths))


def run_beside(work: Callable[[], T], title: str) -> T:
    """What `work` returns or raises; a running window stays alive meanwhile, and names it."""
    outcome: list[T] | None = _run(_BESIDE, work, title)
    return work() if outcome is None else outcome[0]


def report_broken_file(message: str) -> bool:
    """Show why a file cannot be opened; False where nobody would see it."""
    return bool(_run(_BROKEN, message))


def choose_recordings(folder: Path, finds: Sequence[Found]) -> list[Found] | None:
    """Let the user choose what to open of a folder.

    Returns the chosen ones; None where the user opens nothing after all. Where nobody can be asked,
    those that are selected by default.
    """
    chosen: list[Found] | None = _run(_CHOOSE, folder, finds)
    if chosen is None:
        return [found for found in finds if found.selected]
    return chosen or None


def _run(name: str, *args: Any) -> Any:
    from npe2 import PluginManager

    commands = PluginManager.instance().commands
    try:
        return commands.execute(name, args=args)
    except KeyError:  # not installed as a plugin: nobody to show it to
        return None
    except RuntimeError as error:
        if isinstance(error.__cause__, ImportError):  # no Qt: npe2 found, but could not import it
            return None
        raise
