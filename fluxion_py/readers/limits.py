"""Limits on what comes from outside, for all readers."""

from fluxion_py.errors import ReadError

MAX_BYTES = 2**31
"""The largest resource file, in bytes."""

MAX_VERTICES = 50_000_000
"""The most vertices that one file may stand for."""

MAX_EDGES = 200_000_000
"""The most edges that one file may stand for."""

MAX_DEPTH = 100
"""The deepest nesting of elements, objects or containers."""

MAX_TYPES = 30_000
"""The most resource types in one file (a graph holds 32,000)."""

MAX_SUBSYSTEMS = 100
"""The most subsystems in one file (a graph holds 120)."""


def require_unicode(text: str, source: str | None) -> None:
    """Refuse a text with half of a surrogate pair, which no UTF-8 file can hold."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise ReadError("half of a surrogate pair", source=source, line=line) from None
