"""What tests of exports share: `isx` in a process of its own, and how its tables are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.isx_judge import IsxJudge


@pytest.fixture(scope="session")
def judge(isx: Any) -> Iterator[IsxJudge]:
    judge = IsxJudge()
    yield judge
    judge.close()


@pytest.fixture
def written_by_isx(judge: IsxJudge, tmp_path: Path) -> Callable[..., bytes]:
    """What `isx` writes with a function that takes files and a table, in bytes."""

    def write(name: str, paths: list[Path], *args: Any, **kwargs: Any) -> bytes:
        table = tmp_path / "by_isx.csv"
        table.unlink(missing_ok=True)
        judge.call(name, [str(path) for path in paths], str(table), *args, **kwargs)
        return table.read_bytes()

    return write
