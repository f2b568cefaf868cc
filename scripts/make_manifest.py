"""Writes the commands of the table into both copies of the manifest; a test compares them."""

from __future__ import annotations

from pathlib import Path

from napari_isx.docks.common.shortcuts import COMMANDS

ROOT = Path(__file__).parents[1]
COPIES = (ROOT / "napari.yaml", ROOT / "src" / "napari_isx" / "napari.yaml")
BEGIN = "    # Those of the table in docks/common/shortcuts.py, by scripts/make_manifest.py:\n"
END = "    # until here.\n"


def commands_text() -> str:
    """What the manifest says of them."""
    rows = [
        f"    - id: napari-isx.{one.name}\n"
        f"      title: {one.title}\n"
        f"      python_name: napari_isx.app.commands:{one.name}\n"
        for one in COMMANDS.values()
    ]
    return BEGIN + "".join(rows) + END


def main() -> None:
    for path in COPIES:
        text = path.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        path.write_text(before + commands_text() + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
