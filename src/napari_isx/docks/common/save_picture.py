"""Saving what a widget shows as PNG, or as SVG or PDF that can be edited; or copying it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pyqtgraph import GraphicsItem
from qtpy.QtCore import QMarginsF, QSize, QSizeF
from qtpy.QtGui import QGuiApplication, QImage, QPageSize, QPainter, QPdfWriter
from qtpy.QtWidgets import QGraphicsItem, QGraphicsView, QMenu, QWidget

from napari_isx.docks.common.file_dialog import save_dialog
from napari_isx.layers.window_commands import show_export

FORMATS: Final = ("Picture (*.png)", "Vector drawing (*.svg)", "Document (*.pdf)")
# Of a PNG, and of what is copied, so that it is sharp in print and on dense screens.
_PNG_SCALE: Final = 2
# Qt counts 96 pixels to an inch, PDF 72 points.
_PX_PER_INCH: Final = 96
_POINTS_PER_PX: Final = 72 / _PX_PER_INCH


def write_picture(widget: QWidget, path: Path) -> None:
    """Write what a widget shows; the suffix says as what: ``.png``, ``.svg`` or ``.pdf``.

    Raises
    ------
    ValueError
        It has another suffix.
    OSError
        The file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".png", ".svg", ".pdf"):
        raise ValueError(f"{path.name}: pictures are written as .png, .svg or .pdf")
    path.open("ab").close()  # Qt would not say why it cannot
    if suffix == ".png":
        if not _image_of(widget).save(str(path)):
            raise OSError(f"{path}: the picture cannot be written; is the disk full?")
    elif suffix == ".svg":
        _write_svg(widget, path)
    else:
        _write_pdf(widget, path)


def copy_picture(widget: QWidget) -> None:
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setImage(_image_of(widget))


def add_picture_actions(menu: QMenu, widget: QWidget, name: str) -> None:
    """Offer to save or copy what a widget shows, `name` being proposed; and to export files."""
    save = menu.addAction("Save picture…")
    save.triggered.connect(lambda: ask_where_to_save(widget, name))
    copy = menu.addAction("Copy picture")
    copy.triggered.connect(lambda: copy_picture(widget))
    files = menu.addAction("Export files…")
    files.setToolTip("Tables, movies, clips and NWB of all that is open")
    files.triggered.connect(lambda: show_export())


def ask_where_to_save(widget: QWidget, name: str) -> None:
    """Ask for a file, and write what a widget shows to it."""
    from napari.utils.notifications import show_error, show_info

    dialog = save_dialog(widget.window(), "Save picture", Path.home() / f"{name}.png", *FORMATS)

    def save(chosen: str) -> None:
        try:
            write_picture(widget, Path(chosen))
        except (OSError, ValueError) as error:
            show_error(f"The picture was not saved.\n{error}")
        else:
            show_info(f"Saved {Path(chosen).name}")

    dialog.fileSelected.connect(save)
    dialog.open()


def _image_of(widget: QWidget) -> QImage:
    image = QImage(widget.size() * _PNG_SCALE, QImage.Format.Format_ARGB32)
    image.setDevicePixelRatio(_PNG_SCALE)
    image.fill(widget.palette().window().color())
    widget.render(image)
    return image


def _write_svg(widget: QWidget, path: Path) -> None:
    from qtpy.QtSvg import QSvgGenerator

    svg = QSvgGenerator()
    svg.setFileName(str(path))
    svg.setSize(widget.size())
    svg.setViewBox(widget.rect())
    svg.setResolution(_PX_PER_INCH)
    svg.setTitle(widget.windowTitle() or path.stem)
    painter = QPainter(svg)
    _draw_lines(widget, painter)
    painter.end()


def _write_pdf(widget: QWidget, path: Path) -> None:
    pdf = QPdfWriter(str(path))
    size: QSize = widget.size()
    points = QSizeF(size.width() * _POINTS_PER_PX, size.height() * _POINTS_PER_PX)
    pdf.setPageSize(QPageSize(points, QPageSize.Unit.Point))
    pdf.setPageMargins(QMarginsF())
    pdf.setResolution(_PX_PER_INCH)
    pdf.setTitle(path.stem)
    painter = QPainter(pdf)
    _draw_lines(widget, painter)
    painter.end()


def _draw_lines(widget: QWidget, painter: QPainter) -> None:
    with _nothing_cached(widget):
        widget.render(painter)


@contextmanager
def _nothing_cached(widget: QWidget) -> Iterator[None]:
    """Have items drawn as lines and text, not as the pixels that are kept of them."""
    views = [*widget.findChildren(QGraphicsView)]
    if isinstance(widget, QGraphicsView):
        views.append(widget)
    items = [item for view in views if view.scene() is not None for item in view.scene().items()]
    kept = [(one, one.cacheMode()) for one in (*views, *items)]
    drawn = [item for item in items if isinstance(item, GraphicsItem)]
    for one, _ in kept:
        is_view = isinstance(one, QGraphicsView)
        nothing = QGraphicsView.CacheModeFlag if is_view else QGraphicsItem.CacheMode
        one.setCacheMode(nothing.CacheNone if is_view else nothing.NoCache)
    for item in drawn:
        item.setExportMode(True, {"antialias": True})
    yield
    for item in drawn:
        item.setExportMode(False)
    for one, mode in kept:
        one.setCacheMode(mode)
