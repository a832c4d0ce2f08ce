"""Requests with a choice: `xor_slot` expanded to plain requests (jobspec.md 5, errata G18)."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from math import prod

from fluxion_py.errors import JobspecError
from fluxion_py.jobspec.model import Resource

MAX_VARIANTS = 1000
"""The most plain requests that one request may stand for."""


def expand_alternatives(resources: Sequence[Resource]) -> list[tuple[Resource, ...]]:
    """Return the plain requests that a request stands for, in the order to try them.

    The `xor_slot` siblings of one list are the alternatives of one position, the place of the
    first; each becomes a `slot`. Positions are combined freely, the last varies fastest. Without
    any `xor_slot` that is the request itself. Raises `JobspecError` for more than `MAX_VARIANTS`
    (EOVERFLOW in the reference).
    """
    if _variants(resources) > MAX_VARIANTS:
        raise JobspecError(
            f"the xor_slots stand for more than {MAX_VARIANTS} variants",
            where="resources",
            hint="use fewer alternatives, or fewer places with alternatives",
        )
    return _expand(resources)


def _variants(resources: Sequence[Resource]) -> int:
    fixed = prod(_variants(entry.children) for entry in resources if entry.type != "xor_slot")
    chosen = sum(_variants(entry.children) for entry in resources if entry.type == "xor_slot")
    return fixed * chosen if chosen else fixed


def _expand(resources: Sequence[Resource]) -> list[tuple[Resource, ...]]:
    positions: list[list[Resource]] = []
    choice: list[Resource] | None = None
    for entry in resources:
        entries = [replace(entry, children=children) for children in _expand(entry.children)]
        if entry.type != "xor_slot":
            positions.append(entries)
            continue
        if choice is None:
            choice = []
            positions.append(choice)
        choice += [replace(variant, type="slot") for variant in entries]
    return list(product(*positions))
