"""The napari reader, as napari and npe2 call it."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import npe2
import numpy as np
import pytest
import tifffile
from helpers import gpio_files, recordings
from helpers.channel_files import make_gpio
from helpers.scenes import FIELD, START, make_cells, make_events, make_movie
from napari.components import ViewerModel
from napari.errors import MultipleReaderError
from napari.layers import Image, Labels, Points, Shapes
from napari.utils import progress

from napari_isx import IsxFileError, Spacing, Timing, UnsupportedIsxError, write_movie
from napari_isx.io.folders.scan import LEGACY_SUFFIXES, SUFFIXES
from napari_isx.io.open import open_isx
from napari_isx.layers import opened_together as together
from napari_isx.layers import window_commands as window
from napari_isx.reader import get_reader, read


@pytest.fixture
def told(monkeypatch) -> list[str]:
    """What is told to the user of a window, which there is not in these tests."""
    messages: list[str] = []
    monkeypatch.setattr(
        window, "report_broken_file", lambda message: messages.append(message) or True
    )
    return messages


@pytest.fixture
def viewer(discovered):
    model = ViewerModel()
    yield model
    model.layers.clear()


@pytest.fixture
def movie(tmp_path):
    return make_movie(tmp_path / "movie.isxd")


@pytest.fixture
def broken(tmp_path):
    path = make_movie(tmp_path / "broken.isxd")
    path.write_bytes(path.read_bytes()[:-20])
    return path


def test_other_files_are_left_to_other_readers(tmp_path):
    for name in ("a.tif", "a.isxd.zip", "isxd", ".isxd", "a", "", "a.isx", "a.h5"):
        assert get_reader(str(tmp_path / name)) is None
    assert get_reader([]) is None
    assert get_reader("") is None


def test_a_folder_is_no_file_of_ours(tmp_path):
    folder = tmp_path / "folder.isxd"
    folder.mkdir()
    assert get_reader(str(folder)) is None
    assert get_reader([str(folder)]) is None


def test_a_folder_with_recordings_is_ours_and_every_other_is_left_alone(tmp_path):
    other = tmp_path / "pictures"
    other.mkdir()
    for i in range(30):
        (other / f"{i}.tif").write_bytes(b"II*\0")
    ours = tmp_path / "mouse" / "day 1"
    ours.mkdir(parents=True)
    make_movie(ours / "rec.isxd")
    for folder in (ours, ours.parent):
        assert get_reader(str(folder)) is not None
        assert get_reader([str(folder)]) is not None
    for folder in (other, tmp_path / "gone"):
        assert get_reader(str(folder)) is None
    assert get_reader([str(ours), str(other)]) is None


@pytest.mark.parametrize("suffix", sorted(LEGACY_SUFFIXES))
def test_files_that_others_read_too_are_asked_what_is_in_them(tmp_path, suffix, monkeypatch):
    from napari_isx.io.folders import scan as folder

    path = tmp_path / f"recording_20160706_132714{suffix}"
    assert get_reader(str(path)) is None
    path.write_bytes(b"somebody else's")
    assert get_reader(str(path)) is None
    monkeypatch.setattr("napari_isx.io.folders.scan.is_legacy", lambda path: True)
    assert folder.is_ours(path)
    assert get_reader(str(path)) is not None
    assert get_reader(str(path.with_suffix(suffix.upper()))) is not None


def test_a_mixed_selection_is_left_to_others(movie):
    assert get_reader([str(movie), "picture.tif"]) is None
    assert get_reader([str(movie), str(movie.parent)]) is None
    assert get_reader([str(movie), str(movie)]) is not None


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_the_case_of_the_suffix_does_not_matter(suffix):
    for spelled in (suffix, suffix.upper(), suffix.title()):
        assert get_reader(f"recording{spelled}") is not None


def test_being_asked_does_not_touch_the_file(tmp_path):
    """A broken file of ours is not passed on to readers that would say less about it."""
    (tmp_path / "broken.isxd").write_bytes(b"nothing")
    assert get_reader(str(tmp_path / "broken.isxd")) is not None
    assert get_reader(str(tmp_path / "missing.isxd")) is not None


def test_files_become_layers_in_their_order(tmp_path, movie):
    cells = make_cells(tmp_path / "cells.isxd")
    kinds = [kind for _, _, kind in read([str(cells), str(movie)])]
    assert kinds == ["labels", "shapes", "image"]
    assert [kind for _, _, kind in read(str(movie))] == ["image"]


def test_a_file_may_be_called_in_capitals(tmp_path, movie):
    capitals = movie.rename(tmp_path / "MOVIE.ISXD")
    assert len(read(str(capitals))) == 1


def test_a_broken_file_is_an_error_that_names_it(broken, movie):
    with pytest.raises(IsxFileError, match=r"broken\.isxd"):
        read(str(broken))
    with pytest.raises(IsxFileError, match=r"broken\.isxd"):
        read([str(movie), str(broken)])


@pytest.mark.parametrize("content", [b"", b"\0" * 8, b"{}\0" + b"\xff" * 8, b"not a recording"])
def test_nonsense_with_our_suffix_is_an_error(tmp_path, content):
    path = tmp_path / "nonsense.isxd"
    path.write_bytes(content)
    with pytest.raises(IsxFileError, match=r"nonsense\.isxd"):
        read(str(path))


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.isxd"):
        read(str(tmp_path / "missing.isxd"))


@pytest.mark.parametrize("kind", [3, 6, 99])
def test_a_kind_that_cannot_be_shown_is_an_error_that_says_so(tmp_path, kind):
    path = recordings.write(tmp_path / "other.isxd", b"", {"type": kind})
    with pytest.raises(IsxFileError, match=r"other\.isxd"):
        read(str(path))


def test_a_kind_without_layers_is_told_and_closed(movie, told, monkeypatch):
    from napari_isx.layers import build

    def none_of(recording):
        raise UnsupportedIsxError(recording.path, "napari cannot show it yet", "Wait.")

    monkeypatch.setattr(build, "layers_of", none_of)
    assert read(str(movie)) == [(None,)]
    assert told == [f"movie.isxd: napari cannot show it yet. Wait. (File: {movie})"]
    gc.collect()  # and the shared fixture looks for what is left open


def test_in_a_window_the_other_files_open_all_the_same(broken, movie, told):
    layers = read([str(broken), str(movie), str(broken)])
    assert [kind for _, _, kind in layers] == ["image"]
    assert len(told) == 2
    assert all(message.startswith("broken.isxd: ") for message in told)


@pytest.mark.parametrize("stack", [False, True])
def test_in_a_window_each_bad_file_is_told_and_the_good_ones_open(
    tmp_path, movie, broken, told, viewer, stack
):
    text = tmp_path / "text.isxd"
    text.write_text("not a recording\n" * 20)
    viewer.open(list(map(str, (text, movie, broken))), plugin="napari-isx", stack=stack)
    assert [layer.name for layer in viewer.layers] == ["movie"]
    assert [message.split(".isxd")[0] for message in told] == ["text", "broken"]


@pytest.mark.parametrize("stack", [False, True])
def test_in_a_window_a_file_that_nobody_foresaw_blames_no_other(
    movie, broken, told, viewer, stack, monkeypatch, caplog
):
    def fail(path):
        if "broken" in str(path):
            raise KeyError("nobody thought of it")
        return open_isx(path)

    monkeypatch.setattr("napari_isx.io.folders.open_files.open_isx", fail)
    viewer.open([str(broken), str(movie)], plugin="napari-isx", stack=stack)
    assert [layer.name for layer in viewer.layers] == ["movie"]
    assert len(told) == 1
    assert told[0].startswith("broken.isxd cannot be opened")
    caplog.clear()  # it keeps the error, and with it what was opened


@pytest.mark.parametrize("stack", [False, True])
def test_in_a_script_the_error_says_what_it_keeps_from_opening(parts, broken, viewer, stack):
    alone = str(make_movie(broken.parent / "alone.isxd"))
    given = [parts[0], str(broken), parts[1], alone]
    with pytest.raises(IsxFileError, match=r"broken\.isxd") as raised:
        viewer.open(given, plugin="napari-isx", stack=stack)
    others = "alone.isxd, rec-1.isxd, rec-2.isxd" if stack else "alone.isxd"
    assert raised.value.__notes__ == [
        f"Because of it these were not opened either: {others}. Leave it out to open them."
    ]
    assert frames(viewer) == ([] if stack else [80])


def test_an_error_of_the_only_file_says_nothing_of_others(broken, viewer):
    with pytest.raises(IsxFileError, match=r"broken\.isxd") as raised:
        viewer.open([str(broken)], plugin="napari-isx")
    assert not hasattr(raised.value, "__notes__")


def test_in_a_window_nothing_but_broken_files_makes_no_layer(broken, told, viewer):
    assert read(str(broken)) == [(None,)]
    viewer.open(str(broken), plugin="napari-isx")
    assert len(viewer.layers) == 0
    assert len(told) == 2


def test_the_viewer_opens_all_kinds(tmp_path, movie, viewer):
    cells, events = make_cells(tmp_path / "cells.isxd"), make_events(tmp_path / "events.isxd")
    viewer.open([str(movie), str(cells), str(events)], plugin="napari-isx")
    assert [type(layer) for layer in viewer.layers] == [Image, Labels, Shapes, Points]
    assert [layer.source.reader_plugin for layer in viewer.layers] == ["napari-isx"] * 4
    np.testing.assert_allclose(viewer.dims.range[0], (0, 39 * 0.05, 0.05))


def test_the_viewer_knows_whose_file_it_is_without_being_told(movie, viewer):
    viewer.open(str(movie), plugin=None)
    assert [layer.name for layer in viewer.layers] == ["movie"]


def test_the_viewer_raises_what_is_wrong_with_a_file(broken, viewer):
    with pytest.raises(IsxFileError, match=r"broken\.isxd"):
        viewer.open(str(broken), plugin="napari-isx")
    assert len(viewer.layers) == 0


def test_npe2_reads(discovered, movie):
    ((data, kwargs, kind),) = npe2.read([str(movie)], stack=False)
    assert kind == "image"
    assert data.shape[0] == 40
    assert kwargs["metadata"]["napari_isx"].path == Path(movie)


def test_removed_layers_give_the_file_back(movie, viewer):
    viewer.open(str(movie), plugin="napari-isx")
    viewer.layers.clear()  # the shared fixture looks for what is left open


# Folders


@pytest.fixture
def folder(tmp_path):
    """A recording folder: two movies, one of them processed; cells, events, a broken file."""
    place = tmp_path / "mouse"
    place.mkdir()
    make_movie(place / "rec.isxd")
    make_movie(place / "rec-MC.isxd")
    make_cells(place / "cells.isxd")
    make_events(place / "events.isxd")
    (place / "broken.isxd").write_bytes(b"nothing")
    return place


def test_a_script_opens_what_is_selected_of_a_folder_without_asking(folder, viewer):
    viewer.open(str(folder), plugin="napari-isx")
    kinds = [type(layer) for layer in viewer.layers]
    assert kinds == [Image, Labels, Shapes, Points]
    assert viewer.layers[0].name == "rec-MC"


def test_the_user_chooses_what_is_opened(folder, monkeypatch):
    def choose(asked, finds):
        assert asked == folder
        return [found for found in finds if found.path.stem == "rec" or found.kind == "event set"]

    monkeypatch.setattr(window, "choose_recordings", choose)
    assert [kwargs["name"] for _, kwargs, _ in read(str(folder))] == ["rec", "events"]


def test_who_chooses_nothing_opens_nothing(folder, monkeypatch, viewer):
    monkeypatch.setattr(window, "choose_recordings", lambda folder, finds: None)
    announced = []
    monkeypatch.setattr(window, "announce_recordings", lambda: announced.append(True))
    viewer.open(str(folder), plugin="napari-isx")
    assert len(viewer.layers) == 0
    assert not announced


def test_the_only_recording_of_a_folder_opens_without_asking(tmp_path, monkeypatch):
    def refuse(*args):
        raise AssertionError("asked")

    monkeypatch.setattr(window, "choose_recordings", refuse)
    make_movie(tmp_path / "rec.isxd")
    (tmp_path / "notes.txt").touch()
    assert len(read(str(tmp_path))) == 1


def test_the_only_file_of_a_folder_says_what_is_wrong_with_it(tmp_path):
    (tmp_path / "broken.isxd").write_bytes(b"nothing")
    with pytest.raises(IsxFileError, match=r"broken\.isxd"):
        read(str(tmp_path))


def test_a_file_that_vanishes_while_the_user_chooses_is_told(folder, monkeypatch, told):
    def choose(asked, finds):
        (folder / "cells.isxd").unlink()
        return [found for found in finds if found.selected]

    monkeypatch.setattr(window, "choose_recordings", choose)
    assert [kind for _, _, kind in read(str(folder))] == ["image", "points"]
    path = folder / "cells.isxd"
    assert told == [
        f"cells.isxd: it cannot be opened ({os.strerror(2)}). Look whether it is still there and "
        f"may be read. (File: {path})"
    ]


def test_a_folder_that_vanishes_or_is_emptied(tmp_path):
    (tmp_path / "mouse").mkdir()
    path = make_movie(tmp_path / "mouse" / "rec.isxd")
    folder = str(path.parent)
    reader = get_reader(folder)
    path.unlink()
    assert reader(folder) == [(None,)]
    path.parent.rmdir()
    with pytest.raises(FileNotFoundError):
        reader(folder)


def test_a_folder_that_may_not_be_listed_is_told(folder, told, monkeypatch):
    def refuse(place):
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr("napari_isx.io.folders.scan.os.scandir", refuse)
    assert read(str(folder)) == [(None,)]
    assert told[0].startswith("mouse: it cannot be opened (Permission denied). ")


def test_parts_in_a_folder_are_one_layer(tmp_path, viewer):
    for part in (1, 2):
        make_part(tmp_path / f"rec-{part}.isxd", part)
        (tmp_path / f"note-{part}.txt").touch()
    viewer.open(str(tmp_path), plugin="napari-isx")
    assert [len(layer.data) for layer in viewer.layers] == [80]


def test_gpio_parts_of_a_folder_are_joined_when_they_are_opened(tmp_path):
    for part, start in ((1, 1_600_000_000), (2, 1_600_000_060)):
        stream = b"".join(
            gpio_files.reading(0x4002, i, 1000 * i, i & 1, 0, 0, 0, 0, 0) for i in range(1, 30)
        )
        gpio_files.write(tmp_path / f"rec-{part}.gpio", stream, start=(start, 1))
    ((_, kwargs, _),) = read(str(tmp_path))
    assert len(kwargs["metadata"]["napari_isx"].paths) == 2


def test_one_gpio_file_of_a_folder_is_opened_beside_the_others(tmp_path):
    make_movie(tmp_path / "movie.isxd")
    make_gpio(tmp_path / "movie.gpio", {"GPIO-1": ([0.0, 1.0], [0.0, 5.0])}, end_s=2)
    names = [options["name"] for _, options, _ in read(str(tmp_path))]
    assert sorted(names) == ["GPIO · movie", "movie"]


def test_napari_asks_which_reader_is_to_open_a_folder_but_not_a_picture(folder, tmp_path, viewer):
    """It goes by the manifest alone, and its own reader takes folders too."""
    with pytest.raises(MultipleReaderError):
        viewer.open(str(folder), plugin=None)
    picture = tmp_path / "picture.tif"
    tifffile.imwrite(picture, np.zeros((4, 5), np.uint8))
    viewer.open(str(picture), plugin=None)
    assert [layer.source.reader_plugin for layer in viewer.layers] == ["napari"]


# Files opened together


def make_part(path, part):
    write_movie(
        path,
        (np.full(FIELD, i, np.uint16) for i in range(40)),
        timing=Timing.regular(40, 0.05, START + timedelta(seconds=2 * part)),
        spacing=Spacing.regular(FIELD, 3.0),
    )
    return path


@pytest.fixture
def parts(tmp_path):
    """The parts of a recording, as strings."""
    return [str(make_part(tmp_path / f"rec-{part}.isxd", part)) for part in (1, 2, 3)]


def frames(viewer):
    return [len(layer.data) for layer in viewer.layers]


@pytest.mark.parametrize("plugin", ["napari-isx", None])
def test_parts_opened_together_are_one_layer(parts, viewer, plugin):
    viewer.open([parts[1], parts[2], parts[0]], plugin=plugin)
    assert frames(viewer) == [120]
    recording = viewer.layers[0].metadata["napari_isx"]
    assert [str(path) for path in recording.paths] == parts
    assert viewer.layers[0].name == "rec-1"


def test_unrelated_files_opened_with_parts_stay_apart(parts, tmp_path, movie, viewer):
    cells = make_cells(tmp_path / "cells.isxd")
    viewer.open([str(movie), parts[0], str(cells), parts[1]], plugin="napari-isx")
    assert [layer.name.partition(" ")[0] for layer in viewer.layers] == [
        *("movie", "rec-1", "cells", "outlines"),
    ]
    assert frames(viewer)[1] == 80


def test_parts_opened_one_after_another_stay_apart(parts, viewer):
    for part in parts:
        viewer.open(part, plugin="napari-isx")
    for part in progress(parts):  # somebody's own progress over calls of napari's
        viewer.open(part, plugin="napari-isx")
    assert frames(viewer) == [40] * 6


def test_the_same_parts_can_be_opened_again(parts, viewer):
    viewer.open(parts[:2], plugin="napari-isx")
    viewer.open(parts, plugin="napari-isx")
    assert frames(viewer) == [80, 120]
    assert not together._together


def test_a_file_given_twice_is_opened_twice(movie, viewer):
    viewer.open([str(movie), str(movie)], plugin="napari-isx")
    assert frames(viewer) == [40, 40]


def test_a_broken_file_among_parts_is_told_and_the_parts_are_one(parts, broken, told, viewer):
    viewer.open([parts[0], str(broken), parts[1]], plugin="napari-isx")
    assert frames(viewer) == [80]
    assert len(told) == 1


def test_where_napari_tells_nothing_each_file_is_opened_alone(parts, viewer, monkeypatch):
    monkeypatch.setattr(together, "progress", object())
    viewer.open(parts, plugin="napari-isx")
    assert frames(viewer) == [40, 40, 40]


def test_asking_the_reader_itself_opens_one_file(parts):
    assert len(read(parts[1])) == 1


def test_what_decisions_leave_in_a_folder_does_not_stop_the_others(viewer, tmp_path):
    make_cells(tmp_path / "cells.isxd")
    for suffix in (".decisions.jsonl", ".statuses-backup", ".statuses-journal"):
        (tmp_path / f"cells.isxd{suffix}").write_bytes(b"{}\n")
    viewer.open(
        sorted(map(str, tmp_path.iterdir())), plugin=None
    )  # as napari does when they are dropped
    assert [type(layer) for layer in viewer.layers[:2]] == [Labels, Shapes]
    assert all("napari_isx" in layer.metadata for layer in viewer.layers[:2])


def test_what_decisions_leave_is_left_out_of_a_stack(tmp_path):
    cells = make_cells(tmp_path / "cells.isxd")
    beside = tmp_path / "cells.decisions.jsonl"
    beside.write_bytes(b"{}\n")
    paths = [str(beside), str(cells)]
    layers = get_reader(paths)(paths)
    assert [layer[2] for layer in layers] == ["labels", "shapes"]
    layers[0][1]["metadata"]["napari_isx"].close()
    assert get_reader(str(beside))(str(beside)) == [(None,)]


def test_an_unexpected_error_becomes_a_sentence_with_the_file(told, movie, monkeypatch):
    def fail(parts):
        raise TypeError("open() got an unexpected keyword argument")

    monkeypatch.setattr("napari_isx.io.folders.open_files.open_isx", fail)
    assert read(str(movie)) == [(None,)]
    (message,) = told
    assert message.startswith("movie.isxd cannot be opened: ")
    assert "TypeError: open() got an unexpected" in message
    assert "report" in message
    assert str(movie) in message


def test_an_unexpected_error_is_raised_in_a_script(movie, monkeypatch):
    monkeypatch.setattr("napari_isx.io.folders.open_files.open_isx", lambda parts: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        read(str(movie))


WITHOUT_QT = """
import sys

class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name in ("PyQt5", "PyQt6", "PySide2", "PySide6"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoQt())
from npe2 import PluginManager, read
PluginManager.instance().discover()
layers = read([sys.argv[1]], stack=False, plugin_name="napari-isx")
print([kind for _, _, kind in layers])
"""


def test_where_no_qt_is_installed_files_open_all_the_same(tmp_path):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(2, 3, 5))
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_QT, path], capture_output=True, text=True, timeout=100
    )
    assert ran.stdout == "['image']\n", ran.stderr
