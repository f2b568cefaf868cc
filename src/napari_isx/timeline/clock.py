"""One clock for all open recordings: session time, in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any, Final, Literal, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.frames import FrameSequence
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.timing import Timing
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.errors import IsxFileError
from napari_isx.io.movies.base import Movie
from napari_isx.timeline.frame_grid import shown_late_s
from napari_isx.timeline.hardware_time import HardwareTime, Times, hardware_time

Method = Literal["hardware counter", "start time", "assumed"]

# Of two files without a common recording UUID, start times that agree this well with the
# hardware counters say that it is the same counter; start times come from the computers' clocks.
_SAME_COUNTER_S: Final = 1
# Two movies of one microscope have their start times from one computer.
_SAME_DEVICE_S: Final = 60
# The year 2000: clocks that were never set say 1970, and no microscope is as old.
_FIRST_START_S: Final = 946_684_800
# Recordings further apart are sessions of their own, which a common time axis would not serve.
_SAME_SESSION_S: Final = 12 * 3600
# With room for rounding, as a slider stops exactly between two samples now and then.
_HALF_A_SAMPLE: Final = 0.5 + 1e-6


@dataclass(frozen=True, eq=False)
class Placed:
    """Where a recording is in session time.

    Attributes
    ----------
    recording : Recording
    timing : Timing
        The recording's.
    offset_s : float
        The session time of its second 0.
    method : {"hardware counter", "start time", "assumed"}
        What it was placed by.
    reason : str
        The same in words.
    hardware : HardwareTime or None
        How its own time departs from the hardware's: measured, or that of the movie it was
        made from.
    is_measured : bool
        Whether it has hardware timestamps of its own.
    counter : int or None
        Recordings with the same number share a counter.
    """

    recording: Recording
    timing: Timing
    offset_s: float
    method: Method
    reason: str
    hardware: HardwareTime | None
    is_measured: bool
    counter: int | None

    def to_session_s(self, times_s: npt.ArrayLike) -> Times:
        """Session times of moments given in seconds from the start of the recording."""
        own = np.asarray(times_s, np.float64)
        true_s = own if self.hardware is None else self.hardware.to_true_s(own)
        placed: Times = true_s + self.offset_s
        return placed

    def from_session_s(self, time_s: float) -> float:
        """Seconds from the start of the recording, of a session time."""
        true_s = time_s - self.offset_s
        return true_s if self.hardware is None else float(self.hardware.to_nominal_s(true_s))

    @property
    def times_s(self) -> Times:
        """``(num_samples,)``: the session time of each sample."""
        return self.to_session_s(self.timing.times_s)

    @property
    def end_s(self) -> float:
        """The session time at which the last sample ends."""
        return float(self.to_session_s(self.timing.duration_s))

    def sample_at(self, time_s: float) -> int:
        """The sample that was taken nearest to a session time.

        Raises
        ------
        ValueError
            The recording has no samples.
        """
        return self.timing.sample_at(self.from_session_s(time_s))

    def shown_at(self, time_s: float) -> int | None:
        """The sample that stands for a session time; None where there is none.

        That is before and after the recording, between its parts, and where a sample is missing.
        """
        timing, own_s = self.timing, self.from_session_s(time_s)
        if not timing.num_samples:
            return None
        sample = timing.sample_at(own_s)
        is_near = abs(own_s - sample * timing.period_s) <= _HALF_A_SAMPLE * timing.period_s
        return sample if is_near and timing.valid_mask[sample] else None

    def shown_late_s(self) -> tuple[Times, Times] | None:
        """How much later than by the hardware its samples are shown; None if nobody knows.

        Returns
        -------
        session_s, late_s : numpy.ndarray
            Session times of some samples, rising, and the seconds they are late.
        """
        if self.hardware is None:
            return None
        true_s, late_s = self.hardware.true_s, self.hardware.nominal_s - self.hardware.true_s
        if not isinstance(self.recording, FrameSequence):
            late_s = np.zeros(len(true_s))  # plots draw samples when they were taken
        elif self.is_measured:
            true_s, late_s = shown_late_s(self.timing, self.hardware)
        return true_s + self.offset_s, late_s


class Misalignment(NamedTuple):
    """How badly what is shown together was not taken together.

    Attributes
    ----------
    seconds : float
        The largest difference, by the hardware's clock.
    at_s : float
        The session time at which it is.
    between : tuple of Recording
        The two recordings, or the only one.
    frame_s : float
        The period of the faster of their movies.
    """

    seconds: float
    at_s: float
    between: tuple[Recording, ...]
    frame_s: float

    @property
    def is_serious(self) -> bool:
        """Whether it is over half a frame."""
        return self.seconds > self.frame_s / 2


class Clock:
    """Places recordings that are open together.

    Second 0 is the start of the earliest. Files that share the hardware's counter are placed by
    it; the others by their start times; those without one start at 0, and so do recordings made
    more than twelve hours after the rest.

    Parameters
    ----------
    recordings : sequence of Recording
        In the order in which they were opened. Those without time, such as images, are left
        out.
    """

    def __init__(self, recordings: Sequence[Recording] = ()) -> None:
        timed = [_Timed.of(one) for one in recordings if hasattr(one, "timing")]
        for number, group in enumerate(_counter_groups(timed)):
            _place_by_counter(group, number)
        for one in timed:
            _place_with_source(one, timed)
        _set_zero(timed)
        self._placed = {id(one.recording): one.placed() for one in timed}

    def placed(self, recording: Recording) -> Placed:
        """Where a recording is.

        Raises
        ------
        KeyError
            It is not one of those that were placed.
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

    def misalignment(self) -> Misalignment | None:
        """The worst misalignment of all pairs, or None where there is nothing to compare.

        Each frame is compared with its hardware timestamp, so that drift is in it. Alone, a
        movie is compared with its own timestamps.
        """
        known = [(one, late) for one in self.all_placed if (late := one.shown_late_s()) is not None]
        pairs = [_between(a, b) for a, b in combinations(known, 2) if a[0].counter == b[0].counter]
        found = [pair for pair in pairs if pair is not None]
        if not found:
            movies = [one for one in known if isinstance(one[0].recording, FrameSequence)]
            found = [_alone(movie) for movie in movies]
        return max(found, key=lambda one: one.seconds, default=None)


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

    @classmethod
    def of(cls, recording: Any) -> _Timed:
        timing: Timing = recording.timing
        start = Fraction(*timing.stated_start_s)  # an unknown one is before the first, too
        uuid = recording.acquisition_info.get("Recording UUID")
        one = cls(
            recording,
            timing,
            start if start >= _FIRST_START_S else None,
            str(uuid) if uuid else None,
            _hardware_of(recording),
        )
        one.position_s, one.is_measured = one.start_s, one.hardware is not None
        return one

    @property
    def counter_start_s(self) -> Fraction:
        return Fraction(self.hardware.start_us if self.hardware else 0) / 1_000_000

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
        )


