"""GPIO channels with their edges, and the head sensor, in NWB."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
from hdmf.common import VectorData
from pynwb.event import DurationVectorData, TimestampVectorData

from napari_isx.export.nwb.ophys import add_events
from napari_isx.export.nwb.session import NwbSession
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.session.channel import Channel, channels_of

_UNITS: Final = {"e-focus": "micrometers", "mW/mm²": "mW/mm^2", "": "a.u."}
_HEAD: Final = {
    "Acc": ("Acceleration", "Acceleration of the head along x, y and z."),
    "Ori": ("Orientation", "Orientation of the head: yaw, pitch and roll."),
    "Mag": ("Magnetometer", "Magnetic field at the head along x, y and z."),
}


def add_gpio(session: NwbSession, gpio: GpioSet) -> None:
    """Add every channel as it is in the file, and when each that has edges goes up and down."""
    for i, (channel, unit) in enumerate(zip(gpio.channel_names, gpio.channel_units, strict=True)):
        signal = gpio.channel(i)
        if not len(signal):
            continue
        session.nwbfile.add_acquisition(
            session.series(
                channel.replace("/", "_"),
                signal.values,
                _UNITS.get(channel, _UNITS.get(unit, unit)),
                f"Inscopix GPIO channel '{channel}'.",
                comments="A value holds until the next one.",
                **session.times(gpio, signal.times_s),
            )
        )
    for found in channels_of(gpio):
        if not found.is_of_frames and found.kind != "dense":
            _add_edges(session, found)


def _add_edges(session: NwbSession, channel: Channel) -> None:
    """Of a line with two states the times that it is up; of another each change of level."""
    placed = session.placed(channel.recording)
    edges_s = channel.edges_s
    places = np.searchsorted(channel.times_s, edges_s)
    values = channel.values[places]
    times_s = placed.to_session_s(edges_s)
    about = f"Events derived from Inscopix GPIO channel '{channel.name}'"
    if channel.kind == "digital":
        up = np.flatnonzero(values == 1)
        # It is up until it goes down, or nobody knows.
        ends = np.append(times_s, np.nan)[up + 1]
        durations = np.where(np.append(values, np.nan)[up + 1] == 0, ends - times_s[up], np.nan)
        times_s = times_s[up]
        more: Any = DurationVectorData(
            name="duration",
            description="Until it goes down; NaN where it does not.",
            data=durations,
        )
        about += ": it is 1."
    else:
        more = VectorData(name="value", description="After the change.", data=values.tolist())
        about += ": it changes. Of a voltage, a change from the lowest to the highest third."
    times = TimestampVectorData(
        name="timestamp", description="Seconds from the start of the session.", data=times_s
    )
    add_events(session, snake_case(channel.name), about, [times, more])


def snake_case(name: str) -> str:
    """A channel's name as names of events are written."""
    return re.sub(r"[^0-9a-zA-Z]+", "_", name).strip("_").lower()


def add_imu(session: NwbSession, imu: GpioSet) -> None:
    """Add what the head sensor measured, three axes together where they were sampled together."""
    names = imu.channel_names
    for prefix, (title, about) in _HEAD.items():
        places = [i for i, name in enumerate(names) if name.startswith(prefix)]
        signals = [imu.channel(i) for i in places]
        if not signals or not len(signals[0]):
            continue
        together = all(np.array_equal(s.offsets_us, signals[0].offsets_us) for s in signals)
        groups = [places] if together else [[place] for place in places]
        for group in groups:
            columns = [imu.channel(i) for i in group]
            data = np.stack([one.values for one in columns], axis=1)
            unit = imu.channel_units[group[0]]
            session.nwbfile.add_acquisition(
                session.series(
                    title if together else names[group[0]],
                    data if together else data[:, 0],
                    _UNITS.get(unit, unit),
                    about,
                    comments=f"Columns: {', '.join(names[i] for i in group)}",
                    **session.times(imu, columns[0].times_s),
                )
            )
