"""The verifier's picture of a machine (who is below whom) and its one error."""

from collections.abc import Iterator

from fluxion_py._core.flatgraph import FlatGraph


class VerificationError(AssertionError):
    """An answer is wrong: `rule` is a short key, the text says what was found and where."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule = rule


class Machine:
    """Parents and children of every row, read once per epoch of the graph."""

    def __init__(self, flat: FlatGraph, subsystem: str = "containment") -> None:
        self.flat = flat
        self.subsystem = subsystem
        self._epoch: int | None = None
        self.children: dict[int, list[int]] = {}
        self.parents: dict[int, list[int]] = {}
        self.types_below: dict[int, set[str]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the edges again if the topology has changed since."""
        flat = self.flat
        if flat.epoch == self._epoch:
            return
        self._epoch = flat.epoch
        wanted = flat.find_subsystem(self.subsystem)
        rows = flat.rows()
        self.children = {row: [] for row in rows}
        self.parents = {row: [] for row in rows}
        self.types_below = {row: set() for row in rows}
        for row in rows:
            for target, subsystem in flat.out_edges(row):
                self.types_below[row].add(flat.type(target))
                if subsystem == wanted:
                    self.children[row].append(target)
                    self.parents[target].append(row)

    @property
    def root(self) -> int:
        """The root of the dominant subsystem."""
        return self.flat.root(self.subsystem)

    def label(self, row: int) -> str:
        """Name a vertex for a message: its path, or its name if it has none."""
        return self.flat.path(row, self.subsystem) or self.flat.name(row)

    def below(self, row: int) -> Iterator[int]:
        """Yield every vertex strictly below a vertex, each once."""
        seen = {row}
        waiting = list(self.children.get(row, ()))
        while waiting:
            child = waiting.pop()
            if child not in seen:
                seen.add(child)
                yield child
                waiting += self.children[child]

    def dominated(self, row: int, by: int) -> bool:
        """Say whether every way from the root to `row` passes through `by` (or `row` is `by`).

        A vertex that the graph no longer holds is dominated by nothing but itself.
        """
        if row == by:
            return True
        seen = {by}
        waiting = [row]
        while waiting:
            vertex = waiting.pop()
            if vertex in seen:
                continue
            if vertex == self.root:
                return False
            seen.add(vertex)
            waiting += self.parents.get(vertex, ())
        return row in self.parents
