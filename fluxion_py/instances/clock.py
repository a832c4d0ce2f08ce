"""Clocks: the wall's, and one that is moved by hand. Only instances read one."""

import time
from typing import Protocol


class Clock(Protocol):
    """What time it is, in seconds."""

    def now(self) -> float:
        """Return the time; it never goes back."""


class WallClock:
    """Seconds since 1970; stands still while the system's clock is set back."""

    def __init__(self) -> None:
        self._last = 0.0

    def now(self) -> float:
        """Return the time."""
        self._last = max(self._last, time.time())
        return self._last


class VirtualClock:
    """A clock that is moved by hand."""

    def __init__(self, start: float = 0) -> None:
        self.time = start

    def now(self) -> float:
        """Return the time that was set last."""
        return self.time

    def move_to(self, seconds: float) -> None:
        """Set the time, never back."""
        self.time = max(self.time, seconds)
