"""Marks set by hand, and the file that keeps them."""

from __future__ import annotations

import pytest
from helpers.scenes import make_movie

from napari_isx import Movie
from napari_isx.io.format import atomic_write
from napari_isx.session.marks import Marks, mark_paths
from napari_isx.timeline.clock import Clock


@pytest.fixture
def movie(tmp_path, opened):
    return opened(make_movie(tmp_path / "m.isxd"))


def times(marks):
    return [(one.time_s, one.label) for one in marks]


def test_marks_are_kept_beside_the_recording(movie, tmp_path):
    marks = Marks(movie)
    marks.add(1.25, "lick, left")
    marks.add(0.1 + 0.2)
    assert times(marks) == [(0.1 + 0.2, ""), (1.25, "lick, left")]
    again = Marks(movie)
    assert times(again) == times(marks)
    assert again.path == tmp_path / "m.isxd.marks.csv"
    assert (again.path.read_text()).splitlines()[0] == "time,label"


def test_marks_are_changed_and_taken_back(movie):
    marks = Marks(movie)
    marks.add(1.0)
    marks.add(0.5, "a")
    mark = marks.near(1.1)
    marks.change(mark, time_s=0.75)
    marks.change(marks.near(0.75), label="b")
    marks.remove(marks.near(0.5))
    assert times(marks) == [(0.75, "b")]
    assert marks.near(2) is None
    states = []
    while marks.undo():
        states.append(times(marks))
    assert states == [
        [(0.5, "a"), (0.75, "b")],
        [(0.5, "a"), (0.75, "")],
        [(0.5, "a"), (1.0, "")],
        [(1.0, "")],
        [],
    ]
    while marks.redo():
        pass
    assert times(marks) == times(Marks(movie)) == [(0.75, "b")]


def test_two_windows_lose_no_mark_of_each_other(movie):
    first, second = Marks(movie), Marks(movie)
    first.add(1.0)
    second.add(2.0)
    first.add(3.0)
    assert times(Marks(movie)) == times(first) == [(1.0, ""), (2.0, ""), (3.0, "")]
    second.remove(second.near(1.0))
    first.add(4.0)
    assert times(Marks(movie)) == [(2.0, ""), (3.0, ""), (4.0, "")]


def test_a_folder_that_cannot_be_written_has_them_in_the_users(movie, monkeypatch):
    beside, elsewhere = mark_paths(movie)
    original = atomic_write.new_file

    def refuse(path, *rest, **more):
        if str(path) == str(beside):
            raise PermissionError(13, "Permission denied", str(path))
        return original(path, *rest, **more)

    monkeypatch.setattr(atomic_write, "new_file", refuse)
    marks = Marks(movie)
    marks.add(1.0)
    assert (marks.path, marks.problem) == (elsewhere, "")
    assert times(Marks(movie)) == [(1.0, "")]


def test_a_damaged_file_is_named_and_kept(movie):
    beside, elsewhere = mark_paths(movie)
    beside.write_text("nonsense\n1\n")
    marks = Marks(movie)
    assert "cannot be read" in marks.problem
    marks.add(1.0)
    assert beside.read_text() == "nonsense\n1\n"
    assert marks.path in (beside, elsewhere)
    assert elsewhere.exists()


def test_marks_of_what_is_in_memory(movie):
    marks = Marks(Movie.from_array(movie[:]))
    marks.add(1.0)
    assert times(marks) == [(1.0, "")]
    assert marks.problem == "The marks are in this window alone."


def test_marks_become_events(movie):
    marks = Marks(movie)
    marks.add(1.0)
    clock = Clock([movie])
    assert marks.alignment(clock.placed(movie)).labels == ()
    marks.add(0.5, "a")
    events = marks.alignment(clock.placed(movie))
    assert events.times_s == pytest.approx([0.5, 1.0])
    assert events.labels == ("a", "")
