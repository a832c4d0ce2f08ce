"""Which vertices a constraint allows: one byte per row of the graph (jobspec.md 9)."""

from collections.abc import Mapping
from json import dumps
from typing import Any

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.graph.vertex import TARGET_TYPES

MAX_CACHED = 256
"""Masks that are kept at the same time."""


class ConstraintMasks:
    """The masks of one graph, kept until a vertex, an edge or a property changes.

    `reference` evaluates as the reference does where it differs from RFC 31.
    """

    def __init__(self, graph: FlatGraph, *, reference: bool = False) -> None:
        self._graph = graph
        self._reference = reference
        self._masks: dict[str, bytes] = {}
        self._state = (-1, -1)

    def allowed(self, constraints: Mapping[str, Any] | None) -> bytes | None:
        """Return the mask of a constraint, 1 where a vertex satisfies it; None without one.

        Only rows of `TARGET_TYPES` are evaluated, all others are 0. Raises `ConstraintError`
        for a bad constraint. O(nodes) at the first call, O(1) at the next with the same text.
        """
        if not constraints:
            return None
        state = (self._graph.epoch, self._graph.property_epoch)
        if state != self._state or len(self._masks) >= MAX_CACHED:
            self._masks.clear()
            self._state = state
        text = dumps(constraints)
        if text not in self._masks:
            self._masks[text] = self._evaluate(constraints)
        return self._masks[text]

    def _evaluate(self, constraints: Mapping[str, Any]) -> bytes:
        from fluxion_py.jobspec.constraint import compile_constraint

        graph = self._graph
        constraint = compile_constraint(constraints, self._reference)
        mask = bytearray(len(graph))
        for kind in TARGET_TYPES:
            for row in graph.rows_of_type(kind):
                mask[row] = constraint.matches(
                    graph.name(row), graph.rank(row), graph.properties(row)
                )
        return bytes(mask)
