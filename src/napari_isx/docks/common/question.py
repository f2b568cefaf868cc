"""Something that is asked in the window before it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Answer(NamedTuple):
    """A button that does something.

    Attributes
    ----------
    text : str
        On the button.
    act : callable
        What it does.
    key : str
        That presses it, as Qt writes keys; empty for none.
    """

    text: str
    act: Callable[[], None]
    key: str = ""


class Question(NamedTuple):
    """A question that can be canceled, which is what Return and Escape do.

    Attributes
    ----------
    title, headline, text : str
    answers : tuple of Answer
    """

    title: str
    headline: str
    text: str
    answers: tuple[Answer, ...]
