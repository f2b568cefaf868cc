"""Random damage to files of every kind: our error, or an object that can be used."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers import recordings
from helpers.everything import assert_broken_or_usable
from hypothesis import given, settings
from hypothesis import strategies as st

KINDS = ["movie", "raw", "image", "cells", "events", "old events"]
EXAMPLES = 120

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.integers(-2, 20)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["2 - 6", "0 - 999999999999999999", "2", 10**4000])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["num", "den", "x", "y", "a"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> dict[str, bytes]:
    paths = recordings.every_kind(tmp_path_factory.mktemp("originals"))
    return {kind: path.read_bytes() for kind, path in paths.items()}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=EXAMPLES)
def test_changed_bytes(originals, tmp_path, kind, data):
    content = bytearray(originals[kind])
    footer_at = len(content) - 9 - int.from_bytes(content[-8:], "little")
    anywhere = st.integers(0, len(content) - 1) | st.integers(footer_at, len(content) - 1)
    for at in data.draw(st.lists(anywhere, min_size=1, max_size=4)):
        content[at] = data.draw(st.integers(0, 255) | st.sampled_from(b'0123456789{}[],:"-. '))
    path = tmp_path / "fuzz.isxd"
    path.write_bytes(content)
    assert_broken_or_usable(path)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=EXAMPLES // 2)
def test_moved_and_doubled_parts(originals, tmp_path, kind, data):
    content = originals[kind]
    ends = st.integers(0, len(content))
    a, b, c = sorted(data.draw(st.tuples(ends, ends, ends)))
    forms = [content[:a] + content[b:], content[:b] + content[a:], content[b:c] + content[:a]]
    path = tmp_path / "fuzz.isxd"
    path.write_bytes(data.draw(st.sampled_from(forms)))
    assert_broken_or_usable(path)


def place(value: Any, draw) -> tuple[Any, Any]:
    """A container within a footer and a key of it, at any depth."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = draw(st.sampled_from(keys))
        child = value[key]
        if not isinstance(child, (dict, list)) or not child or draw(st.integers(0, 3)) == 0:
            return value, key
        value = child


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=EXAMPLES)
def test_changed_json(originals, tmp_path, kind, data):
    content = originals[kind]
    length = int.from_bytes(content[-8:], "little")
    footer = json.loads(content[-9 - length : -9])
    for _ in range(data.draw(st.integers(1, 3))):
        parent, key = place(footer, data.draw)
        if data.draw(st.booleans()) or not isinstance(parent, dict):
            parent[key] = data.draw(values)
        else:
            del parent[key]
        if not footer:
            break
    path = tmp_path / "fuzz.isxd"
    recordings.write(path, content[: -9 - length], json.dumps(footer).encode())
    assert_broken_or_usable(path)


@given(st.binary(max_size=200), values)
@settings(max_examples=EXAMPLES)
def test_any_json_after_any_bytes(tmp_path, payload, value):
    path = tmp_path / "fuzz.isxd"
    recordings.write(path, payload, json.dumps(value).encode())
    assert_broken_or_usable(path)
