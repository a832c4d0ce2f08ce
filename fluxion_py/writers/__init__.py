"""Texts of resource sets: the formats of matching.md 12, and whole graphs.

`render` writes an `Answer` in one of `FORMATS`. Writers are pure functions; nothing is kept
between two calls.
"""

from collections.abc import Callable

from fluxion_py.errors import InputError
from fluxion_py.writers.answer import Answer
from fluxion_py.writers.jgf import write_jgf, write_jgf_shorthand
from fluxion_py.writers.rv1 import (
    write_rlite,
    write_rv1,
    write_rv1_nosched,
    write_rv1_shorthand,
)
from fluxion_py.writers.simple import write_pretty_simple, write_simple

__all__ = ["FORMATS", "Answer", "render"]

_GRAPH_WRITERS: dict[str, Callable[[Answer], str]] = {
    "simple": write_simple,
    "pretty_simple": write_pretty_simple,
    "jgf": write_jgf,
    "jgf_shorthand": write_jgf_shorthand,
}

_R_WRITERS = {
    "rlite": write_rlite,
    "rv1": write_rv1,
    "rv1_nosched": write_rv1_nosched,
    "rv1_shorthand": write_rv1_shorthand,
}

FORMATS = (*_GRAPH_WRITERS, *_R_WRITERS)
"""Names of the formats of a resource set."""


def render(format: str, answer: Answer, *, complete: bool = True) -> str:
    """Return the text of a resource set with its line end; empty for an empty selection.

    `complete=False` leaves nodes without core and gpu out of R_lite as the reference does; the
    text of R is then empty when no node remains. Raises `InputError` for an unknown format.
    """
    if format in _GRAPH_WRITERS:
        return _GRAPH_WRITERS[format](answer)
    if format in _R_WRITERS:
        return _R_WRITERS[format](answer, complete=complete)
    raise InputError(f"unknown format {format!r}", hint=f"one of {', '.join(FORMATS)}")
