"""Every control of ours has a name that a screen reader can say, and plain words."""

from __future__ import annotations

import re

from qtpy.QtWidgets import QPushButton

from napari_isx.app.keys_card import KeysCard
from napari_isx.app.layout import WindowLayout
from napari_isx.app.time_bar import TimeBar
from napari_isx.docks.common.accessible_names import controls_of, name_of
from napari_isx.docks.raters.dialog import RatersDialog
from napari_isx.docks.rules.dialog import RulesDialog

NOT_PLAIN = re.compile(r"\b(told|tells?|anew|speaks? for|whoever|coloured|of its like)\b", re.I)


def _waits_for_words(control):
    """Whether it is a button that is hidden until there is something to offer."""
    return control.isHidden() and isinstance(control, QPushButton)


def test_every_control_has_a_name_and_plain_words(hands, files):
    hands.open(files["movie"], files["cells"], files["events"])
    layout, window = WindowLayout.of(hands.viewer), hands.viewer.window._qt_window
    for title in ("Traces", "Cells", "Close-up", "Heat map", "Recording info", "Responses"):
        layout.show(title)
        hands.settle()
    hands.click_cell(1)
    hands.coordinator.dialogs.show_rules()
    hands.coordinator.dialogs.show_raters()
    hands.coordinator.dialogs.show_keys()
    hands.settle()
    ours = [dock.widget() for dock in layout.docks]
    for kind in (TimeBar, RulesDialog, RatersDialog, KeysCard):
        ours += window.findChildren(kind)
    assert len(ours) == 10
    nameless, strange = [], []
    for part in ours:
        for control in controls_of(part):
            where = f"{type(part).__name__}: {type(control).__name__} {control.toolTip()}"
            if not name_of(control) and not _waits_for_words(control):
                nameless.append(where)
            if NOT_PLAIN.search(f"{name_of(control)} {control.toolTip()}"):
                strange.append(where)
    for dialog in ours[-3:]:
        dialog.close()
    hands.settle()
    assert not nameless, "\n".join(nameless)
    assert not strange, "\n".join(strange)
