"""The time that a job asks for, in whole seconds (jobspec.md 7)."""

import math


def resolve_duration(seconds: float, graph_end: int) -> int | None:
    """Return whole seconds, rounded up; 0 is the whole life time; None if it is no duration.

    Negative, not a number and longer than the graph's life time are none (jobspec.md 7).
    """
    if not 0 <= seconds <= graph_end:
        return None
    return math.ceil(seconds) or graph_end
