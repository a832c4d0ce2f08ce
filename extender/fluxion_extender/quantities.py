"""Kubernetes quantities such as `100m`, `1.5Gi` or `1e3` as whole numbers.

CPU counts in millicores, everything else in its own unit (bytes, devices), both rounded up as
`MilliValue` and `Value` of apimachinery do: a pod never asks for less than it wrote.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from fluxion_py.errors import InputError, short

CPU = "cpu"
PODS = "pods"

_NUMBER = r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})"
_QUANTITY = re.compile(rf"({_NUMBER})([A-Za-z]{{0,2}}|[eE][+-]?\d{{1,3}})\Z", re.ASCII)
_SUFFIXES = {
    "": Fraction(1),
    **{unit: Fraction(1000) ** power for power, unit in enumerate(("n", "u", "m"), -3)},
    **{
        unit: Fraction(1000) ** power
        for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), 1)
    },
    **{f"{unit}i": Fraction(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}
MAX_AMOUNT = 2**62
"""What a larger amount is taken for, so that sums stay within 64 bits."""


@lru_cache(maxsize=4096)
def amount(quantity: str, resource: str = "") -> int:
    """Return a quantity in the unit of its resource, rounded up. Raises `InputError`.

    Negative quantities count as 0: the API server refuses them.
    """
    match = _QUANTITY.match(quantity)
    scale = None
    if match is not None:
        suffix = match[2]
        scale = _SUFFIXES.get(suffix)
        if scale is None and suffix[:1] in ("e", "E") and len(suffix) > 1:
            scale = Fraction(10) ** int(suffix[1:])
    if match is None or scale is None:
        raise InputError(
            f"{short(quantity)} is no quantity",
            where=resource,
            hint="such as 2, 100m, 1.5Gi or 1e3",
        )
    exact = Fraction(match[1]) * scale * (1000 if resource == CPU else 1)
    return max(0, min(-(-exact.numerator // exact.denominator), MAX_AMOUNT))


def amounts(quantities: "Mapping[str, str | int | float] | None") -> dict[str, int]:
    """Return a resource list as whole numbers; zero amounts are left out."""
    found = {}
    for resource, quantity in (quantities or {}).items():
        if number := amount(str(quantity), resource):
            found[resource] = number
    return found
