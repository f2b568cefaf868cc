"""Session time, and the time of day, as people write them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

MINUTE_S: Final = 60
HOUR_S: Final = 3600
_IN_SECONDS_UP_TO_S: Final = 2 * MINUTE_S


def time_format(end_s: float) -> str:
    """How a session that ends then is written: "s", "min:s" or "h:min:s"."""
    if end_s <= _IN_SECONDS_UP_TO_S:
        return "s"
    return "min:s" if end_s <= HOUR_S else "h:min:s"


def time_text(time_s: float, end_s: float, decimals: int = 2) -> str:
    """A time of a session that ends at `end_s`: "83.20 s", "12:05.20" or "1:02:05.20"."""
    form = time_format(end_s)
    if form == "s":
        return f"{time_s:.{decimals}f} s"
    sign = "-" if time_s < 0 else ""
    # In whole parts of a second, so that 59.999 s is not written as 00:60.
    seconds, part = divmod(round(abs(time_s) * 10**decimals), 10**decimals)
    minutes, seconds = divmod(seconds, MINUTE_S)
    rest = f"{seconds:02d}" + (f".{part:0{decimals}d}" if decimals else "")
    if form == "min:s":
        return f"{sign}{minutes:02d}:{rest}"
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02d}:{rest}"


def clock_time_text(start: datetime, time_s: float, decimals: int = 0) -> str:
    """The time of day, so long after `start` and in its zone: "14:03:59.20"."""
    step = timedelta(seconds=10**-decimals)
    second = start.replace(microsecond=0)
    moment = second + step * round((start - second + timedelta(seconds=time_s)) / step)
    text = moment.strftime("%H:%M:%S")
    return text + (f".{moment.microsecond:06d}"[: decimals + 1] if decimals else "")


def zone_text(start: datetime) -> str:
    """The time zone of a recording: "UTC+02:00"."""
    return f"UTC{start.isoformat()[-6:]}" if start.utcoffset() else "UTC"
