"""One clock for all open recordings: session time, in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Any, Final, Literal, NamedTuple

from napari_isx.io.base.frames import FrameSequence
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.timing import FIRST_START_S, Timing
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.errors import IsxFileError
from napari_isx.io.movies.base import Movie
from napari_isx.timeline.hardware_time import HardwareTime, hardware_time
from napari_isx.timeline.placed import Method, Placed

Arrangement = Literal["together", "in turn"]
"""Whether sittings all start at 0 s, or one after the other with the empty time cut out."""

# Of two files without a common recording UUID, start times that agree this well with the
# hardware counters say that it is the same counter; start times come from the computers' clocks.
_SAME_COUNTER_S: Final = 1
# Two movies of one microscope have their start times from one computer.
_SAME_DEVICE_S: Final = 60
# Recordings further apart are sittings of their own, which a common time axis would not serve.
_SAME_SITTING_S: Final = 12 * 3600
# Between sittings that follow one another so much of the time of all is left, at least a second.
_LEFT_OF_CUT: Final = Fraction(1, 50)


class Cut(NamedTuple):
    """Where time in which nothing was recorded is left out.

    `start_s`, `stop_s`: session times: what is left of it. `length_s`: how long it was.
    """

    start_s: float
    stop_s: float
    length_s: float

    @property
    def text(self) -> str:
        """Its length in words."""
        return f"{duration_in_words(self.length_s)} cut"


class Clock:
    """Places recordings that are open together.

    Second 0 is the start of the earliest. Files that share the hardware's counter are placed by
    it; the others by their start times; those without one start at 0.

    What was recorded more than twelve hours after the rest, or of another animal when the rest
    was over, is a sitting of its own. Sittings all start at 0, or follow one another.

    `recordings`: in the order in which they were opened. Those without time, such as images, are
    left out.
    `cuts`: between sittings that follow one another. `sittings_apart_s`: how long after the first
    sitting each began; one 0 for a single sitting, none without recordings whose start is known.
    """

    def __init__(
        self, recordings: Sequence[Recording] = (), arrangement: Arrangement = "together"
    ) -> None:
        timed = [_Timed.of(one) for one in recordings if hasattr(one, "timing")]
        for number, group in enumerate(_counter_groups(timed)):
            _place_by_counter(group, number)
        for one in timed:
            _place_with_source(one, timed)
        sittings = _sittings(timed)
        self.arrangement = arrangement
        self.cuts = _set_zeros(sittings, arrangement)
        firsts = [sitting[0].known_s for sitting in sittings]
        self.sittings_apart_s = tuple(float(first - firsts[0]) for first in firsts)
        for one in timed:
            if one.position_s is None:
                one.method = "assumed"
                one.reason = "at 0 s, as its file does not say when it started"
        self._placed = {id(one.recording): one.placed() for one in timed}

    def placed(self, recording: Recording) -> Placed:
        """Where a recording is.

        Raises KeyError: it is not one of those that were placed.
        """
        return self._placed[id(recording)]

    def __contains__(self, recording: object) -> bool:
        return id(recording) in self._placed

    @property
    def all_placed(self) -> list[Placed]:
        """Every recording with time, in the order in which they were opened."""
        return list(self._placed.values())

    @property
    def span_s(self) -> tuple[float, float]:
        """The session times of the first start and the last end; (0, 0) without recordings."""
        placed = self.all_placed
        if not placed:
            return 0.0, 0.0
        return min(one.offset_s for one in placed), max(one.end_s for one in placed)

    @property
    def start(self) -> datetime | None:
        """The time of day, in the zone of the recording, of second 0.

        None where it is unknown, or not the same for all sittings.
        """
        if len(self.sittings_apart_s) > 1:
            return None
        starts = [
            (
                one.method == "assumed",
                one.offset_s,
                one.timing.start - timedelta(seconds=one.offset_s),
            )
            for one in self.all_placed
            if one.timing.start is not None
        ]
        return min(starts)[2] if starts else None


@dataclass(eq=False)
class _Timed:
    """A recording while it is being placed; `position_s` is Unix time, exact."""

    recording: Recording
    timing: Timing
    start_s: Fraction | None
    uuid: str | None
    hardware: HardwareTime | None
    position_s: Fraction | None = None
    method: Method = "start time"
    reason: str = "by its start time"
    offset_s: float = 0.0
    is_measured: bool = False
    counter: int | None = None
    sitting: int = 0
    animal: str = ""

    @classmethod
    def of(cls, recording: Any) -> _Timed:
        timing: Timing = recording.timing
        start = Fraction(*timing.stated_start_s)  # an unknown one is before the first, too
        info = recording.acquisition_info
        uuid, animal = info.get("Recording UUID"), info.get("Animal ID")
        one = cls(
            recording,
            timing,
            start if start >= FIRST_START_S else None,
            str(uuid) if uuid else None,
            _hardware_of(recording),
        )
        one.position_s, one.is_measured = one.start_s, one.hardware is not None
        one.animal = "" if animal is None else str(animal).strip()
        return one

    @property
    def counter_start_s(self) -> Fraction:
        return Fraction(self.hardware.start_us if self.hardware else 0) / 1_000_000

    @property
    def known_s(self) -> Fraction:
        """The Unix time at which it started, of one of which that is known."""
        return Fraction(0) if self.position_s is None else self.position_s

    @property
    def end_s(self) -> Fraction:
        timing = self.timing
        return self.known_s + timing.num_samples * Fraction(*timing.period)

    def placed(self) -> Placed:
        return Placed(
            self.recording,
            self.timing,
            self.offset_s,
            self.method,
            self.reason,
            self.hardware,
            self.is_measured,
            self.counter,
            self.sitting,
            self.animal,
        )


def _hardware_of(recording: Recording) -> HardwareTime | None:
    try:
        return hardware_time(recording)
    except (IsxFileError, OSError, ValueError):  # the file is damaged there, or was closed
        return None


def _counter_groups(timed: Sequence[_Timed]) -> list[list[_Timed]]:
    """Recordings that share a counter, each group with its reference first.

    The reference is a movie of the microscope where there is one, as what was made from it has
    its start time.
    """
    groups: list[list[_Timed]] = []
    counted = [one for one in timed if one.hardware is not None]
    counted.sort(key=lambda one: (not isinstance(one.recording, Movie), one.start_s or 0))
    for one in counted:
        group = next((group for group in groups if _share_counter(group[0], one)), None)
        if group is None:
            groups.append([one])
        else:
            group.append(one)
    return groups


def _share_counter(a: _Timed, b: _Timed) -> bool:
    differ_s = None
    if a.start_s is not None and b.start_s is not None:
        differ_s = abs(b.start_s - a.start_s - (b.counter_start_s - a.counter_start_s))
    if a.uuid is not None and b.uuid is not None and a.uuid == b.uuid:
        one_device = type(a.recording) is type(b.recording)
        return differ_s is None or not one_device or differ_s <= _SAME_DEVICE_S
    if a.uuid is not None and b.uuid is not None:
        return False
    return differ_s is not None and differ_s <= _SAME_COUNTER_S


def _place_by_counter(group: Sequence[_Timed], number: int) -> None:
    reference = group[0]
    for one in group:
        one.counter = number
    if len(group) == 1:
        return
    base_s = reference.start_s
    for one in group:
        since_s = one.counter_start_s - reference.counter_start_s
        one.method, one.reason = "hardware counter", "by the hardware counter"
        if base_s is not None:
            one.position_s = base_s + since_s
            off_s = one.start_s - one.position_s if one.start_s is not None else Fraction(0)
            if abs(off_s) >= Fraction(1, 1000):
                one.reason += f"; its start time is off by {duration_in_words(float(off_s))}"
    if base_s is None:  # no wall clock at all: the counter itself is as good
        for one in group:
            one.position_s = one.counter_start_s


def _place_with_source(one: _Timed, timed: Sequence[_Timed]) -> None:
    """Give a file that was made from a movie the time of that movie."""
    if one.hardware is not None or one.start_s is None or isinstance(one.recording, BehaviorMovie):
        return
    for source in timed:
        if not isinstance(source.recording, Movie) or source.hardware is None:
            continue
        if source is one or source.start_s is None or source.position_s is None:
            continue
        apart_s = one.start_s - source.start_s
        if one.uuid == source.uuid and abs(apart_s) <= source.timing.period_s / 2:
            one.position_s = source.position_s + apart_s
            one.hardware, one.counter, one.method = source.hardware, source.counter, source.method
            one.reason = f"with {source.recording.name}, which has its start time"
            return


def _sittings(timed: Sequence[_Timed]) -> list[list[_Timed]]:
    """The recordings of which it is known when they were made, by sittings, each in order."""
    known = sorted(
        (one for one in timed if one.position_s is not None), key=lambda one: one.known_s
    )
    sittings: list[list[_Timed]] = []
    for one in known:
        if sittings and _is_of_sitting(one, sittings[-1]):
            sittings[-1].append(one)
        else:
            sittings.append([one])
        one.sitting = len(sittings) - 1
    return sittings


def _is_of_sitting(one: _Timed, sitting: Sequence[_Timed]) -> bool:
    """Whether it began while the others ran, or soon after and not of other animals."""
    since_s = one.known_s - max(other.end_s for other in sitting)
    animals = {other.animal.casefold() for other in sitting} - {""}
    is_other = bool(one.animal and animals) and one.animal.casefold() not in animals
    return since_s <= (0 if is_other else _SAME_SITTING_S)


def _set_zeros(sittings: Sequence[list[_Timed]], arrangement: Arrangement) -> tuple[Cut, ...]:
    """Let sittings all start at 0, or one after the other; returns what is cut out then."""
    spans = [(sitting[0].known_s, max(one.end_s for one in sitting)) for sitting in sittings]
    left_s = max(sum(end - first for first, end in spans) * _LEFT_OF_CUT, Fraction(1))
    cuts: list[Cut] = []
    zero_s = Fraction(0)
    for i, (sitting, (first_s, end_s)) in enumerate(zip(sittings, spans, strict=True)):
        if i and arrangement == "in turn":
            # A whole number of frames later, so that the slider's steps fall on frames here too.
            last_s, step_s = zero_s, _frame_period(sittings[0])
            zero_s = ceil((zero_s + left_s) / step_s) * step_s
            length_s = first_s - spans[i - 1][1]
            cuts.append(Cut(float(last_s), float(zero_s), float(length_s)))
        for one in sitting:
            one.offset_s = float(one.known_s - first_s + zero_s)
            if i:
                later = duration_in_words(float(first_s - spans[0][0]))
                how = (
                    "and shown with it from 0 s" if arrangement == "together" else "and follows it"
                )
                one.reason += f"; recorded {later} after the first, {how}"
        if arrangement == "in turn":
            zero_s += end_s - first_s
    return tuple(cuts)


def _frame_period(sitting: Sequence[_Timed]) -> Fraction:
    """The period of the fastest movie, or 1 ms without one."""
    periods = (
        Fraction(*one.timing.period)
        for one in sitting
        if isinstance(one.recording, FrameSequence) and one.timing.period.num
    )
    return min(periods, default=Fraction(1, 1000))


def duration_in_words(seconds: float) -> str:
    """A duration in the unit that suits it."""
    units = ((1, 1e-3, "ms"), (120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h"))
    for limit, size, unit in units:
        if abs(seconds) < limit:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 86_400:,.0f} days"
