"""What every pod occupies on every node, in plain tables: the books beside the graph."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fluxion_extender.pods.requests import Amounts, add


@dataclass(slots=True)
class NodeBook:
    """The amounts of one node: what it has, and what is taken, by whom."""

    allocatable: Amounts = field(default_factory=dict)
    ours: Amounts = field(default_factory=dict)
    foreign: Amounts = field(default_factory=dict)

    def free(self, resource: str) -> int:
        """Return what is left, never less than nothing."""
        used = self.ours.get(resource, 0) + self.foreign.get(resource, 0)
        return max(0, self.allocatable.get(resource, 0) - used)

    def fits(self, request: Mapping[str, int]) -> bool:
        """Say whether a request fits beside everything that is taken."""
        ours, foreign, have = self.ours, self.foreign, self.allocatable
        return all(
            ours.get(name, 0) + foreign.get(name, 0) + number <= have.get(name, 0)
            for name, number in request.items()
        )

    def overfull(self, resources: Iterable[str]) -> bool:
        """Say whether more is taken of one of these than there is: somebody else was quicker."""
        ours, foreign, have = self.ours, self.foreign, self.allocatable
        return any(
            ours.get(name, 0) + foreign.get(name, 0) > have.get(name, 0) for name in resources
        )

    def could_fit(self, request: Mapping[str, int]) -> bool:
        """Say whether a request would fit if nothing were taken."""
        return all(number <= self.allocatable.get(name, 0) for name, number in request.items())


@dataclass(frozen=True, slots=True)
class Charge:
    """What one pod, or the place kept for one, takes on a node."""

    node: str
    request: Mapping[str, int]
    ours: bool


class Ledger:
    """Charges by their key (the UID of a pod, or a place in a group), with the sums per node."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodeBook] = {}
        self.charges: dict[str, Charge] = {}

    def book(self, node: str) -> NodeBook:
        """Return the book of a node; charges may come before the node does."""
        found = self.nodes.get(node)
        if found is None:
            found = self.nodes[node] = NodeBook()
        return found

    def charge(self, key: str, charge: Charge) -> None:
        """Enter a charge, instead of the one there is under this key."""
        self.discharge(key)
        book = self.book(charge.node)
        add(book.ours if charge.ours else book.foreign, charge.request)
        self.charges[key] = charge

    def discharge(self, key: str) -> Charge | None:
        """Take a charge out, if it is there, and return it."""
        charge = self.charges.pop(key, None)
        if charge is not None:
            book = self.book(charge.node)
            add(book.ours if charge.ours else book.foreign, charge.request, -1)
        return charge

    def recount(self) -> list[str]:
        """Return the nodes whose sums differ from those of their charges. O(charges)."""
        sums: dict[tuple[str, bool], Amounts] = {}
        for charge in self.charges.values():
            add(sums.setdefault((charge.node, charge.ours), {}), charge.request)
        return sorted(
            name
            for name, book in self.nodes.items()
            if _nonzero(book.ours) != _nonzero(sums.get((name, True), {}))
            or _nonzero(book.foreign) != _nonzero(sums.get((name, False), {}))
        )

    def resum(self, node: str) -> None:
        """Set the sums of a node to those of its charges. O(charges)."""
        book = self.book(node)
        book.ours, book.foreign = {}, {}
        for charge in self.charges.values():
            if charge.node == node:
                add(book.ours if charge.ours else book.foreign, charge.request)

    def fitting(self, names: Iterable[str], request: Mapping[str, int]) -> list[str]:
        """Return those of some nodes on which a request fits; a node unknown here passes."""
        books = self.nodes
        return [name for name in names if name not in books or books[name].fits(request)]


def _nonzero(amounts: Mapping[str, int]) -> Amounts:
    return {name: number for name, number in amounts.items() if number}
