"""Names of cells become columns and files that do not stand for each other."""

from __future__ import annotations

from napari_isx.export.file_names import column_names, unique_names


def test_usual_names_stay():
    names = ["C0", "C1", "Zelle ä", "細胞 2", "CON2"]
    assert column_names(names) == names
    assert unique_names(names) == names


def test_equal_names_are_numbered_without_taking_anothers():
    assert column_names(["a", "a", "a-2", "a"]) == ["a", "a-3", "a-2", "a-4"]
    assert unique_names(["a", "A"]) == ["a", "A-2"]
    assert column_names(["a", "A"]) == ["a", "A"]


def test_names_that_break_a_table_or_are_no_files():
    assert column_names(['b,"q', "l\nine"]) == ["b__q", "l_ine"]
    assert unique_names(["a/b", "a:b", "CON", "nul.x", "..", ""]) == [
        *("a_b", "a_b-2", "CON_", "nul_.x", "cell", "cell-2"),
    ]
    assert len(unique_names(["é" * 300])[0].encode()) <= 150
