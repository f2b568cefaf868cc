"""What the dock says of how well files line up."""

from __future__ import annotations

from helpers import gpio_files
from helpers.scenes import make_movie

from napari_isx.timeline.clock import Clock
from napari_isx.timeline.report import clock_words


def test_a_gpio_file_that_does_not_tell_its_clock_is_told_of(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd"))
    path = gpio_files.write(
        tmp_path / "rec.gpio", gpio_files.random_stream(3, 50), {}, start=(1_600_000_000, 1)
    )
    whole = clock_words(Clock([movie, opened(path)]))
    assert "clock" not in whole.text
    path.write_bytes(path.read_bytes()[: -len(b"{}")])
    cut = clock_words(Clock([movie, opened(path)]))
    assert cut.text == f"⚠ 1 file with an unknown clock · {whole.text}"
    assert cut.is_serious
    first, rest = cut.details.split("\n\n", 1)
    assert first.startswith("rec.gpio: its end is missing")
    assert first.endswith("so its clock is taken to run at 1000 Hz; times may be off")
    assert rest == whole.details
