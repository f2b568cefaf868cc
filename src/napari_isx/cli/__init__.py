"""The command `napari-isx` in a terminal: no window, no Qt."""