# There is another clock whenever a layer comes or goes, and an hour of a camera has 100,000
# timestamps, which stay what they are.
_hardware: Final[WeakKeyDictionary[Recording, HardwareTime | None]] = WeakKeyDictionary()


def _hardware_of(recording: Recording) -> HardwareTime | None:
    if recording not in _hardware:
        try:
            _hardware[recording] = hardware_time(recording)
        except (IsxFileError, OSError, ValueError):  # the file is damaged there, or was closed
            return None
    return _hardware[recording]


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
                one.reason += f"; its start time is off by {_in_words(float(off_s))}"
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


def _set_zero(timed: Sequence[_Timed]) -> None:
    """Let sessions start at 0."""
    known = [(one.position_s, one) for one in timed if one.position_s is not None]
    known.sort(key=lambda pair: pair[0])
    first_s = zero_s = known[0][0] if known else Fraction(0)
    end_s = 0.0
    for position_s, one in known:
        if position_s - zero_s > end_s + _SAME_SESSION_S:
            zero_s, end_s = position_s, 0.0
        one.offset_s = float(position_s - zero_s)
        end_s = max(end_s, one.offset_s + one.timing.duration_s)
        if zero_s != first_s:
            later = _in_words(float(zero_s - first_s))
            one.reason += f"; recorded {later} after the first, and shown with it from 0 s"
    for one in timed:
        if one.position_s is None:
            one.method, one.reason = "assumed", "at 0 s, as its file does not say when it started"


_Late = tuple[Placed, tuple[Times, Times]]


def _between(a: _Late, b: _Late) -> Misalignment | None:
    """The largest difference of two recordings while both run."""
    (times_a, late_a), (times_b, late_b) = a[1], b[1]
    start_s = max(a[0].offset_s, b[0].offset_s)
    stop_s = min(a[0].end_s, b[0].end_s)
    times = np.concatenate([times_a, times_b])
    times = times[(times >= start_s) & (times <= stop_s)]
    if not len(times):
        return None
    apart = np.abs(np.interp(times, times_a, late_a) - np.interp(times, times_b, late_b))
    return _at_worst(times, apart, (a[0], b[0]))


def _alone(one: _Late) -> Misalignment:
    times, late = one[1]
    return _at_worst(times, np.abs(late), (one[0],))


def _at_worst(times: Times, apart_s: Times, placed: tuple[Placed, ...]) -> Misalignment:
    worst = int(np.argmax(apart_s))
    movies = [one for one in placed if isinstance(one.recording, FrameSequence)]
    frame_s = min((one.timing.period_s for one in movies), default=float("inf"))
    return Misalignment(
        float(apart_s[worst]),
        float(times[worst]),
        tuple(one.recording for one in placed),
        frame_s,
    )


def _in_words(seconds: float) -> str:
    """A duration in the unit that suits it."""
    units = ((1, 1e-3, "ms"), (120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h"))
    for limit, size, unit in units:
        if abs(seconds) < limit:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 86_400:,.0f} days"
