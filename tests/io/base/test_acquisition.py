"""Acquisition info: every name, and what is left when any one key is missing."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import recordings

from napari_isx import open_isx

ONE_PHOTON: dict[str, Any] = {
    "animal": {
        "sex": "f",
        "dob": "2019-01-02",
        "id": "Mäuschen 7",
        "species": "mouse",
        "weight": 21.5,
        "description": "",
    },
    "microscope": {
        "focus": 512,
        "gain": 3.5,
        "serial": "11094002",
        "type": "NVista3",
        "exp": 49,
        "led": {"exPower": 0.7, "ogPower": 1.5, "exPower2": 2.5},
        "widefield": True,
        "customMetadata": {"Lens": "GRIN 細", "Depth (um)": 250, "Nested": {"a": [1, None]}},
        "fps": 20,
    },
    "name": "Session of the 細胞",
    "personnel": {"name": "Ärztin"},
    "probe": {
        "diameter": 1,
        "flip": "none",
        "length": 4,
        "pitch": 0.5,
        "rotation": 0,
        "type": "Straight",
    },
    "producer": {"versionBE": "1.8.1-rc2", "version": "1.8.1"},
    "processingInterface": {"recordingUUID": "AC-00111111-x"},
    "idps": {
        "efocus": 65_536 + 700,
        "channel": "green",
        "interpolatedFrames": [1, 5, 9],
        "mc_padding": True,
        "cellset": {"method": "cnmfe", "units": "dF over noise"},
    },
}
TWO_PHOTON: dict[str, Any] = {
    "processingInterface": {
        "recordingUUID": "u",
        "mini2p": {"isZStack": True, "planes": [1, 2.0, 5]},
    },
    "userInterface": {
        "sessionName": "two-photon",
        "customMetadata": {
            name: {"value": f"{name} value"}
            for name in ("DOB", "Personnel", "Animal ID", "Animal Sex", "Species", "Weight")
        },
        "system": {"hardware": {"miniscopeType": "Mini2P", "miniscopeSerial": "S-1"}},
    },
    "hardwareInterface": {
        "miniscope": {
            "channel-1": {
                "lens": {"focus": {"value": 300}},
                "mppc": {"gain": {"value": 1.25}},
                "laser": {"power": {"value": 40}},
            }
        }
    },
}
VESSELS: dict[str, Any] = {
    "idps": {
        "vesselset": {
            "type": "vessel diameter",
            "units": "um",
            "timeIncrement": 2,
            "timeWindow": 10.5,
            "estimationMethod": "Parametric FWHM",
            "invalidWindows": [3, 4],
            "clippedVessels": '{"V0": [1]}',
            "noSignificantVessels": "{}",
            "directionChangedVessels": "{}",
        }
    }
}


def with_dual_color(enabled: bool) -> dict[str, Any]:
    session = copy.deepcopy(ONE_PHOTON)
    session["microscope"]["dualColor"] = {"enabled": enabled, "mode": "multiplexing"}
    return session


SESSIONS = {
    "one photon": ONE_PHOTON,
    "dual color": with_dual_color(enabled=True),
    "dual color, off": with_dual_color(enabled=False),
    "two photon": TWO_PHOTON,
    "both": ONE_PHOTON | TWO_PHOTON,
    "vessels": VESSELS,
}


def key_paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield (*path, key)
            yield from key_paths(child, (*path, key))


def without(session: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    session = copy.deepcopy(session)
    parent = session
    for key in path[:-1]:
        parent = parent[key]
    del parent[path[-1]]
    return session


def write(path: Path, session: Any) -> Path:
    return recordings.write_movie(path, recordings.pixels(1, 2, 3), extraProperties=session)


def ours(path: Path) -> dict[str, Any]:
    with open_isx(path) as movie:
        return movie.acquisition_info


def theirs(isx, path: Path) -> dict[str, Any]:
    movie = isx.Movie.read(str(path))
    try:
        return movie.get_acquisition_info() or {}
    finally:
        del movie


@pytest.mark.parametrize("kind", SESSIONS)
def test_a_full_session_equals_isx(isx, tmp_path, kind):
    path = write(tmp_path / "m.isxd", SESSIONS[kind])
    assert ours(path)
    assert json.dumps(ours(path)) == json.dumps(theirs(isx, path))  # order and types too


@pytest.mark.parametrize("kind", SESSIONS)
def test_any_key_may_be_missing(isx, tmp_path, kind):
    session, path = SESSIONS[kind], tmp_path / "m.isxd"
    full = ours(write(path, session))
    refused = 0
    for keys in key_paths(session):
        info = ours(write(path, without(session, keys)))
        try:
            expected = theirs(isx, path)
        except Exception:  # noqa: BLE001 - isx raises a bare Exception
            refused += 1
            rest = {name: value for name, value in full.items() if info.get(name) == value}
            changed = full.keys() - rest.keys()
            assert len(changed) <= 2, keys
            assert info.keys() <= full.keys() | {"Microscope OG LED Power (mw/mm^2)"}, keys
        else:
            assert json.dumps(info) == json.dumps(expected), keys
    assert refused or kind == "vessels"


@pytest.mark.parametrize("session", [None, {}, {"unknown": 1}])
def test_no_session_says_nothing(isx, tmp_path, session):
    path = write(tmp_path / "m.isxd", session)
    assert ours(path) == {} == theirs(isx, path)


@pytest.mark.parametrize("session", [[], "text", 5, True, float("nan")])
def test_a_session_of_another_form_says_nothing(tmp_path, session):
    assert ours(write(tmp_path / "m.isxd", session)) == {}


@pytest.mark.parametrize("value", [None, [], "x", 5, float("nan"), float("inf"), 10**400, {}])
@pytest.mark.parametrize("kind", SESSIONS)
def test_no_value_of_an_odd_type_fails(tmp_path, kind, value):
    for keys in key_paths(SESSIONS[kind]):
        session = copy.deepcopy(SESSIONS[kind])
        parent = session
        for key in keys[:-1]:
            parent = parent[key]
        parent[keys[-1]] = value
        path = write(tmp_path / "m.isxd", session)
        assert isinstance(ours(path), dict)


def test_cell_and_event_sets_have_it_too(isx, tmp_path):
    cells = recordings.write_cells(tmp_path / "c.isxd", extraProperties=ONE_PHOTON)
    events = recordings.write_events(
        tmp_path / "e.isxd", ["a"], recordings.packets([]), extraProperties=ONE_PHOTON
    )
    for path, reader in ((cells, isx.CellSet), (events, isx.EventSet)):
        recording = reader.read(str(path))
        assert ours(path) == recording.get_acquisition_info()
        del recording
