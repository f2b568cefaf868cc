"""What the plugin remembers of the user from one day to the next: small JSON files."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import platformdirs

from napari_isx.io.cells.journal_lines import DATA_FOLDER_VARIABLE


def settings_folder() -> Path:
    chosen = os.environ.get(DATA_FOLDER_VARIABLE)
    if chosen:
        return Path(chosen) / "settings"
    return platformdirs.user_config_path("napari-isx", appauthor=False)


def recall(name: str) -> Any:
    """What was remembered by a name; None where that is nothing that can be read."""
    try:
        return json.loads((settings_folder() / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def remember(name: str, value: Any) -> None:
    """Remember a value that JSON can have; where no disk takes it, it holds for this window."""
    path = settings_folder() / f"{name}.json"
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not synced, which a window would wait for: what a crash loses here is chosen again.
        draft = path.with_name(f"{path.name}.part")
        draft.write_text(json.dumps(value, indent=1), encoding="utf-8")
        draft.replace(path)
