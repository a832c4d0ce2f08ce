"""Could this request be met at that time? Exact, from the verifier's book, for small machines.

For judging refusals and the earliest time of reservations. The search is a bottom-up count: the
parts of a tree are independent, so a vertex only has to say how many units of each wanted entry
it can offer; pools are packed into slots exactly. Machines in which a vertex has two parents are
not decided (`UndecidedError`), nor are alternatives (sibling slots).

The matcher is greedy on purpose (the reference's answers), so it may refuse what fits. `excuses`
names the documented reasons that apply to a request (reference-faults.md 3).
"""

from collections.abc import Iterator, Sequence

from fluxion_py.jobspec.model import Jobspec, Resource
from tests.oracles.verifier import Verifier
from tests.oracles.verifier_constraint import satisfies
from tests.oracles.verifier_packing import UndecidedError, lowest, most_groups
from tests.oracles.verifier_shape import SLOTS

Offer = dict[int, int]  # index in the list of wanted resources -> units


class Feasibility:
    """One request in one window of time, against the book or (`empty`) an empty machine."""

    def __init__(
        self, verifier: Verifier, jobspec: Jobspec, start: int, end: int, *, empty: bool = False
    ) -> None:
        verifier.machine.refresh()
        self.machine = verifier.machine
        self.flat = verifier.flat
        self.jobspec = jobspec
        self.empty = empty
        self.slot_types = SLOTS if verifier.flexible else SLOTS[:1]
        self.whole_types = verifier.whole_types(jobspec.resources)
        held = [] if empty else verifier.overlapping(start, end)
        self.touched = {hold.row for hold in held}
        self.taken = {hold.row for hold in held if hold.exclusive}
        if any(len(parents) > 1 for parents in self.machine.parents.values()):
            raise UndecidedError("a vertex has two parents")
        for entries in lists_of(jobspec.resources):
            if sum(entry.type in SLOTS for entry in entries) > 1:
                raise UndecidedError("alternative slots")

    def possible(self) -> bool:
        """Say whether the request can be met in the window."""
        wanted = self.jobspec.resources
        offer = self._visit(self.machine.root, wanted, pristine=True, exclusive=False)
        return self._enough(wanted, offer)

    def _enough(self, wanted: Sequence[Resource], offer: Offer) -> bool:
        return all(
            0 < lowest(entry.count) <= offer.get(index, 0) for index, entry in enumerate(wanted)
        )

    def _visit(
        self, row: int, wanted: Sequence[Resource], *, pristine: bool, exclusive: bool
    ) -> Offer:
        kind = self.flat.type(row)
        matched = [i for i, entry in enumerate(wanted) if entry.type == kind]
        slots = [i for i, entry in enumerate(wanted) if self._fits(row, entry)]
        if len(matched) + len(slots) > 1 or not self._open(row):
            return {}
        if slots:
            if kind in self.whole_types and not self._untouched_below(row):
                return {}
            return {slots[0]: self._slots(row, wanted[slots[0]])}
        if matched:
            met = self._meets(row, wanted[matched[0]], exclusive)
            return {matched[0]: self.flat.size(row)} if met else {}
        if not pristine or (kind in self.whole_types and not self._untouched_below(row)):
            return {}
        return self._merged(row, wanted, pristine=True, exclusive=False)

    def _open(self, row: int) -> bool:
        """Say whether a vertex may be walked through."""
        up = self.empty or self.flat.up(row)
        return up and row not in self.taken and satisfies(self.flat, row, self.jobspec.constraints)

    def _untouched_below(self, row: int) -> bool:
        return row not in self.touched and self.touched.isdisjoint(self.machine.below(row))

    def _meets(self, row: int, entry: Resource, exclusive: bool) -> bool:
        exclusive = exclusive or entry.exclusive is True
        if exclusive and (entry.exclusive is False or row in self.touched):
            return False
        if self.flat.type(row) in self.whole_types and not self._untouched_below(row):
            return False
        slots = [i for i, child in enumerate(entry.children) if self._fits(row, child)]
        if slots:
            offer = {slots[0]: self._slots(row, entry.children[slots[0]])}
        else:
            offer = self._merged(row, entry.children, pristine=False, exclusive=exclusive)
        return self._enough(entry.children, offer)

    def _merged(
        self, row: int, wanted: Sequence[Resource], *, pristine: bool, exclusive: bool
    ) -> Offer:
        total: Offer = {}
        for child in self.machine.children[row]:
            part = self._visit(child, wanted, pristine=pristine, exclusive=exclusive)
            for index, units in part.items():
                total[index] = total.get(index, 0) + units
        return total

    def _fits(self, row: int, entry: Resource) -> bool:
        """Say whether slots of this entry are formed at a vertex: it has all the types below."""
        below = self.machine.types_below[row]
        return entry.type in self.slot_types and all(
            child.type in below for child in entry.children
        )

    def _slots(self, row: int, slot: Resource) -> int:
        numbers = []
        for entry in slot.children:
            sizes = [
                self.flat.size(child)
                for child in self.machine.children[row]
                if self.flat.type(child) == entry.type
                and self._open(child)
                and self._meets(child, entry, True)
            ]
            numbers.append(most_groups(sizes, max(1, lowest(entry.count))))
        return min(numbers, default=0)


def lists_of(request: Sequence[Resource]) -> Iterator[Sequence[Resource]]:
    """Yield the request and every list of siblings in it."""
    yield request
    for entry in request:
        yield from lists_of(entry.children)


def has_mixed_alternatives(request: Sequence[Resource]) -> bool:
    """Say whether sibling slots want the same type with different contents or counts.

    The flexible traverser explores with the union of the shapes, of each type the entry with the
    largest minimum (matching.md 4.3). So a slot may be made of a vertex whose inside was chosen
    for another shape: the answer has the right vertices at the level of the slot, not below it.
    """
    for entries in lists_of(request):
        first: dict[str, Resource] = {}
        for slot in entries:
            for entry in slot.children if slot.type in SLOTS else ():
                known = first.setdefault(entry.type, entry)
                if known.children != entry.children:
                    return True
    return False


def excuses(verifier: Verifier, jobspec: Jobspec) -> set[str]:
    """Return the documented reasons why the greedy matcher may refuse or delay this request."""
    found = set()
    flat = verifier.flat
    kinds = {entry.type for entries in lists_of(jobspec.resources) for entry in entries}
    if kinds.isdisjoint({*SLOTS, *verifier.whole_types(jobspec.resources)}):
        found.add("nothing-exclusive")
    below = verifier.machine.types_below
    for entries in lists_of(jobspec.resources):
        slots = [entry for entry in entries if entry.type in SLOTS]
        if slots and len(entries) > 1:
            found.add("slot-beside-other")
        if len({entry.type for entry in entries}) < len(entries):
            found.add("siblings")
        for slot in slots:
            for entry in slot.children:
                if entry.count.choices or entry.count.min != entry.count.max:
                    found.add("elastic-count")
                if len({flat.size(row) for row in flat.rows_of_type(entry.type)}) > 1:
                    found.add("slot-packing")
        for entry in entries:
            for child in entry.children:
                types = {inner.type for inner in child.children}
                if child.type in SLOTS and entry.type not in SLOTS:
                    rows = flat.rows_of_type(entry.type)
                    if not all(types <= below.get(row, set()) for row in rows):
                        found.add("slot-skips-level")
    return found
