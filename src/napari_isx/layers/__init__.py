"""Opened files as napari layers: each function takes an object and returns a layer data tuple.

World coordinates are seconds and nominal micrometres, so files of one recording lie on each
other whatever their frame rates, crops and downsampling.
"""
