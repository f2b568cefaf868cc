"""Rules: what they would decide is on the canvas, in the table and in numbers before they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from napari_isx.analysis.cell_metrics.definitions import STATUS
from napari_isx.docks.common.review_follower import ReviewFollower
from napari_isx.docks.common.settings import recall, remember
from napari_isx.docks.common.theme import plot_colors
from napari_isx.docks.common.views import is_alive
from napari_isx.docks.rules.dialog import RulesDialog
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.cell_table import CellTable
from napari_isx.session.review import Review
from napari_isx.session.rules import PRESETS, Rule, cells_among
from napari_isx.session.session import Session
from napari_isx.viewer.canvas import CanvasControl
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

_SETTING: Final = "rules"
_MAX_REMEMBERED: Final = 8


class RulesControl(Control):
    """Shows what the rule in the dialog would do, and does it."""

    def __init__(self, viewer: ViewerModel, session: Session, canvas: CanvasControl) -> None:
        super().__init__(viewer, session)
        self._canvas = canvas
        self._view: RulesDialog | None = None
        self._followed = ReviewFollower(session, self._slots)  # while there is a dialog
        self._previewed: Review | None = None
        viewer.events.theme.connect(self._on_theme)
        session.groups_changed.connect(self._on_groups)
        session.selection_changed.connect(self._follow_group)

    @property
    def view(self) -> RulesDialog | None:
        return self._view if self._view is not None and is_alive(self._view) else None

    def attach(self, view: RulesDialog) -> None:
        """Preview the rule of a dialog until that is closed."""
        self._view = view
        view.changed.connect(self.preview)
        view.applied.connect(self.apply)
        view.closed.connect(self.end)
        view.set_colors(plot_colors(self.viewer.theme))
        self._followed.stop()
        self._follow_group()
        review = self._followed.review
        columns = review.table.columns if review is not None else []
        first = next((r for r in (*remembered_rules(), *PRESETS) if r.fits(columns)), None)
        if first is not None:
            view.show_rule(first)
        self.preview()

    def end(self) -> None:
        """Take the preview away; the dialog is closed."""
        self._view = None
        self._followed.stop()
        self._show_changes(None, {})

    def preview(self) -> None:
        view, review = self.view, self._followed.review
        changes: Mapping[int, CellStatus] = {}
        if view is not None:
            rule = view.rule
            if review is None or review.curation is None:
                text = "Open a cell set to decide about its cells."
            elif rule is None:
                text = "Give each condition a limit."
            elif missing := rule.missing(review.table):
                text = _missing_text(missing, review.table)
            else:
                among = cells_among(review.table, view.among)
                changes = rule.changes(review.table, among)
                text = rule.forecast(review.table, among, changes)
            view.show_forecast(text, len(changes))
        self._show_changes(review, changes)

    def apply(self) -> None:
        """Do what was shown, as one step that can be undone, and remember the rule."""
        view, review = self.view, self._followed.review
        rule = view.rule if view is not None else None
        if view is None or review is None or rule is None or review.curation is None:
            return
        if rule.missing(review.table):
            return
        changes = rule.changes(review.table, cells_among(review.table, view.among))
        self._show_changes(None, {})
        remember_rule(rule)
        view.show_rules(remembered_rules(), PRESETS)
        if changes:
            review.curation.decide_many(changes, "rule", rule.text(review.table.columns))
        self.preview()

    def _show_changes(self, review: Review | None, changes: Mapping[int, CellStatus]) -> None:
        """Mark in the table, and draw on the canvas, what would change; what was shown goes."""
        before = self._previewed
        if before is not None and (review is not before or not changes):
            self._previewed = None
            before.table.propose({})
            self._draw(before, None)
        if review is not None and changes and dict(changes) != review.table.proposed:
            self._previewed = review
            review.table.propose(changes)
        if review is not None and self._previewed is review:
            now = enumerate(review.table.statuses or [])
            self._draw(review, [changes.get(i, status) for i, status in now])

    def _draw(self, review: Review, statuses: list[CellStatus] | None) -> None:
        look = self._canvas.look_of(review.group)
        if look.statuses != statuses:
            look.statuses = statuses
            if review.group in self.session.groups and self._viewer_ref() is not None:
                self._canvas.show_statuses(review.group)

    # ---- what changes

    def _on_groups(self) -> None:
        if self._previewed is not None and self._previewed.group not in self.session.groups:
            self._show_changes(None, {})
        self._follow_group()

    def _follow_group(self) -> None:
        if self.view is not None and self._followed.update():
            self._on_columns()
            self.preview()

    def _slots(self, review: Review) -> list[tuple[Any, Any]]:
        table = review.table
        return [
            (table.columns_changed, self._on_columns),
            (table.values_changed, self._on_values),
            (table.order_changed, self._on_order),
        ]

    def _on_columns(self) -> None:
        view, review = self.view, self._followed.review
        if view is not None:
            can_decide = review is not None and review.curation is not None
            table = review.table if review is not None and can_decide else None
            view.show_table(review.group.title if review is not None else "", table)
            view.show_rules(remembered_rules(), PRESETS)

    def _on_values(self, key: str) -> None:
        view = self.view
        if view is None:
            return
        view.show_values(key)
        rule = view.rule
        if rule is not None and (key == STATUS or key in rule.ranges):
            self.preview()

    def _on_order(self) -> None:
        view = self.view
        if view is not None and view.among == "shown":
            self.preview()

    def _on_theme(self, event: object = None) -> None:  # noqa: ARG002
        if (view := self.view) is not None:
            view.set_colors(plot_colors(self.viewer.theme))


def remembered_rules() -> list[Rule]:
    """The rules that were applied last, the latest first."""
    rules: list[Rule] = []
    values = recall(_SETTING)
    for each in values if isinstance(values, list) else []:
        try:
            rules.append(Rule.from_json(each))
        except ValueError:
            continue
    return rules


def remember_rule(rule: Rule) -> None:
    """Put a rule first among those that are remembered."""
    others = [one for one in remembered_rules() if one != rule]
    remember(_SETTING, [one.to_json() for one in [rule, *others[: _MAX_REMEMBERED - 1]]])


def _missing_text(missing: list[str], table: CellTable) -> str:
    coming = [table.titles[key] for key in missing if key in table.titles]
    if coming:
        return f"{', '.join(coming)}: still being computed…"
    return f"Nothing is known here of {', '.join(missing)}."
