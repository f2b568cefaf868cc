"""Packages that are not installed with this one, imported only where they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class MissingExtraError(ImportError):
    """A package that is not installed with this one is needed.

    Parameters
    ----------
    what : str
        What needs it: "NWB".
    package : str
        Its name.
    install : str, optional
        What to install, "napari-isx[nwb]"; the package itself by default.
    """

    def __init__(self, what: str, package: str, install: str = "") -> None:
        super().__init__(what, package, install)
        self.name = package

    def __str__(self) -> str:
        what, package, install = self.args
        return f'{what} needs {package}: pip install "{install or package}"'


def needed(what: str, module: str, install: str = "") -> Any:
    """Import a module, or raise :class:`MissingExtraError` where its package is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise MissingExtraError(what, package, install) from None
