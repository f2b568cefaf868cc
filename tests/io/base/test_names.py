"""Names that occur more than once."""

from napari_isx.io.base.names import numbered, places_of


def test_equal_names_are_told_apart_by_their_order():
    assert numbered(["A", "B", "A"]) == [("A", 0), ("B", 0), ("A", 1)]
    assert places_of(["A", "B", "A", "A", "X"], ["B", "A", "A"]) == [1, 0, 2, None, None]
