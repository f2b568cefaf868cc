"""Rules: what they would decide is on the canvas and in numbers before they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import numpy as np

from napari_isx.analysis.cell_metrics.definitions import STATUS, Metric
from napari_isx.docks.common.review_follower import ReviewFollower
from napari_isx.docks.common.settings import recall, remember
from napari_isx.docks.common.theme import PlotColors, plot_colors
from napari_isx.docks.common.views import View, is_alive
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.cell_table import CellTable
from napari_isx.session.groups import CellGroup
from napari_isx.session.review import Review
from napari_isx.session.rules import Rule, above, preview_text
from napari_isx.session.session import Session
from napari_isx.viewer.canvas import CanvasControl
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

Among = Literal["all", "shown", "undecided"]

_SINGLE: Final = (1.0, 1.0)
PRESETS: Final = tuple(
    Rule(ranges, "all", "accepted", "rejected")
    for ranges in (
        {"snr": above(3), "num_components": _SINGLE, "event_rate": above(0)},
        {"snr": above(3)},
        {"peak_snr": above(3)},
        {"num_components": _SINGLE},
        {"event_rate": above(0)},
    )
)
"""The first has the three conditions, and the limits, that Inscopix' software begins with."""

_SETTING: Final = "rules"
_MAX_REMEMBERED: Final = 8


@dataclass(frozen=True)
class Forecast:
    """What a rule would do.

    Attributes
    ----------
    text : str
        In words.
    num_changes : int
        How many cells it would decide about; 0 where it can do nothing.
    """

    text: str
    num_changes: int = 0


class RulesView(View, Protocol):
    """What is asked of a dialog; see `RulesDialog`."""

    changed: Any
    applied: Any
    closed: Any

    @property
    def rule(self) -> Rule | None:
        """The rule as it stands, or None while it is none."""

    @property
    def among(self) -> Among:
        """Which cells it is about."""

    def show_table(self, title: str, table: CellTable | None) -> None:
        """Offer the columns of a table, or say that there is none."""

    def show_values(self, key: str) -> None:
        """Show other values of a column."""

    def show_rules(self, remembered: Sequence[Rule], presets: Sequence[Rule]) -> None:
        """Offer rules to begin with."""

    def show_rule(self, rule: Rule) -> None:
        """Show a rule, to be changed."""

    def show_forecast(self, forecast: Forecast) -> None:
        """Tell what the rule would do."""

    def set_colors(self, colors: PlotColors) -> None:
        """Follow a theme."""


