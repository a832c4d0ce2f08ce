"""Lengths of time: as text, "1h" (RFC 23, Flux Standard Duration), and in whole seconds."""

import math
import re

from fluxion_py.errors import FormatError, short

_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)((?:[eE][-+]?[0-9]+)?)(ms|s|m|h|d)?\Z")
_MAX_TEXT = 64


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as "1h", "30m", "1.5d", "250ms", "3600" or "infinity".

    The number may have a fraction and an exponent; without a unit it counts seconds (RFC 23). A
    sign is not allowed. Raises `FormatError`.
    """
    if text in ("infinity", "inf"):
        return math.inf
    match = _DURATION.match(text) if len(text) <= _MAX_TEXT else None
    if match is None:
        raise FormatError(
            f"bad duration {short(text)}: it is no number with a unit",
            hint="write it like 90, 30m, 1.5h or 2d (units: ms s m h d)",
        )
    number, exponent, unit = match.groups(default="")
    seconds = float(number + exponent) * _UNITS[unit]
    # 0.1 * 3600 and the like leave dust in the last digits; a duration has none below 1 ns.
    return round(seconds, 9) if seconds < 2**53 else seconds


def resolve_duration(seconds: float, graph_end: int) -> int | None:
    """Return whole seconds, rounded up; 0 is the whole life time; None if it is no duration.

    Negative, not a number and longer than the graph's life time are none (jobspec.md 7).
    """
    if not 0 <= seconds <= graph_end:
        return None
    return math.ceil(seconds) or graph_end


def format_duration(seconds: float) -> str:
    """Return seconds as the shortest duration text that reads back as the same number.

    Whole days, hours and minutes get their unit ("1h", "90m"), everything else is in seconds
    ("0.5s"). Raises `ValueError` for a negative number or NaN.
    """
    if not seconds >= 0:
        raise ValueError(f"a duration is not negative: {seconds}")
    if math.isinf(seconds):
        return "infinity"
    if seconds and seconds == int(seconds):
        for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
            if seconds % size == 0:
                return f"{int(seconds) // size}{unit}"
    return f"{int(seconds) if seconds == int(seconds) else seconds!r}s"
