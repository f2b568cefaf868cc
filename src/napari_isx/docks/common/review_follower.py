"""Listening to the review of the group that is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_isx.session.review import Review
from napari_isx.session.session import Session


class ReviewFollower:
    """Listens to one review at a time.

    `slots` gives the signals of a review, or of its table, to listen to, each with its slot.
    """

    def __init__(
        self, session: Session, slots: Callable[[Review], list[tuple[Any, Callable[..., object]]]]
    ) -> None:
        self._session, self._slots = session, slots
        self.review: Review | None = None

    def update(self) -> bool:
        """Listen to the review of the group that is shown now; whether it is another one."""
        return self._follow(self._session.review)

    def stop(self) -> None:
        self._follow(None)

    def _follow(self, review: Review | None) -> bool:
        before, self.review = self.review, review
        if review is before:
            return False
        for signal, slot in self._slots(before) if before is not None else ():
            signal.disconnect(slot, missing_ok=True)
        for signal, slot in self._slots(review) if review is not None else ():
            signal.connect(slot)
        return True
