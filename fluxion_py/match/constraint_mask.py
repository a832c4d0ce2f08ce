"""Which vertices a constraint allows: one byte per row of the graph (jobspec.md 9)."""

from collections.abc import Mapping
from json import dumps
from typing import TYPE_CHECKING, Any

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.graph.vertex import TARGET_TYPES

if TYPE_CHECKING:
    from fluxion_py.jobspec.constraint import Constraint

MAX_CACHED = 256
"""Masks that are kept at the same time."""


class ConstraintMasks:
    """The masks of one graph, which follow its vertices, properties and ranks.

    `reference` evaluates as the reference does where it differs from RFC 31.
    """

    def __init__(self, graph: FlatGraph, *, reference: bool = False) -> None:
        self._graph = graph
        self._reference = reference
        self._masks: dict[str, _Mask] = {}

    def allowed(self, constraints: Mapping[str, Any] | None) -> bytes | None:
        """Return the mask of a constraint, 1 where a vertex satisfies it; None without one.

        Only rows of `TARGET_TYPES` are evaluated, all others are 0. Raises `ConstraintError`
        for a bad constraint. The same object is returned as long as it is true. O(rows) at the
        first call; later what has changed since, and a copy if the mask did.
        """
        if not constraints:
            return None
        text = dumps(constraints)
        mask = self._masks.get(text)
        if mask is None:
            from fluxion_py.jobspec.constraint import compile_constraint

            mask = _Mask(self._graph, compile_constraint(constraints, self._reference))
            if len(self._masks) >= MAX_CACHED:
                self._masks.clear()
            self._masks[text] = mask
        return mask.now()


class _Mask:
    """One constraint, evaluated for the rows and properties that there were last time."""

    def __init__(self, graph: FlatGraph, constraint: "Constraint") -> None:
        self._graph = graph
        self._constraint = constraint
        self._bits = b""
        self._property_epoch = graph.property_epoch

    def now(self) -> bytes:
        graph = self._graph
        known, rows = len(self._bits), len(graph)
        if known == rows and self._property_epoch == graph.property_epoch:
            return self._bits
        touched = graph.touched_since(self._property_epoch)
        if touched is None or known == 0:
            touched, known = [], 0
        bits = bytearray(self._bits[:known])
        bits.extend(bytes(rows - known))
        for row in {*touched, *range(known, rows)} if known else self._targets():
            if graph.alive(row) and graph.type(row) in TARGET_TYPES:
                bits[row] = self._constraint.matches(
                    graph.name(row), graph.rank(row), graph.properties(row)
                )
        if bits != self._bits:
            self._bits = bytes(bits)
        self._property_epoch = graph.property_epoch
        return self._bits

    def _targets(self) -> list[int]:
        return [row for kind in TARGET_TYPES for row in self._graph.rows_of_type(kind)]
