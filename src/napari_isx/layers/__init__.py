"""Opened files as napari layers, from layer data tuples, and what keeps those layers up to date.

World coordinates are seconds and nominal micrometers, so files of one recording lie on each
other whatever their frame rates, crops and downsampling.
"""
