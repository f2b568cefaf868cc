"""`python -m napari_isx.cli`: the command, where its script is not on the path."""

from napari_isx.cli.main import app

app()
