"""Colors of the plots that go with napari's themes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from napari.utils.theme import get_theme

WARNING_COLOR: Final = "#E0701A"  # of text; readable on dark and on light


MARK_COLOR: Final = "#E69F00"
"""Of what responses are aligned to; readable on dark and on light."""


@dataclass(frozen=True)
class PlotColors:
    """Colors of the plot, to go with a theme."""

    background: str
    foreground: str
    trace: str
    events: str
    cursor: str


DARK: Final = PlotColors("#262930", "#f0f1f2", "#8EC9F5", "#E69FC8", "#FFFFFF")
"""Until a theme is known."""


def plot_colors(theme_name: str) -> PlotColors:
    theme = get_theme(theme_name)
    background = theme.background.as_rgb_tuple()[:3]
    dark = sum(background) / 3 < 128
    return PlotColors(
        background=theme.background.as_hex(),
        foreground=theme.text.as_hex(),
        trace="#8EC9F5" if dark else "#0B5A94",
        events="#E69FC8" if dark else "#A3397E",
        cursor="#FFFFFF" if dark else "#202020",
    )
