"""What the tests of older systems' files share: `isx`, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from helpers.isx_judge import IsxJudge


@pytest.fixture(scope="module")
def judge() -> Iterator[IsxJudge]:
    """`isx`, where it is installed."""
    if find_spec("isx") is None:
        pytest.skip("isx is not installed here")
    judge = IsxJudge()
    yield judge
    judge.close()
