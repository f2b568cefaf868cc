"""The dock *Responses*: choose events, see which cells respond, click a trial to play it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Final

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QSignalBlocker, QSize, Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)
from superqt import QElidingLabel

from napari_isx.analysis.epochs import EpochActivity
from napari_isx.analysis.event_responses import PeriEvent
from napari_isx.docks.common.passing_keys import pass_keys_on
from napari_isx.docks.common.save_picture import add_picture_actions
from napari_isx.docks.common.theme import PlotColors
from napari_isx.docks.common.visible_widget import SeenWidget
from napari_isx.docks.peri_event.epoch_panels import EpochPanels
from napari_isx.docks.peri_event.panels import Curve, Panels
from napari_isx.docks.peri_event.settings_form import SettingsForm
from napari_isx.session.responses import Settings

ORDERS: Final = {
    "Effect": "effect",
    "p": "p",
    "Time of the peak": "peak",
    "Alike side by side": "alike",
    "Position": "position",
    "As in the file": "file",
}
_MIN_COMBO_CHARACTERS: Final = 12
_MIN_COMBO_PX: Final = 80
_PICK: Final = "Align to…"


class ResponsesWidget(SeenWidget):
    """Shows what it is given, and says what the user asked for."""

    time_requested = Signal(float)
    source_picked = Signal(str)
    table_requested = Signal()
    keep_requested = Signal()
    """The events that are looked at are to be kept beside others."""
    kept_requested = Signal(int)
    """A kept set is to be looked at, by its place among these."""
    rename_requested = Signal(int)
    forget_requested = Signal(int)
    settings_changed = Signal(object)
    order_picked = Signal(str)
    epoch_cell_picked = Signal(int, bool)
    trials_toggled = Signal(bool)
    """Whether single trials are shown as an image, not as lines."""
    cell_picked = Signal(int, bool)
    cells_picked = Signal(list)
    trial_picked = Signal(int)
    trial_stepped = Signal(int)
    trial_excluded = Signal()
    reason_requested = Signal()
    """The trial is to be excluded for a reason that is to be asked."""
    all_included = Signal()
    map_requested = Signal()
    export_requested = Signal()
    methods_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sources = _combo("Align to", "The events that traces are averaged around")
        self._orders = _combo("Order of the cells", "In which order the cells are shown")
        self._orders.addItems(list(ORDERS))
        self._orders.setItemData(
            self._orders.findText("Position"),
            "Along the longer side of the field, from the left or the top",
            Qt.ItemDataRole.ToolTipRole,
        )
        self.panels = Panels()
        self._form = SettingsForm()
        self._trials = _toggle("Trials", "Show each trial as a row, of the cell selected last")
        self._epochs = _toggle(
            "Epochs", "Compare what lasts with the rest: a channel that is on, a zone, two marks"
        )
        self._message = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._message)
        self._pages.addWidget(self.panels)
        self._colors: PlotColors | None = None
        self._text = QElidingLabel(" ")
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._lay_out()
        pass_keys_on(self)
        self._sources.activated.connect(self._on_source)
        self._orders.activated.connect(self._on_order)
        self._trials.toggled.connect(self.trials_toggled)
        self._epochs.toggled.connect(self._on_epochs)
        self._form.settings_changed.connect(self.settings_changed)
        self.panels.cell_picked.connect(self.cell_picked)
        self.panels.cells_picked.connect(self.cells_picked)
        self.panels.trial_picked.connect(self.trial_picked)

    def _lay_out(self) -> None:
        previous, following = (
            _button(text, tip) for text, tip in (("◀", "Previous trial"), ("▶", "Next trial"))
        )
        previous.clicked.connect(self._on_previous)
        following.clicked.connect(self._on_next)
        self._sets = _button("Sets", "Keep events under a name, and show several sets side by side")
        self._sets.setMenu(QMenu(self._sets))
        self._sets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        settings = _button("Settings", "Threshold, windows and test")
        menu = QMenu(settings)
        action = QWidgetAction(menu)
        action.setDefaultWidget(self._form)
        menu.addAction(action)
        settings.setMenu(menu)
        settings.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more = _button("More", "Exclude a trial, response map, tables, text for the methods")
        choices = QMenu(more)
        choices.addAction("Exclude the trial (X)", self.trial_excluded)
        choices.addAction("Exclude the trial for a reason…", self.reason_requested)
        choices.addAction("Include all trials", self.all_included)
        choices.addAction("Response map", self.map_requested)
        add_picture_actions(choices, self.panels, "responses")
        choices.addAction("Export tables…", self.export_requested)
        choices.addAction("Copy methods text", self.methods_requested)
        more.setMenu(choices)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(self._sources, 2)
        top.addWidget(self._orders, 1)
        self._of_trials = (self._orders, self._sets, self._trials, previous, following)
        for button in (
            self._epochs, self._sets, self._trials, previous, following, settings, more,
        ):  # fmt: skip
            top.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 2)
        layout.addLayout(top)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._text)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for three pictures side by side."""
        return QSize(640, 240)

    @property
    def message(self) -> str:
        """What stands in place of the pictures; empty while they are there."""
        is_message = self._pages.currentWidget() is self._message
        return str(self._message.text()) if is_message else ""

    @property
    def shows_epochs(self) -> bool:
        """Whether epochs are compared, not responses averaged."""
        return bool(self._epochs.isChecked())

    @property
    def text(self) -> str:
        """The line below."""
        return str(self._text.text()).strip()

    def set_colors(self, colors: PlotColors) -> None:
        """Take the colors of a theme."""
        self._colors = colors
        self.panels.set_colors(colors)
        if "epoch_panels" in vars(self):
            self.epoch_panels.set_colors(colors)

    @cached_property
    def epoch_panels(self) -> EpochPanels:
        """The pictures of epochs, made when they are first looked at: it takes a moment."""
        panels = EpochPanels()
        self._pages.addWidget(panels)
        panels.cell_picked.connect(self.epoch_cell_picked)
        if self._colors is not None:
            panels.set_colors(self._colors)
        return panels

    def show_time(self, time_s: float) -> None:
        """The pictures are over lag: nothing follows the cursor."""

    def show_sources(self, titles: Sequence[str], picked: str | None) -> None:
        """Offer these to align to."""
        with QSignalBlocker(self._sources):
            self._sources.clear()
            self._sources.addItems([_PICK, *titles, "Table of times…"])
            self._sources.setCurrentIndex(titles.index(picked) + 1 if picked in titles else 0)

    def show_sets(self, names: Sequence[str], *, can_keep: bool) -> None:
        """Offer to keep the events that are looked at, and what there is to do with kept ones."""
        menu = self._sets.menu()
        menu.clear()
        menu.addAction("Keep these events…", self.keep_requested).setEnabled(can_keep)
        if names:
            menu.addSeparator()
        for place, name in enumerate(names):
            of_set = menu.addMenu(name)
            for text, signal in (
                ("Look at it", self.kept_requested),
                ("Rename…", self.rename_requested),
                ("Remove", self.forget_requested),
            ):
                of_set.addAction(text, partial(signal.emit, place))
        self._sets.setText(f"Sets ({len(names)})" if names else "Sets")

    def show_epochs_instead(self, is_wanted: bool) -> None:
        """Compare epochs, or average responses."""
        self._epochs.setChecked(is_wanted)

    def show_settings(self, settings: Settings) -> None:
        """Show how responses are computed."""
        self._form.show_settings(settings)

    def show_message(self, text: str) -> None:
        """Say why there are no pictures."""
        self._message.setText(text)
        self._text.setText(" ")
        self._pages.setCurrentWidget(self._message)

    def show_text(self, text: str) -> None:
        """Say something in the line below."""
        self._text.setText(text)

    def show_results(
        self, named: Sequence[tuple[str, PeriEvent]], order: npt.NDArray[np.int64]
    ) -> None:
        """Show all cells, set by set."""
        self._pages.setCurrentWidget(self.panels)
        self.panels.show_cells(named, order)

    def show_epochs(
        self, result: EpochActivity, order: npt.NDArray[np.int64], alpha: float
    ) -> None:
        """Show the effect of all cells in each label's epochs."""
        self._pages.setCurrentWidget(self.epoch_panels)
        self.epoch_panels.show_cells(result, order, alpha)

    def show_epoch_selection(
        self, result: EpochActivity, places: Sequence[int], names: Sequence[str]
    ) -> None:
        """Mark the selected cells, and show their means and rates."""
        self.epoch_panels.show_selection(result, places, names)

    def show_selection(
        self,
        result: PeriEvent,
        places: Sequence[int],
        curves: Sequence[Curve],
        trials: npt.NDArray[np.float64],
        trial: int,
    ) -> None:
        """Mark the selected cells, and show their averages or the last one's trials."""
        self.panels.show_selection(result, places)
        if self._trials.isChecked():
            self.panels.show_trials(result, trials, trial)
        else:
            self.panels.show_curves(result, curves, trials, trial)

    def _on_epochs(self, is_checked: bool) -> None:
        for control in self._of_trials:
            control.setVisible(not is_checked)
        self.shown_changed.emit()

    def _on_source(self, place: int) -> None:
        if place == self._sources.count() - 1:
            self.table_requested.emit()
        elif place:
            self.source_picked.emit(self._sources.itemText(place))

    def _on_order(self, place: int) -> None:
        self.order_picked.emit(ORDERS[self._orders.itemText(place)])

    def _on_previous(self) -> None:
        self.trial_stepped.emit(-1)

    def _on_next(self) -> None:
        self.trial_stepped.emit(1)


def _combo(name: str, tip: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(tip)
    combo.setMinimumContentsLength(_MIN_COMBO_CHARACTERS)
    combo.setMinimumWidth(_MIN_COMBO_PX)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return combo


def _toggle(text: str, tip: str) -> QPushButton:
    # napari's style shows of these, not of tool buttons, whether they are checked.
    button = QPushButton(text)
    button.setCheckable(True)
    button.setAccessibleName(tip)
    button.setToolTip(tip)
    return button


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(tip)
    button.setToolTip(tip)
    return button
