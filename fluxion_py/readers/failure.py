"""The error of all readers, and the limits on what comes from outside."""

from fluxion_py.errors import GraphError

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


class ReadError(GraphError):
    """A resource text is wrong.

    `reference_text` is what the reference prints for this fault where that is known (errata G7,
    G21), without the final newline; otherwise it equals the message.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        where: str | None = None,
        line: int | None = None,
        column: int | None = None,
        hint: str | None = None,
        reference_text: str | None = None,
    ) -> None:
        super().__init__(message, source=source, where=where, line=line, column=column, hint=hint)
        self.reference_text = message if reference_text is None else reference_text


def short(value: object, limit: int = 60) -> str:
    """Return a value from outside as it is quoted in a message."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 4] + "..." + text[-1]


def require_unicode(text: str, source: str | None) -> None:
    """Refuse a text with half of a surrogate pair, which no UTF-8 file can hold."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise ReadError("half of a surrogate pair", source=source, line=line) from None
