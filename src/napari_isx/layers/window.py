"""Telling the window what happens, without knowing whether there is one.

Readers must not import Qt, so they run the widgets' commands by their names in the manifest.
"""

from __future__ import annotations

from typing import Any, Final

_OPENED: Final = "napari-isx.recordings_opened"
_BROKEN: Final = "napari-isx.tell_of_broken_file"


def announce_recordings() -> None:
    """Say that layers of ours are about to be added."""
    _run(_OPENED)


def tell_of_broken_file(message: str) -> bool:
    """Tell the user about a file that cannot be opened; False where nobody would see it."""
    return bool(_run(_BROKEN, message))


def _run(name: str, *args: Any) -> Any:
    from npe2 import PluginManager

    commands = PluginManager.instance().commands
    try:
        return commands.execute(name, args=args)
    except (KeyError, ImportError):  # not installed as a plugin, or no Qt: nobody to tell
        return None