class RulesControl(Control):
    """Shows what the rule in the dialog would do, and does it."""

    def __init__(self, viewer: ViewerModel, session: Session, canvas: CanvasControl) -> None:
        super().__init__(viewer, session)
        self._canvas = canvas
        self._view: RulesView | None = None
        self._followed = ReviewFollower(session, self._slots)  # while there is a dialog
        self._previewed: CellGroup | None = None
        viewer.events.theme.connect(self._on_theme)
        session.groups_changed.connect(self._on_groups)
        session.selection_changed.connect(self._follow_group)

    @property
    def view(self) -> RulesView | None:
        """The dialog, while it is open."""
        return self._view if self._view is not None and is_alive(self._view) else None

    def attach(self, view: RulesView) -> None:
        """Preview the rule of a dialog until that is closed."""
        self._view = view
        view.changed.connect(self.preview)
        view.applied.connect(self.apply)
        view.closed.connect(self.end)
        view.set_colors(plot_colors(self.viewer.theme))
        self._followed.stop()
        self._follow_group()
        rules = remembered_rules()
        first = next((rule for rule in (*rules, *PRESETS) if self._knows(rule)), None)
        if first is not None:
            view.show_rule(first)
        self.preview()

    def end(self) -> None:
        """Take the preview away; the dialog is closed."""
        self._view = None
        self._followed.stop()
        self._clear()

    def preview(self) -> None:
        """Show what the rule would do."""
        view, review = self.view, self._followed.review
        if view is None:
            self._clear()
            return
        rule = view.rule
        if review is None or review.curation is None:
            self._clear()
            view.show_forecast(Forecast("Open a cell set to decide about its cells."))
        elif rule is None:
            self._clear()
            view.show_forecast(Forecast("Give each condition a limit."))
        elif missing := rule.missing(review.table):
            self._clear()
            view.show_forecast(Forecast(_missing_text(missing, review.table)))
        else:
            self._show(view, review, rule)

    def apply(self) -> None:
        """Do what was shown, as one step that can be undone, and remember the rule."""
        view, review = self.view, self._followed.review
        rule = view.rule if view is not None else None
        if view is None or review is None or rule is None or review.curation is None:
            return
        if rule.missing(review.table):
            return
        changes = rule.changes(review.table, self._cells(view, review))
        self._clear()
        remember_rule(rule)
        view.show_rules(remembered_rules(), PRESETS)
        if changes:
            review.curation.decide_many(changes, "rule", rule.text(review.table.columns))
        self.preview()

    # ---- the preview

    def _show(self, view: RulesView, review: Review, rule: Rule) -> None:
        table, among = review.table, self._cells(view, review)
        changes = rule.changes(table, among)
        statuses = [changes.get(i, status) for i, status in enumerate(table.statuses or [])]
        look = self._canvas.look_of(review.group)
        if self._previewed is not review.group:
            self._clear()
        if look.statuses is None or list(look.statuses) != statuses:
            look.statuses = statuses
            self._previewed = review.group
            self._canvas.show_statuses(review.group)
        view.show_forecast(_forecast(rule, table, among, changes))

    def _clear(self) -> None:
        """Show the cells as they are decided."""
        group, self._previewed = self._previewed, None
        if group is None:
            return
        self._canvas.look_of(group).statuses = None
        if group in self.session.groups and self._viewer_ref() is not None:
            self._canvas.show_statuses(group)

    def _cells(self, view: RulesView, review: Review) -> list[int] | None:
        """Which cells the rule is about; None for all."""
        if view.among == "shown":
            return [int(cell) for cell in review.table.order]
        if view.among == "undecided":
            statuses = review.table.statuses or []
            return [i for i, status in enumerate(statuses) if status == "undecided"]
        return None

    # ---- what changes

    def _on_groups(self) -> None:
        if self._previewed is not None and self._previewed not in self.session.groups:
            self._clear()
        self._follow_group()

    def _follow_group(self) -> None:
        if self.view is not None and self._followed.update():
            self._on_columns()
            self.preview()

    def _slots(self, review: Review) -> list[tuple[Any, Any]]:
        return [
            (review.table.columns_changed, self._on_columns),
            (review.table.values_changed, self._on_values),
            (review.table.order_changed, self._on_order),
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

    def _knows(self, rule: Rule) -> bool:
        """Whether the table has all columns of a rule."""
        review = self._followed.review
        return review is not None and has_columns(rule, review.table.columns)


def has_columns(rule: Rule, columns: Sequence[Metric]) -> bool:
    """Whether all that a rule looks at is among columns."""
    known = {metric.key for metric in columns}
    return known.issuperset(rule.ranges)


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


def _forecast(
    rule: Rule, table: CellTable, among: list[int] | None, changes: Mapping[int, CellStatus]
) -> Forecast:
    asked = range(len(table)) if among is None else among
    settled = np.any(rule.met_and_failed(table), axis=0)
    num_open = sum(not settled[cell] for cell in asked)
    words = preview_text(table.statuses or [], changes)
    text = f"{words}; {len(asked) - len(changes):,} of {len(asked):,} stay as they are"
    if num_open:
        which = "1 of them has" if num_open == 1 else f"{num_open:,} of them have"
        text += f" ({which} no value to go by)"
    return Forecast(f"{text[0].upper()}{text[1:]}.", len(changes))


def _missing_text(missing: Sequence[str], table: CellTable) -> str:
    titles = table.titles
    coming = [titles[key] for key in missing if key in titles]
    if coming:
        return f"{', '.join(coming)}: still being computed…"
    return f"Nothing is known here of {', '.join(missing)}."
