"""Rules: what they would decide is on the canvas and in numbers before they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from napari_isx.analysis.cell_metrics.definitions import STATUS, Metric
from napari_isx.docks.common.review_follower import ReviewFollower
from napari_isx.docks.common.settings import recall, remember
from napari_isx.docks.common.theme import PlotColors, plot_colors
from napari_isx.docks.common.views import View, is_alive
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.cell_table import CellTable
from napari_isx.session.groups import CellGroup
from napari_isx.session.review import Review
from napari_isx.session.rules import Condition, Rule, preview_text
from napari_isx.session.session import Session
from napari_isx.viewer.canvas import CanvasControl
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

Among = Literal["all", "shown", "undecided"]

PRESETS: Final = (
    Rule(
        (
            Condition("snr", ">", 3.0),
            Condition("num_components", "between", 1.0, 1.0),
            Condition("event_rate", ">", 0.0),
        ),
        "all",
        "accepted",
        "rejected",
    ),
    Rule((Condition("snr", ">", 3.0),), "all", "accepted", "rejected"),
    Rule((Condition("peak_snr", ">", 3.0),), "all", "accepted", "rejected"),
    Rule((Condition("num_components", "between", 1.0, 1.0),), "all", "accepted", "rejected"),
    Rule((Condition("event_rate", ">", 0.0),), "all", "accepted", "rejected"),
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
            view.show_forecast(Forecast("Give each condition a column and a limit."))
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
        wanted = {int(cell): status for status, cells in changes.items() for cell in cells}
        if wanted:
            review.curation.decide_many(wanted, "rule", rule.text(review.table.columns))
        self.preview()

    # ---- the preview

    def _show(self, view: RulesView, review: Review, rule: Rule) -> None:
        table, among = review.table, self._cells(view, review)
        changes = rule.changes(table, among)
        statuses = list(table.statuses or [])
        for status, cells in changes.items():
            for cell in cells:
                statuses[cell] = status
        look = self._canvas.look_of(review.group)
        if self._previewed is not review.group:
            self._clear()
        if look.statuses is None or list(look.statuses) != statuses:
            look.statuses = statuses
            self._previewed = review.group
            self._canvas.show_statuses(review.group)
        view.show_forecast(_forecast(rule, table, among))

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
        looked_at = {STATUS, *(each.column for each in rule.conditions)} if rule else set()
        if key in looked_at:
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
    return all(condition.column in known for condition in rule.conditions)


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


def _forecast(rule: Rule, table: CellTable, among: list[int] | None) -> Forecast:
    counts = rule.preview(table, among)
    num_changes = sum(counts.values())
    met, failed = _met_and_failed(rule, table, among)
    num_asked = len(table) if among is None else len(among)
    open_ = num_asked - met - failed
    text = f"{preview_text(counts)}; {num_asked - num_changes:,} of {num_asked:,} stay as they are"
    if open_:
        which = "1 of them has" if open_ == 1 else f"{open_:,} of them have"
        text += f" ({which} no value to go by)"
    return Forecast(f"{text[0].upper()}{text[1:]}.", num_changes)


class _Unrated:
    """A table as if nothing had been decided."""

    def __init__(self, table: CellTable) -> None:
        self._table = table
        self.columns = table.columns
        self.values = table.values

    @property
    def statuses(self) -> list[CellStatus] | None:
        return ["undecided"] * len(self._table)

    def __len__(self) -> int:
        return len(self._table)


def _met_and_failed(rule: Rule, table: CellTable, among: list[int] | None) -> tuple[int, int]:
    """For how many cells the conditions are met, and for how many they surely are not."""
    both = replace(rule, then_status="accepted", else_status="rejected")
    found = both.changes(_Unrated(table), among)
    return len(found.get("accepted", ())), len(found.get("rejected", ()))


def _missing_text(missing: Sequence[str], table: CellTable) -> str:
    titles = table.titles
    coming = [titles[key] for key in missing if key in titles]
    if coming:
        return f"{', '.join(coming)}: still being computed…"
    return f"Nothing is known here of {', '.join(missing)}."
