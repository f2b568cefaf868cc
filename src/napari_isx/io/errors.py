"""What goes wrong with a file, said so that the person who owns the file can act."""

from __future__ import annotations

import os

_BROKEN_ADVICE = (
    "The file is damaged or incomplete: copy it again from where it was recorded or made. "
    "If the original gives the same message, please report it."
)


class IsxFileError(ValueError):
    """The file claims to be Inscopix's but its bytes do not hold what they claim.

    Parameters
    ----------
    path : str or path-like
        The file.
    finding : str
        What was expected and what was found, with the offset or key where it helps.
    advice : str, optional
        What the user can do about it.
    """

    def __init__(
        self, path: str | os.PathLike[str], finding: str, advice: str = _BROKEN_ADVICE
    ) -> None:
        # All arguments go to ValueError, so that the error pickles out of worker processes.
        super().__init__(os.fspath(path), finding, advice)
        self.path = os.fspath(path)
        self.finding = finding
        self.advice = advice

    def __str__(self) -> str:
        return f"{os.path.basename(self.path)}: {self.finding}. {self.advice} (File: {self.path})"


class UnsupportedIsxError(IsxFileError):
    """The file is sound as far as it was looked at, but this version does not read its kind.

    ``advice`` says what would help.
    """


class NotInscopixError(IsxFileError):
    """The file is something else than its name says: not `called` but `what`, "a PNG image"."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        what: str,
        advice: str,
        called: str = "not an Inscopix file",
    ) -> None:
        super().__init__(path, f"{called} but {what}", advice)
        self.args = (os.fspath(path), what, advice, called)

    def __str__(self) -> str:
        name = os.path.basename(self.path)
        return f"{name} is {self.finding}. {self.advice}. (File: {self.path})"


def unexpected(error: Exception) -> str:
    """A sentence about an error that nobody thought of, which is a fault of this program."""
    return (
        f"this program made a mistake ({type(error).__name__}: {str(error)[:200]}). Please report "
        "it, with the file if you can"
    )
