"""Changes for what takes long to draw, and so waits until the keys pause."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from psygnal import Signal

from napari_isx.session.groups import CellGroup


class Settled:
    """The session's changes, those by a decision later and all at once.

    A decision changes a status and selects the next cell, several times a second. Every other
    selection is passed on at once, with what was waiting.

    Attributes
    ----------
    wait : callable or None
        Has :meth:`pass_on` called a moment after the last request; None to wait for nothing.
    """

    selection_changed: ClassVar[Signal] = Signal()
    statuses_changed: ClassVar[Signal] = Signal(CellGroup)

    def __init__(self) -> None:
        self.wait: Callable[[], None] | None = None
        self._groups: list[CellGroup] = []
        self._has_selected = False

    def decided(self, group: CellGroup) -> None:
        """Statuses of a group changed."""
        if group not in self._groups:
            self._groups.append(group)
        self._request()

    def selected(self, *, by_decision: bool) -> None:
        """Other cells are selected."""
        self._has_selected = True
        if by_decision:
            self._request()
        else:
            self.pass_on()

    def pass_on(self) -> None:
        """Emit what has waited."""
        groups, self._groups = self._groups, []
        has_selected, self._has_selected = self._has_selected, False
        for group in groups:
            self.statuses_changed.emit(group)
        if has_selected:
            self.selection_changed.emit()

    def _request(self) -> None:
        if self.wait is None:
            self.pass_on()
        else:
            self.wait()
