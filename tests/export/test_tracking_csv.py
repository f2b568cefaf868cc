"""Tables of the tracker are those of `isx`, byte for byte, but for names with commas."""

from __future__ import annotations

import csv
import struct

import pytest
from helpers import behavior_files

from napari_isx import export_tracking

RECTANGLE = {"type": "rectangle", "coordinates": [[0, 0], [9, 0], [9, 9.5], [0, 1234567.89]]}
POLYGON = {"type": "polygon", "coordinates": [[0.1, 0], [9, 1e-7], [9, 9]]}
AXES = {"majorAxis": 30.123456789, "minorAxis": 20, "angle": 12.5}
ELLIPSE = {"type": "ellipse", "coordinates": [[10, 20.25]], "properties": AXES}
FOUND = [
    [{"id": 7, "name": "left", "event": "e"}],
    [{"id": 7, "name": "left", "event": "o", "trig": "softTrig-1"}, {"id": 8, "name": "b"}],
    None,
    [],
    [{"id": 2**32 + 5, "name": "x"}],
    {"id": 9, "name": "object", "event": "x"},
]


def zone(number, name, geometry, **more):
    color = {"borderColor": [1, 2, 3, 4]}
    geometry = {"properties": {}} | geometry
    return {
        **{"id": number, "name": name, "enable": True, "description": "", "geometry": geometry},
        **{"inColor": color, "outColor": color},
        **more,
    }


ZONES = [
    zone(7, "left", RECTANGLE, description="a nest"),
    zone(8, "b", POLYGON, enable=False),
    zone(2**32 + 5, "x", ELLIPSE),
]


def movie(path, found=FOUND, zones=ZONES, start_ms=1_700_000_000_123):
    samples = []
    for i, in_zones in enumerate(found):
        sample = {"fc": 100 + i, "tsc": start_ms * 1000 + 50_001 * i}
        if in_zones is not None:
            box = [1.25 + i, 2, 11.123456789, 1234567.891]
            sample["tracker"] = {"box": box, "conf": 90.123456789 + i / 7, "zones": in_zones}
        samples.append(sample)
    # `isx` finds zones by the camera's alias alone.
    tracker = {"cameraName": "top", "enable": True, "trackingArea": {"scale": 1}, "zones": zones}
    session = behavior_files.session(trackingInterface=[tracker])
    jpegs = [behavior_files.JPEGS[0]] * len(found)
    behavior_files.isxb(
        path, jpegs, dropped=[1], num_dropped=1, samples=samples, description=session
    )
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack("<Q", start_ms)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("time_ref", ["start", "unix", "tsc"])
@pytest.mark.parametrize("num_parts", [1, 2])
def test_frames_and_zones(tmp_path, opened, written_by_isx, time_ref, num_parts):
    paths = [
        movie(tmp_path / f"{i}.isxb", zones=ZONES[i:], start_ms=1_700_000_000_123 + 10_007 * i)
        for i in range(num_parts)
    ]
    name = "export_nvision_movie_tracking_{}_data_to_csv"
    frames = written_by_isx(name.format("frame"), paths, time_ref)
    zones = written_by_isx(name.format("zone"), paths)
    given = [opened(path) for path in paths]
    export_tracking(
        given if num_parts > 1 else given[0],
        tmp_path / "f.csv",
        zones=tmp_path / "z.csv",
        time_ref=time_ref,
    )
    assert (tmp_path / "f.csv").read_bytes() == frames
    assert (tmp_path / "z.csv").read_bytes() == zones


def test_a_movie_that_was_not_tracked(tmp_path, opened, written_by_isx):
    path = behavior_files.isxb(tmp_path / "m.isxb", behavior_files.JPEGS[:3])
    name = "export_nvision_movie_tracking_{}_data_to_csv"
    export_tracking(opened(path), tmp_path / "f.csv", zones=tmp_path / "z.csv")
    assert (tmp_path / "f.csv").read_bytes() == written_by_isx(name.format("frame"), [path])
    assert (tmp_path / "z.csv").read_bytes() == written_by_isx(name.format("zone"), [path])


def test_names_with_commas_and_quotes_can_be_read_again(tmp_path, opened):
    both = [{"id": 1, "name": 'a,"b'}, {"id": 2, "name": "c"}]
    path = movie(tmp_path / "m.isxb", [both, both[:1]], [zone(1, 'a,"b', RECTANGLE)])
    export_tracking(opened(path), tmp_path / "f.csv", zones=tmp_path / "z.csv")
    with (tmp_path / "f.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["Zone Name"] for row in rows] == ['a,"b,c', "", 'a,"b']
    with (tmp_path / "z.csv").open(newline="") as file:
        assert [row["Name"] for row in csv.DictReader(file)] == ['a,"b']
