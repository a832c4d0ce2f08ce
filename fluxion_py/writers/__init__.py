"""Texts of resource sets: the formats of matching.md 12, and whole graphs.

`render` writes an `Answer` in one of `FORMATS`. Writers are pure functions; nothing is kept
between two calls. The writer of a format is imported at its first use.
"""

from fluxion_py.errors import InputError
from fluxion_py.writers.answer import Answer

__all__ = ["FORMATS", "Answer", "render"]

FORMATS = (
    "simple",
    "pretty_simple",
    "jgf",
    "jgf_shorthand",
    "rlite",
    "rv1",
    "rv1_nosched",
    "rv1_shorthand",
)
"""Names of the formats of a resource set."""


def render(format: str, answer: Answer, *, complete: bool = True) -> str:
    """Return the text of a resource set with its line end; empty for an empty selection.

    `complete=False` leaves nodes without core and gpu out of R_lite as the reference does; the
    text of R is then empty when no node remains. Raises `InputError` for an unknown format.
    """
    if format in ("simple", "pretty_simple"):
        from fluxion_py.writers import simple

        return (
            simple.write_simple(answer)
            if format == "simple"
            else simple.write_pretty_simple(answer)
        )
    if format in ("jgf", "jgf_shorthand"):
        from fluxion_py.writers import jgf

        return jgf.write_jgf(answer) if format == "jgf" else jgf.write_jgf_shorthand(answer)
    if format in FORMATS:
        from fluxion_py.writers.rv1 import WRITERS

        return WRITERS[format](answer, complete=complete)
    raise InputError(f"unknown format {format!r}", hint=f"one of {', '.join(FORMATS)}")
