"""Does a selection have the shape of the request, with nothing missing and nothing needless?

The request is laid over the selected vertices from the root down (matching.md 4): levels may be
left out before the first named one, after it every level is adjacent. The selection is read as
it stands; nothing is searched for except the split of pools into slots.

"Loose" below means that nothing was promised for a vertex: it came along with a vertex that is
given whole, or is only passed through. Then it may serve a demand or not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product

from fluxion_py.jobspec.model import Resource
from tests.oracles.verifier_machine import Machine, VerificationError
from tests.oracles.verifier_packing import (
    Tally,
    covers,
    most_slots,
    split_into_alternatives,
    split_into_slots,
)

SLOTS = ("slot", "xor_slot")
MAX_VARIANTS = 1000

Found = dict[int, Tally]  # index in the list of wanted resources -> what was found
NOTHING = Tally(0, 0, 0)


class Shape:
    """One request laid over one selection.

    `chosen` maps the selected rows to their exclusive flag and `edges` a row to its selected
    children; `whole_types` are the types that are given with all below them (matching.md 8);
    `usable` says whether a vertex may be counted on for a demand (up, allowed, not taken).
    """

    def __init__(
        self,
        machine: Machine,
        chosen: Mapping[int, bool],
        edges: Mapping[int, Sequence[int]],
        whole_types: set[str],
        usable: Callable[[int], bool],
        flexible: bool = False,
    ) -> None:
        self.machine = machine
        self.chosen = chosen
        self.edges = edges
        self.whole_types = whole_types
        self.usable = usable
        self.flexible = flexible
        self.expected: dict[int, bool] = {}
        self.shadow: set[int] = set()

    def check(self, request: Sequence[Resource]) -> None:
        """Raise `VerificationError` unless the selection is an answer to the request."""
        self._mark_shadow()
        failure: VerificationError | None = None
        for variant in variants(request, self.flexible):
            try:
                self.expected = {}
                self._check_variant(variant)
            except VerificationError as error:
                failure = failure or error
            else:
                return
        raise failure or VerificationError("shape", "the request has no variant")

    def _check_variant(self, wanted: Sequence[Resource]) -> None:
        root = self.machine.root
        found = self._explore(root, wanted, pristine=True, exclusive=False, loose=False)
        self._demand(root, wanted, found, exclusive=False, pristine=True)
        label = self.machine.label
        for row, exclusive in self.chosen.items():
            if row not in self.expected and row not in self.shadow:
                raise VerificationError("needless", f"{label(row)} serves no demand")
            must = row in self.shadow or self.expected[row]
            if exclusive != must:
                kind = "exclusive" if must else "shared"
                raise VerificationError("flag", f"{label(row)} must be {kind}")
            if not exclusive and not any(map(self.chosen.get, self.machine.below(row))):
                raise VerificationError("needless", f"nothing is taken below {label(row)}")

    def _mark_shadow(self) -> None:
        """Find the vertices that are given with all below them, and miss none below them."""
        label = self.machine.label
        for row in self.chosen:
            if self.machine.flat.type(row) in self.whole_types:
                self.shadow.add(row)
                for below in self.machine.below(row):
                    self.shadow.add(below)
                    if below not in self.chosen:
                        raise VerificationError(
                            "incomplete",
                            f"{label(row)} is given whole but {label(below)} is missing",
                        )

    # the walk over one vertex
    def _explore(
        self, row: int, wanted: Sequence[Resource], *, pristine: bool, exclusive: bool, loose: bool
    ) -> Found:
        """Return what `row` and all below it offer to the wanted list."""
        if not loose:
            return self._visit(row, wanted, pristine, exclusive, loose)
        if not self.usable(row):
            return {}
        try:
            return self._visit(row, wanted, pristine, exclusive, loose)
        except VerificationError:
            return {}

    def _visit(
        self, row: int, wanted: Sequence[Resource], pristine: bool, exclusive: bool, loose: bool
    ) -> Found:
        if not loose and row in self.expected:
            return {}  # reached by a second parent
        kind = self.machine.flat.type(row)
        matched = [i for i, entry in enumerate(wanted) if entry.type == kind]
        slots = self._slots_here(row, wanted)
        if len(matched) + (0 if self.flexible else len(slots)) > 1:
            raise VerificationError("siblings", f"two entries fit {self.machine.label(row)}")
        found: Found = {}
        if matched:
            entry = wanted[matched[0]]
            exclusive = exclusive or entry.exclusive is True
            self._satisfy(row, entry, exclusive, loose)
            size = self.machine.flat.size(row)
            found = {matched[0]: Tally(0 if loose else size, size, size)}
        if matched or slots:
            self._expect(row, exclusive, loose)
            return found | self._slots_at(row, wanted, slots, loose)
        if not pristine:
            return {}
        self._expect(row, False, loose)
        return self._pass_through(row, wanted, loose)

    def _pass_through(self, row: int, wanted: Sequence[Resource], loose: bool) -> Found:
        whole = row in self.shadow
        found: Found = {}
        for child in self._contents(row, loose):
            _merge(
                found,
                self._explore(child, wanted, pristine=True, exclusive=False, loose=loose or whole),
            )
        if whole and not loose:
            if not any(tally.high for tally in found.values()):
                raise VerificationError("needless", f"{self.machine.label(row)} serves no demand")
            if len(found) == 1:
                ((index, tally),) = found.items()
                found[index] = Tally(1, tally.high, tally.largest)
        return found

    def _satisfy(self, row: int, entry: Resource, exclusive: bool, loose: bool) -> None:
        """Check the demands of a matched entry against what is directly below its vertex."""
        if exclusive and entry.exclusive is False:
            raise VerificationError("conflict", f"{entry.type} may not be exclusive")
        loose = loose or row in self.shadow
        found: Found = {}
        slots = self._slots_here(row, entry.children)
        if slots:
            found = self._slots_at(row, entry.children, slots, loose)
        elif entry.children:
            for child in self._contents(row, loose):
                part = self._explore(
                    child, entry.children, pristine=False, exclusive=exclusive, loose=loose
                )
                _merge(found, part)
        self._demand(row, entry.children, found, exclusive=exclusive, pristine=False)

    def _contents(self, row: int, loose: bool) -> Sequence[int]:
        if loose or row in self.shadow:
            return [child for child in self.machine.children[row] if self.usable(child)]
        return self.edges.get(row, ())

    def _hung_elsewhere(self, row: int) -> list[int]:
        """Return the selected children that hang below another of their parents in the answer."""
        here = self.edges.get(row, ())
        return [c for c in self.machine.children[row] if c in self.chosen and c not in here]

    def _expect(self, row: int, exclusive: bool, loose: bool) -> None:
        if not loose:
            self.expected[row] = exclusive

    # counts
    def _demand(
        self,
        row: int,
        wanted: Sequence[Resource],
        found: Found,
        *,
        exclusive: bool,
        pristine: bool,
    ) -> None:
        label = self.machine.label(row)
        slots = [i for i, entry in enumerate(wanted) if entry.type in SLOTS]
        if len(slots) > 1:  # alternatives: any of their counts will do (jobspec.md 5)
            if not self.flexible:
                raise VerificationError("siblings", "several slots beside each other")
            total = sum((found.get(i, NOTHING) for i in slots), NOTHING)
            if not any(covers(wanted[i].count, total.low, total.high, 1) for i in slots):
                raise VerificationError("count", f"below {label}: {total.low} slots")
        for index, entry in enumerate(wanted):
            if len(slots) > 1 and index in slots:
                continue
            tally = found.get(index, NOTHING)
            if not self._emits(entry, exclusive) and not tally.high:
                tally = self._silent(row, entry, pristine)
            if not covers(entry.count, tally.low, tally.high, tally.largest):
                raise VerificationError(
                    "count",
                    f"below {label}: {tally.low} to {tally.high} units of {entry.type} "
                    f"for {entry.count}",
                )

    def _silent(self, row: int, entry: Resource, pristine: bool) -> Tally:
        """Count what could meet a demand that leaves no trace in the answer."""
        units = 0
        for child in [row] if pristine else self.machine.children[row]:
            part = self._explore(child, [entry], pristine=pristine, exclusive=False, loose=True)
            units += part.get(0, NOTHING).high
        return Tally(0, units, 0)

    def _emits(self, entry: Resource, exclusive: bool) -> bool:
        if exclusive or entry.exclusive or entry.type in SLOTS or entry.type in self.whole_types:
            return True
        return any(self._emits(child, exclusive) for child in entry.children)

    # slots
    def _slots_here(self, row: int, wanted: Sequence[Resource]) -> list[int]:
        types = self.machine.types_below[row]
        return [
            index
            for index, entry in enumerate(wanted)
            if entry.type == "slot"
            and entry.children
            and all(child.type in types for child in entry.children)
        ]

    def _slots_at(
        self, row: int, wanted: Sequence[Resource], slots: Sequence[int], loose: bool
    ) -> Found:
        """Split what lies directly below a vertex into slots; how many can there be?"""
        if not slots:
            return {}
        least = 0 if loose else 1  # a selected vertex where slots are made must hold one
        loose = loose or row in self.shadow
        members = self._contents(row, loose)
        shared = [] if loose else self._hung_elsewhere(row)
        sizes: dict[int, dict[str, list[int]]] = {index: {} for index in slots}
        flat = self.machine.flat
        for child in [*members, *shared]:
            for index in slots:
                if self._fits_slot(child, wanted[index], loose, len(slots) > 1):
                    sizes[index].setdefault(flat.type(child), []).append(flat.size(child))
        if loose or shared:
            most = sum(most_slots(wanted[i], sizes[i]) for i in slots)
            return {slots[0]: Tally(least, most, 1)} if most else {}
        if len(slots) == 1:
            tally = split_into_slots(wanted[slots[0]], sizes[slots[0]])
        else:
            together = {kind: have for part in sizes.values() for kind, have in part.items()}
            tally = split_into_alternatives([wanted[i] for i in slots], together)
        if not tally:
            raise VerificationError(
                "slot", f"what is taken below {self.machine.label(row)} makes no whole slots"
            )
        return {slots[0]: tally}

    def _fits_slot(self, child: int, slot: Resource, loose: bool, alternatives: bool) -> bool:
        kind = self.machine.flat.type(child)
        entry = next((entry for entry in slot.children if entry.type == kind), None)
        if entry is None:
            return False
        try:
            self._satisfy(child, entry, True, loose)
        except VerificationError:
            if loose or alternatives:
                return False
            raise
        self._expect(child, True, loose)
        return True


def _merge(found: Found, part: Found) -> None:
    for index, tally in part.items():
        found[index] = found.get(index, NOTHING) + tally


def variants(request: Sequence[Resource], flexible: bool) -> Iterator[Sequence[Resource]]:
    """Yield the request with every group of `xor_slot` siblings replaced by one plain slot."""
    if flexible:
        yield from islice(_variants(request), MAX_VARIANTS)
    else:
        yield request


def _variants(request: Sequence[Resource]) -> Iterator[tuple[Resource, ...]]:
    xors = [entry for entry in request if entry.type == "xor_slot"]
    positions: list[list[Resource]] = []
    for entry in request:
        if entry.type != "xor_slot":
            positions.append(list(_inner_variants(entry)))
        elif entry is xors[0]:
            positions.append([slot for xor in xors for slot in _inner_variants(xor)])
    yield from product(*positions)


def _inner_variants(entry: Resource) -> Iterator[Resource]:
    kind = "slot" if entry.type == "xor_slot" else entry.type
    for children in _variants(entry.children):
        yield Resource(
            kind, entry.count, children, entry.label, entry.exclusive, entry.unit, entry.id
        )
