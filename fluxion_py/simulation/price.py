"""What a machine costs for as long as a simulation takes."""

import math
import re
from dataclasses import dataclass

from fluxion_py.errors import InputError
from fluxion_py.simulation.machine import UNITS

_PRICE = re.compile(rf"({'|'.join(UNITS)})-hour=([0-9]{{1,9}}(?:\.[0-9]{{1,9}})?)\Z")


@dataclass(frozen=True)
class Price:
    """The price of one `unit` of the machine for an hour, in whatever currency.

    A machine is paid for from the first submission to the last end, used or not.
    """

    unit: str
    amount: float

    @classmethod
    def parse(cls, text: str) -> "Price":
        """Return the price of a text such as "node-hour=2.90". Raises `InputError`."""
        found = _PRICE.match(text)
        if found is None:
            raise InputError(
                f"{text[:60]!r} is no price", hint="write it like node-hour=2.90 or core-hour=0.05"
            )
        return cls(found[1], float(found[2]))

    def bill(self, count: int, seconds: int) -> "Bill":
        """Return what `count` units cost for some seconds."""
        hours = count * seconds / 3600
        return Bill(self.unit, count, hours, round(hours * self.amount, 2))


@dataclass(frozen=True)
class Bill:
    """`count` units for `hours` in all (units x time), and the sum."""

    unit: str
    count: int
    hours: float
    cost: float

    def cells(self) -> list[str]:
        """Return the hours and the sum as people read them: 28 800, 83 520.00."""
        return [_grouped(math.ceil(self.hours)), f"{self.cost:,.2f}".replace(",", " ")]


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")
