"""What to say of how well the open files line up."""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from napari_isx.timeline.clock import Arrangement, Clock, Cut, duration_in_words
from napari_isx.timeline.misalignment import Misalignment, worst_misalignment
from napari_isx.timeline.placed import Placed

ARRANGEMENTS: Final[dict[Arrangement, tuple[str, str]]] = {
    "together": ("On top of each other", "All start at 0 s, one over the other"),
    "in turn": ("One after the other", "The empty time between them is cut out and marked"),
}
"""How sittings can be shown: a title and what it means."""
_MOST_NAMED: Final = 3


class ClockWords(NamedTuple):
    """How well the files line up, in words.

    `text`: a few words for the dock; empty where there is nothing to compare. `details`: a line for
    each file, and what is farthest apart. `is_serious`: whether it is over half a frame, or a clock
    is unknown, or other days or animals lie on one another. `sittings`: what is open of several
    days or animals, in words; empty of a single sitting. `arrangement`: how the sittings are shown.
    `cuts`: where time is left out between them.
    """

    text: str
    details: str
    is_serious: bool
    sittings: str = ""
    arrangement: Arrangement = "together"
    cuts: tuple[Cut, ...] = ()


def clock_words(clock: Clock) -> ClockWords:
    """Say how well files line up. It compares all pairs, so it is for when files are opened."""
    words = _with_sittings(clock, _alignment(clock))
    opened = (one.recording for one in clock.all_placed)
    problems = [text for one in opened for text in one.clock_problems]
    if not problems:
        return words
    unknown = f"⚠ {_files(len(problems))} with an unknown clock"
    details = "\n\n".join([*(f"{text}; times may be off" for text in problems), words.details])
    text = " · ".join(filter(None, [unknown, words.text]))
    return words._replace(text=text, details=details, is_serious=True)


def _with_sittings(clock: Clock, words: ClockWords) -> ClockWords:
    """Say first of all where other days or animals lie on one another."""
    what, several = _sittings_in_words(clock), len(clock.sittings_apart_s) > 1
    if not what:
        return words
    on_top = clock.arrangement == "together"
    how = "one after the other" if several and not on_top else "on top of each other"
    text = f"{what}, {how}"
    if on_top or not several:
        text = f"⚠ {text}"
    return ClockWords(
        " · ".join(filter(None, [text, words.text])),
        words.details,
        words.is_serious or on_top or not several,
        what if several else "",
        clock.arrangement,
        clock.cuts,
    )


def _sittings_in_words(clock: Clock) -> str:
    """How many animals there are, and how far apart sittings are; empty of one sitting of one."""
    animals = {one.animal.casefold(): one.animal for one in clock.all_placed if one.animal}
    apart = [duration_in_words(s) for s in clock.sittings_apart_s[1:]]
    words = []
    if len(animals) > 1:
        named = f" ({', '.join(animals.values())})" if len(animals) <= _MOST_NAMED else ""
        words.append(f"{len(animals)} animals{named}")
    if apart:
        up_to = "up to " if len(apart) > 1 else ""
        words.append(f"{up_to}{apart[-1]} apart")
    return ", ".join(words)


def _alignment(clock: Clock) -> ClockWords:
    placed, worst = clock.all_placed, worst_misalignment(clock.all_placed)
    files = "\n".join(_where(one) for one in placed)
    if worst is None:
        text = _without_hardware(placed)
        return ClockWords(text, files, "⚠" in text)
    amount = _in_words(worst.seconds)
    known = f"aligned to {amount}" if worst.is_measured else f"frames on time to {amount}"
    if worst.is_serious:
        alone = len(worst.between) == 1
        known = f"⚠ frames {amount} off" if alone else f"⚠ {amount} apart"
        known += ", over half a frame"
    text = " · ".join(filter(None, [known, _unknown(placed, worst)]))
    return ClockWords(text, f"{_worst(worst, amount)}\n\n{files}", "⚠" in text)


def _unknown(placed: list[Placed], worst: Misalignment) -> str:
    """What to say of the files that the hardware's clock says nothing about."""
    if len(worst.between) == 1:
        return _without_hardware(placed)
    sharing = Counter(one.counter for one in placed if one.counter is not None)
    alone = [one for one in placed if one.counter is None or sharing[one.counter] < 2]
    if not alone:
        return ""
    unknown = sum(one.method == "assumed" for one in alone)
    words = [f"{_files(len(alone) - unknown)} by start time alone"] if unknown < len(alone) else []
    return " · ".join([*words, *_without_start(unknown)])


def _files(count: int) -> str:
    return f"{count} file{'s' if count > 1 else ''}"


def _without_hardware(placed: list[Placed]) -> str:
    unknown = sum(one.method == "assumed" for one in placed)
    if len(placed) < 2:
        return "start time unknown" if unknown and placed[0].timing.start is None else ""
    if 0 < unknown < len(placed):
        return _without_start(unknown)[0]
    if all(one.method == "assumed" for one in placed):
        return "start times unknown"
    return "by start times"


def _without_start(count: int) -> list[str]:
    return [f"⚠ {_files(count)} without start time, from 0 s"] if count else []


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
