"""Fixtures for tests of whole windows: a viewer without a window, and one with."""

from helpers.stage import stage
from helpers.window import deleted_widgets_are_gone, files, hands, viewer

__all__ = ["deleted_widgets_are_gone", "files", "hands", "stage", "viewer"]
