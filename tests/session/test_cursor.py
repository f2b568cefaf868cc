"""The time cursor."""

from __future__ import annotations

from napari_isx.session.cursor import TimeCursor


def test_moving_tells_the_new_time():
    cursor, told = TimeCursor(), []
    cursor.moved.connect(told.append)
    cursor.move_to(1.5)
    cursor.move_to(0.0)
    assert told == [1.5, 0.0]
    assert cursor.time_s == 0.0


def test_moving_to_where_it_is_tells_nothing():
    cursor, told = TimeCursor(), []
    cursor.moved.connect(told.append)
    cursor.move_to(0.0)
    cursor.move_to(2.0)
    cursor.move_to(2.0)
    assert told == [2.0]


def test_cursors_do_not_hear_each_other():
    one, other, told = TimeCursor(), TimeCursor(), []
    other.moved.connect(told.append)
    one.move_to(3.0)
    assert told == []
    assert other.time_s == 0.0
