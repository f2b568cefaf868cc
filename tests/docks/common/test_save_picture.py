"""Pictures of widgets: written as PNG, SVG and PDF and read back, and copied."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest
from helpers.qt_input import shown
from qtpy.QtCore import Qt
from qtpy.QtGui import QContextMenuEvent, QGuiApplication, QImage
from qtpy.QtWidgets import QApplication, QFileDialog, QMenu

from napari_isx.docks.common.histogram import Histogram
from napari_isx.docks.common.save_picture import add_picture_actions, copy_picture, write_picture
from napari_isx.docks.common.trace_plot import TracePlot
from napari_isx.session.plot_rows import TraceRow


@pytest.fixture
def plot(qtbot):
    widget = TracePlot()
    times = np.arange(200) / 10
    values = np.sin(times).astype(np.float32)
    events = np.array([5.0]), np.array([1.0], np.float32)
    widget.show_rows([TraceRow("Cell <7>", "accepted", times, values, *events)], (0.0, 20.0))
    return shown(widget, qtbot, 400, 200)


def test_a_png_has_twice_the_pixels_and_what_is_seen(plot, tmp_path):
    write_picture(plot, tmp_path / "a.png")
    image = QImage(str(tmp_path / "a.png"))
    assert (image.width(), image.height()) == (800, 400)
    colors = {image.pixelColor(x, 120).name() for x in range(0, 800)}
    assert "#262930" in colors, "the background"
    assert len(colors) > 3


def test_an_svg_has_lines_and_text_to_be_edited(plot, tmp_path):
    cached = [item.cacheMode() for item in plot._canvas.scene().items()]
    write_picture(plot, tmp_path / "a.svg")
    root = ET.parse(tmp_path / "a.svg").getroot()
    assert root.get("viewBox") == "0 0 400 200"
    tags = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert "image" not in tags, "no pixels"
    texts = ["".join(one.itertext()).strip() for one in root.iter() if one.tag.endswith("text")]
    assert "Cell <7>" in texts
    points = [
        len(re.findall(r"[-\d.]+,[-\d.]+", one.get("points") or one.get("d") or ""))
        for one in root.iter()
    ]
    assert max(points) >= 200, "every sample of the trace"
    assert [item.cacheMode() for item in plot._canvas.scene().items()] == cached


def test_a_pdf_has_one_page_of_the_widgets_size_and_no_pixels(plot, tmp_path):
    write_picture(plot, tmp_path / "a.pdf")
    data = (tmp_path / "a.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.count(b"/Type /Page\n") == 1
    box = re.search(rb"/MediaBox \[([\d. ]+)\]", data).group(1).split()
    assert [float(one) for one in box] == pytest.approx([0, 0, 300, 150], abs=1)
    assert b"/Subtype /Image" not in data
    streams = re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL)
    drawn = b"".join(_inflated(one) for one in streams)
    assert drawn.count(b" l\n") >= 199, "the lines of the trace"


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return b""


def test_what_cannot_be_written_is_an_error(plot, tmp_path):
    with pytest.raises(ValueError, match=r"a\.bmp: pictures are written as"):
        write_picture(plot, tmp_path / "a.bmp")
    for suffix in ("png", "svg", "pdf"):
        with pytest.raises(OSError, match="missing"):
            write_picture(plot, tmp_path / "missing" / f"a.{suffix}")


def test_a_picture_is_copied(plot):
    copy_picture(plot)
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (800, 400)


def test_a_histogram_is_saved_from_its_menu(qtbot, tmp_path):
    histogram = shown(Histogram(), qtbot, 200, 30)
    histogram.show_values(np.arange(100.0))
    at = histogram.rect().center()
    asked = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, at, histogram.mapToGlobal(at), Qt.KeyboardModifier(0)
    )
    QApplication.sendEvent(histogram, asked)
    menu = QApplication.activePopupWidget()
    assert [action.text() for action in menu.actions()][:2] == ["Save picture…", "Copy picture"]
    menu.close()
    write_picture(histogram, tmp_path / "a.svg")
    bars = ET.parse(tmp_path / "a.svg").getroot().iter("{http://www.w3.org/2000/svg}rect")
    assert len([*bars]) >= len(histogram.counts)


def test_the_menu_asks_where_to_save(plot, tmp_path, qtbot, monkeypatch):
    said = []
    monkeypatch.setattr("napari.utils.notifications.show_info", said.append)
    menu = QMenu(plot)
    add_picture_actions(menu, plot, "traces")
    save, copy, _ = menu.actions()
    assert (save.text(), copy.text()) == ("Save picture…", "Copy picture")
    save.trigger()
    (dialog,) = plot.findChildren(QFileDialog)
    assert [name[-5:] for name in dialog.nameFilters()] == [".png)", ".svg)", ".pdf)"]
    dialog.fileSelected.emit(str(tmp_path / "b.svg"))
    dialog.close()
    assert (tmp_path / "b.svg").stat().st_size > 1000
    assert said == ["Saved b.svg"]
