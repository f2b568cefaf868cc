"""What to say of the events that are drawn with a set of cells, where there is a choice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from napari_isx.io.base.recording import Recording
from napari_isx.io.events.event_set import EventSet
from napari_isx.session.groups import CellGroup, misfit
from napari_isx.timeline.report import ClockWords

NOTHING: Final = ClockWords("", "", is_serious=False)


def event_words(group: CellGroup, groups: Sequence[CellGroup]) -> ClockWords:
    """Say which events are drawn with a group's cells, and which may be of other open cells."""
    certain, possible = group.choices
    if len(certain) + len(possible) < 2 and not possible:
        return NOTHING
    details = [f"{one.name} was made from {group.title}" for one in certain]
    details += [_rivals(one, groups) for one in possible]
    if group.has_open_question:
        names = ", ".join(one.title for one in possible)
        text = f"⚠ {names}: of these cells or of others? Choose above the list"
        return ClockWords(text, "\n".join(details), is_serious=True)
    drawn = f"events of {group.events.title}" if group.events is not None else "no events drawn"
    return ClockWords(drawn, "\n".join(details), is_serious=False)


def why_no_events(group: CellGroup, opened: Iterable[Recording]) -> str:
    """Why no events are known of a group's cells, given all that is open."""
    if group.has_open_question:
        return "it is not known whose the open events are: choose in Traces"
    sets = [one for one in opened if isinstance(one, EventSet)]
    if any(one in (*group.choices.certain, *group.choices.possible) for one in sets):
        return "no events are chosen in Traces"
    if group.cells is None or not sets:
        return "no event set is open"
    return "; ".join(f"{one.title} does not fit: {misfit(one, group.cells)}" for one in sets)


def _rivals(events: EventSet, groups: Sequence[CellGroup]) -> str:
    titles = [one.title for one in groups if events in one.choices.possible]
    return (
        f"{events.name} may be of {' or '.join(titles)}: they have its cells' names and its "
        "time, and nothing that the files say tells them apart"
    )
