"""Which nodes a caller lets into question, by name: one byte per row of the graph.

For callers that get their candidates anew with every request, as an extender does. A constraint
that stays the same belongs into the jobspec.
"""

from collections.abc import Iterable

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.graph.vertex import TARGET_TYPES


class Candidates:
    """The execution targets of one graph by name."""

    def __init__(self, graph: FlatGraph) -> None:
        self._graph = graph
        self._epoch = -1
        self._rows: dict[str, int] = {}
        self._more: dict[str, list[int]] = {}

    def mask(
        self,
        within: Iterable[str] | None,
        without: Iterable[str] | None,
        allowed: bytes | None,
    ) -> bytes | None:
        """Return which rows are named by `within`, not by `without`, and `allowed`.

        None stands for all, and for nothing to leave out; names that no target has are passed
        over. O(names + rows / 8); O(rows) after the graph has changed.
        """
        if within is None and without is None:
            return allowed
        if self._epoch != self._graph.epoch:
            self._index()
        bits = bytearray(len(self._graph))
        if within is not None:
            self._set(bits, within, 1)
        else:
            for row in self._rows.values():
                bits[row] = 1
            for rows in self._more.values():
                for row in rows:
                    bits[row] = 1
        self._set(bits, without or (), 0)
        if allowed is None:
            return bytes(bits)
        both = int.from_bytes(bits, "little") & int.from_bytes(allowed, "little")
        return both.to_bytes(len(bits), "little")

    def _set(self, bits: bytearray, names: Iterable[str], value: int) -> None:
        known = self._rows
        for name in names:
            row = known.get(name)
            if row is not None:
                bits[row] = value
                if self._more:
                    for other in self._more.get(name, ()):
                        bits[other] = value

    def _index(self) -> None:
        """Find the targets by name; several of one name are all meant by it."""
        self._rows.clear()
        self._more.clear()
        for kind in TARGET_TYPES:
            for row in self._graph.rows_of_type(kind):
                name = self._graph.name(row)
                if name in self._rows:
                    self._more.setdefault(name, []).append(row)
                else:
                    self._rows[name] = row
        self._epoch = self._graph.epoch
