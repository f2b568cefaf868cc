"""Numbers are written as ``%.7g`` writes them, whatever they are."""

from __future__ import annotations

import io

import numpy as np
import pytest
from helpers.recordings import rng

from napari_isx.export.text_table import quoted, rows_as_text, write_rows


def plainly(heads, values):
    lines = (
        head + b"".join(b", %.7g" % value for value in row)
        for head, row in zip(heads, values.tolist(), strict=True)
    )
    return b"".join(line + b"\n" for line in lines)


def assert_same(values):
    values = np.ascontiguousarray(values, np.float32).reshape(1, -1)
    ours = rows_as_text([b"0.05"], values).tobytes().split(b", ")
    plain = plainly([b"0.05"], values).split(b", ")
    assert len(ours) == len(plain)
    assert [pair for pair in zip(ours, plain, strict=True) if pair[0] != pair[1]] == []


def test_numbers_of_any_bits():
    assert_same(rng(1).integers(0, 2**32, 500_000, dtype=np.uint32).view(np.float32))


@pytest.mark.parametrize("scale", [1e-5, 1e-3, 0.1, 1, 30, 1e4, 1e6, 1e8])
def test_traces_of_any_size(scale):
    assert_same(rng(2).standard_normal(50_000) * scale)


def test_numbers_around_each_power_of_ten():
    for exponent in range(-40, 39):
        bits = int(np.float32(10.0**exponent).view(np.uint32))
        assert_same(np.arange(bits - 300, bits + 300, dtype=np.uint32).view(np.float32))


def test_halves_round_to_the_even_digit():
    assert_same(np.arange(3_999_000, 4_001_000) + 0.5)
    assert_same(np.arange(1, 2000) * 0.125 + 16_384)
    assert_same(np.arange(1, 4000) / 2**14)


def test_numbers_with_few_digits_and_those_that_are_none():
    assert_same([0, -0.0, 1, -1, 10, 1200, 1200.5, 1e6, 9_999_999, 1e7, 0.1, 1e-4, 9.9999999e-5])
    assert_same([np.nan, np.inf, -np.inf, 1e-45, 3.4e38, 999999.94, 9999999.5])


def test_rows_have_their_heads_and_may_have_no_values():
    heads = [b"0", b"0.04996194020208713", b"1600000000.123"]
    values = rng(3).standard_normal((3, 4)).astype(np.float32)
    assert rows_as_text(heads, values).tobytes() == plainly(heads, values)
    assert rows_as_text(heads, values[:, :0]).tobytes() == b"\n".join(heads) + b"\n"
    assert rows_as_text([], values[:0]).tobytes() == b""


def test_tables_are_written_in_order_whatever_thread_is_first():
    values = rng(4).standard_normal((300, 1500)).astype(np.float32)
    heads = [b"%d" % i for i in range(300)]
    target, told = io.BytesIO(), []

    def rows(start, stop):
        return heads[start:stop], values[start:stop]

    write_rows(target, [(300, rows), (7, rows)], 1500, told.append)
    assert target.getvalue() == plainly(heads, values) + plainly(heads[:7], values[:7])
    assert told == sorted(told)
    assert told[-1] == 1


def test_what_progress_raises_stops_the_writing():
    def cancel(fraction):
        raise InterruptedError

    def rows(start, stop):
        return [b"x"] * (stop - start), np.zeros((stop - start, 10), np.float32)

    with pytest.raises(InterruptedError):
        write_rows(io.BytesIO(), [(100_000, rows)], 10, cancel)


def test_fields_are_quoted_only_where_they_must_be():
    assert quoted("C 0") == "C 0"
    assert quoted('a,"b"') == '"a,""b"""'
