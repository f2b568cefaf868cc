"""A `.gpio` file whose end, with the session, is missing."""

from __future__ import annotations

from helpers import gpio_files

from napari_isx import open_isx


def test_a_file_that_was_cut_short_says_so_once(tmp_path, caplog):
    stream = gpio_files.random_stream(1, 50)
    path = gpio_files.write(tmp_path / "rec.gpio", stream, {"ad": {"clock": 500}})
    whole = path.read_bytes()
    with open_isx(path) as ours:
        assert ours.clock_problems == ()
    path.write_bytes(whole[: 48 + len(stream)])
    for _ in range(3):
        with open_isx(path) as ours:
            (problem,) = ours.clock_problems
            assert problem.startswith(f"{path.name}: its end is missing")
            assert ours.timing.sampling_rate_hz == 1000
    [record] = caplog.records
    assert "its end is missing" in record.getMessage()


def test_what_is_wrong_behind_the_clock_leaves_it_known(tmp_path):
    stream = gpio_files.random_stream(1, 50)
    session = {"ad": {"clock": 500}, "microscope": 5}
    with open_isx(gpio_files.write(tmp_path / "rec.gpio", stream, session)) as ours:
        assert ours.clock_problems == ()
        assert ours.timing.sampling_rate_hz == 500
