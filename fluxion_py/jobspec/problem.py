"""What can be wrong with a document, and where: `Problem`, paths, and the common limits."""

from collections.abc import Mapping

MAPPING = (dict, Mapping)
"""For `isinstance`: a dict is recognised at once, where `Mapping` alone takes ten times as long."""

Path = tuple[str | int, ...]

MAX_DEPTH = 100
"""How deep sequences and mappings may be nested."""

MAX_VALUES = 50_000
"""The most values (YAML) or sequences and mappings (JSON) in one jobspec."""


class Problem(Exception):
    """One mistake in a document; becomes a `JobspecError` once its position is known.

    `at_key` points at the key of the value instead of the value. `conversion` says that the
    reference words it as a "bad conversion" at this position (errata G21).
    """

    def __init__(
        self,
        message: str,
        path: Path = (),
        *,
        hint: str | None = None,
        reference_text: str | None = None,
        at_key: bool = False,
        conversion: bool = False,
        position: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.hint = hint
        self.reference_text = reference_text
        self.at_key = at_key
        self.conversion = conversion
        self.position = position


def known(text: str, path: Path, *, hint: str | None = None, at_key: bool = False) -> Problem:
    """Return a problem that is worded exactly as the reference does."""
    return Problem(text, path, hint=hint, reference_text=text, at_key=at_key)


def too_many() -> Problem:
    """Return the problem of a document with too many values."""
    return Problem(
        f"the document has more than {MAX_VALUES} values",
        hint="use counts instead of repeating resources",
    )


def too_deep(position: tuple[int, int] | None = None) -> Problem:
    """Return the problem of a document that is nested too deeply (from this position on)."""
    return Problem(
        f"the document is nested deeper than {MAX_DEPTH} levels",
        position=position,
        hint="a request needs about two levels per kind of resource",
    )


def format_path(path: Path) -> str | None:
    """Return a path as text, `resources[0].with[1].count`; None for the whole document."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or None
