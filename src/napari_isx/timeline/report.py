"""What to say of how well the open files line up."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from napari_isx.timeline.clock import Clock, Misalignment, Placed


class ClockWords(NamedTuple):
    """How well the files line up, in words.

    Attributes
    ----------
    text : str
        A few words for the dock; empty where there is nothing to compare.
    details : str
        A line for each file, and what is farthest apart.
    is_serious : bool
        Whether it is over half a frame, or a clock is unknown.
    """

    text: str
    details: str
    is_serious: bool


def clock_words(clock: Clock) -> ClockWords:
    """Say how well files line up. It compares all pairs, so it is for when files are opened."""
    words = _alignment(clock)
    opened = (one.recording for one in clock.all_placed)
    problems = [text for one in opened for text in one.clock_problems]
    if not problems:
        return words
    unknown = f"⚠ {_files(len(problems))} with an unknown clock"
    details = "\n\n".join([*(f"{text}; times may be off" for text in problems), words.details])
    return ClockWords(" · ".join(filter(None, [unknown, words.text])), details, is_serious=True)


def _alignment(clock: Clock) -> ClockWords:
    placed, worst = clock.all_placed, clock.misalignment()
    files = "\n".join(_where(one) for one in placed)
    if worst is None:
        return ClockWords(_without_hardware(placed), files, is_serious=False)
    amount = _in_words(worst.seconds)
    known = f"⚠ {amount} apart, over half a frame" if worst.is_serious else f"aligned to {amount}"
    if len(worst.between) == 1:
        late = f"⚠ frames {amount} off, over half a frame"
        known = late if worst.is_serious else f"frames on time to {amount}"
    text = " · ".join(filter(None, [known, _unknown(placed, worst)]))
    return ClockWords(text, f"{_worst(worst, amount)}\n\n{files}", worst.is_serious)


def _unknown(placed: list[Placed], worst: Misalignment) -> str:
    """What to say of the files that the hardware's clock tells nothing about."""
    if len(worst.between) == 1:
        return _without_hardware(placed)
    sharing = Counter(one.counter for one in placed if one.counter is not None)
    alone = [one for one in placed if one.counter is None or sharing[one.counter] < 2]
    if not alone:
        return ""
    if all(one.method == "assumed" for one in alone):
        return f"{_files(len(alone))} without start time"
    return f"{_files(len(alone))} by start time alone"


def _files(count: int) -> str:
    return f"{count} file{'s' if count > 1 else ''}"


def _without_hardware(placed: list[Placed]) -> str:
    if len(placed) < 2:
        return ""
    if all(one.method == "assumed" for one in placed):
        return "start times unknown"
    return "by start times"


def _where(one: Placed) -> str:
    return f"{one.recording.name}: from {one.offset_s:.3f} s, {one.reason}"


def _worst(worst: Misalignment, amount: str) -> str:
    names = [recording.name for recording in worst.between]
    at = f"at {worst.at_s:.1f} s"
    if len(names) == 1:
        return f"{names[0]} is up to {amount} off its hardware timestamps ({at})"
    return f"{names[0]} and {names[1]} are up to {amount} apart ({at})"


def _in_words(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.3g} s"
    milliseconds = 1e3 * seconds
    return f"{milliseconds:.1f} ms" if milliseconds < 10 else f"{milliseconds:.0f} ms"
