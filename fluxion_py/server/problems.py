"""Errors as data, and back."""

from fluxion_py.errors import (
    Busy,
    FluxionError,
    InputError,
    MatchError,
    UnknownJobError,
    Unsatisfiable,
)
from fluxion_py.server.messages import Problem


class RemoteError(FluxionError):
    """What an instance refused; `str()` is its line, `hint` may say what would be right."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


_KINDS: tuple[tuple[str, type[Exception]], ...] = (
    ("busy", Busy),
    ("never", Unsatisfiable),
    ("unknown-job", UnknownJobError),
    ("input", InputError),
    ("match", MatchError),
    ("error", FluxionError),
)


def problem_of(error: Exception) -> Problem:
    """Return an error as data."""
    for kind, group in _KINDS:
        if isinstance(error, group):
            return Problem(kind, str(error), getattr(error, "hint", None))
    return Problem("internal", f"{type(error).__name__}: {error}; this is a bug in fluxion")


def error_of(problem: Problem) -> FluxionError:
    """Return the error that a client raises."""
    if problem.kind == "busy":
        return Busy(problem.message)
    if problem.kind == "never":
        return Unsatisfiable(problem.message)
    return RemoteError(problem.message, problem.hint)
