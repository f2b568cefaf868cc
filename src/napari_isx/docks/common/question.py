"""Something that is asked in the window before it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Answer(NamedTuple):
    """A button that does something."""

    text: str
    act: Callable[[], object]
    key: str = ""
    """That presses it, as Qt writes keys; empty for none."""
    tip: str = ""
    is_default: bool = False
    """Whether Return presses it, and not Cancel."""


class Question(NamedTuple):
    """A question that can be canceled, as Escape does, and Return where no answer is default."""

    title: str
    headline: str
    text: str
    answers: tuple[Answer, ...]
