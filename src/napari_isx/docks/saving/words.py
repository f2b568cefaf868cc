"""What is said of decisions: how many, of which file, when, and where they are kept."""

from __future__ import annotations

from datetime import datetime

from napari_isx.session.groups import CellGroup


def decisions(count: int) -> str:
    """So many decisions."""
    return "1 decision" if count == 1 else f"{count:,} decisions"


def file_name(group: CellGroup) -> str:
    """The name of a group's file, or of the first of several."""
    return group.recording.name if group.recording is not None else ""


def when(utc: str) -> str:
    """A time of a journal as the clock on the wall here had it: "21 Nov 02:15"."""
    local = datetime.fromisoformat(utc).astimezone()
    year = "" if local.year == datetime.now().astimezone().year else f" {local.year}"
    return f"{local.day} {local:%b}{year} {local:%H:%M}"


def reason(error: OSError | ValueError) -> str:
    """An error in words; those of the system come with numbers and quotes otherwise."""
    return str(error.strerror) if isinstance(error, OSError) and error.strerror else str(error)


def kept_in(group: CellGroup) -> str:
    """Where the decisions are that could not be saved."""
    curation = group.curation
    if curation is None:
        return ""
    if curation.journal_path is not None:
        return f" Your decisions are kept in {curation.journal_path}."
    return "" if curation.is_journaled else " Your decisions are in this window only: keep it open."
