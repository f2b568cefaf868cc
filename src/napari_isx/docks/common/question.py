"""Something that is asked in the window before it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Answer(NamedTuple):
    """A button that does something; `key` presses it, as Qt writes keys."""

    text: str
    act: Callable[[], None]
    key: str = ""


class Question(NamedTuple):
    """A question that can be canceled, which is what Return and Escape do."""

    title: str
    headline: str
    text: str
    answers: tuple[Answer, ...]
