"""The dock and what it does in a napari window: the only part that knows Qt."""
