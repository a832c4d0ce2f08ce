"""How much of each wanted thing could be had where: the counts behind an explanation.

The survey lays the request over the graph as the walk does (matching.md 4), but counts instead of
choosing: at every vertex it sums up what the vertices below offer, and notes for each entry of the
request who asked for how much, what was there, and why vertices dropped out. Plain Python, run only
when somebody reads an explanation. O(vertices visited).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from fluxion_py._core.engine import Engine
from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.graph.topology import children
from fluxion_py.graph.vertex import TARGET_TYPES
from fluxion_py.jobspec.model import SLOT_TYPES, Resource

SLOT = "slot"

Offers = dict[int, list[int]]  # id of an entry -> units of each vertex (or slot) that is offered


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: now, for `duration` seconds; or (`empty`) a machine all free and up."""

    now: int
    duration: int
    allowed: bytes | None
    empty: bool


@dataclass(slots=True)
class Tally:
    """What was found of one entry of the request.

    `seen` vertices of its type came into question; `refused` lists those that dropped out, by
    cause: down, excluded (by the constraint), taken, in use (not idle, though it must be), overrun
    (held by a job past its end), short (it lacks something below), conflict, siblings. `best` is
    the most units that any one vertex which asked had below it, `best_rows` are those vertices,
    `asked` is how many asked.
    """

    seen: int = 0
    refused: dict[str, list[int]] = field(default_factory=dict)
    asked: int = 0
    best: int = 0
    best_rows: list[int] = field(default_factory=list)

    def ask(self, row: int, units: int) -> None:
        """Note that a vertex asked for the entry and found so many units."""
        self.asked += 1
        if units > self.best:
            self.best, self.best_rows = units, []
        if units == self.best:
            self.best_rows.append(row)

    def refuse(self, cause: str, row: int) -> None:
        """Note that a vertex dropped out."""
        self.refused.setdefault(cause, []).append(row)


class Survey:
    """One request counted over one graph."""

    def __init__(
        self, engine: Engine, dominant: str, resources: Sequence[Resource], view: View
    ) -> None:
        self.engine = engine
        self.flat: FlatGraph = engine.graph
        self.root = self.flat.root(dominant)
        self.resources = resources
        self.tallies: dict[int, Tally] = {}
        self.passed: dict[str, list[int]] = {}
        self.sites: dict[int, list[int]] = {}
        self._view = view
        self.subsystem = self.flat.find_subsystem(dominant)
        self._seen: set[int] = set()
        self._divided: set[int] = set()  # ids of entries that offer to several slots
        offers = self._visit(self.root, resources, True, False, False) or {}
        for entry in resources:
            self.tally(entry).ask(self.root, _total(offers, entry))

    def tally(self, entry: Resource) -> Tally:
        """Return what was found of an entry."""
        return self.tallies.setdefault(id(entry), Tally())

    def missing(self, entry: Resource) -> bool:
        """Say whether no vertex that asked for the entry had enough of it."""
        return entry.count.resolve(self.tally(entry).best) == 0

    def _visit(
        self, row: int, wanted: Sequence[Resource], pristine: bool, owned: bool, in_slot: bool
    ) -> Offers | None:
        """Return what a vertex and those below offer of the entries; None if it drops out.

        A pool offers its free units, a vertex that slots share as many shares as it has.
        """
        kind = self.flat.type(row)
        named = [entry for entry in wanted if entry.type == kind]
        slots = [entry for entry in wanted if entry.type == SLOT and self._forms(row, entry)]
        matched = named[0] if named else None
        if not (named or slots or pristine):
            return None
        if matched is not None:
            self.tally(matched).seen += 1
            owned = owned or matched.exclusive is True
        shared = matched is not None and (
            (matched.exclusive is not True and self.flat.divisible(row))
            or (matched.exclusive is False and in_slot)
        )
        if matched is not None and shared:
            self._divided.add(id(matched))
        cause = self._obstacle(row, matched, owned and not shared)
        if len(named) + len(slots) > 1:
            cause = "siblings"
        if cause:
            refused = self.tally(matched).refuse if matched is not None else self._pass
            refused(cause, row)
            return None
        self._seen.add(row)
        if matched is None:
            if slots:
                return self._form(row, slots[0])
            return self._below(row, wanted, pristine, owned, in_slot)
        slots = [
            entry for entry in matched.children if entry.type == SLOT and self._forms(row, entry)
        ]
        if slots:
            offers = self._form(row, slots[0])
        else:
            offers = self._below(row, matched.children, False, owned, in_slot)
        return self._settle(row, matched, offers, shared and bool(matched.children))

    def _settle(self, row: int, matched: Resource, offers: Offers, shared: bool) -> Offers | None:
        """Return what a named vertex offers: itself, if it has enough below it; or its shares."""
        enough = True
        shares: list[int] = []
        for entry in matched.children:
            units = _total(offers, entry)
            self.tally(entry).ask(row, units)
            enough = enough and entry.count.resolve(units) > 0
            shares.append(self._bundles(entry, offers.get(id(entry), [])))
        if not enough:
            self.tally(matched).refuse("short", row)
            return None
        return {id(matched): [min(shares) if shared else self._units(row)]}

    def _below(
        self, row: int, wanted: Sequence[Resource], pristine: bool, owned: bool, in_slot: bool
    ) -> Offers:
        offers: Offers = {}
        for child in self._children(row) if wanted else ():
            if child in self._seen:
                continue
            found = self._visit(child, wanted, pristine, owned, in_slot) or {}
            for entry, units in found.items():
                offers.setdefault(entry, []).extend(units)
        return offers

    def _form(self, row: int, slot: Resource) -> Offers:
        """Return how many slots can be formed of what is directly below a vertex."""
        offers = self._below(row, slot.children, False, True, True)
        self.sites.setdefault(id(slot), []).append(row)
        formed: int | None = None
        for entry in slot.children:
            units = offers.get(id(entry), [])
            self.tally(entry).ask(row, sum(units))
            bundles = self._bundles(entry, units)
            formed = bundles if formed is None else min(formed, bundles)
        return {id(slot): [formed]} if formed else {}

    def _bundles(self, entry: Resource, units: Sequence[int]) -> int:
        """Return how many times there is enough of an entry."""
        if entry.count.resolve(sum(units)) == 0:
            return 0
        if id(entry) in self._divided:
            return sum(units) // entry.count.min
        return _bundles(units, entry.count.min)

    def _forms(self, row: int, slot: Resource) -> bool:
        below = {self.flat.type(target) for target, _ in self.flat.out_edges(row)}
        return bool(slot.children) and all(entry.type in below for entry in slot.children)

    def _children(self, row: int) -> list[int]:
        return children(self.flat, row, self.subsystem)

    def _pass(self, cause: str, row: int) -> None:
        self.passed.setdefault(cause, []).append(row)

    def _units(self, row: int) -> int:
        if self._view.empty:
            return self.flat.size(row)
        return self.engine.available(row, self._view.now, self._view.duration)

    def _obstacle(self, row: int, matched: Resource | None, owned: bool) -> str:
        """Return why a vertex cannot be used, "" if it can (matching.md 4, step 3)."""
        view = self._view
        if not view.empty and not self.flat.up(row):
            return "down"
        judged = view.allowed is not None and self.flat.type(row) in TARGET_TYPES
        if judged and view.allowed is not None and not view.allowed[row]:
            return "excluded"
        if self._units(row) == 0:
            return "taken"
        if matched is None or not owned:
            return ""
        if matched.exclusive is False:
            return "conflict"
        return "" if view.empty else self._user(row)

    def _user(self, row: int) -> str:
        """Return whether a vertex that must be idle is in use, or held by a job past its end."""
        now, end = self._view.now, self._view.now + self._view.duration
        holds = self.engine.holds(row)
        if any(start < end and now < stop for _, start, stop, _, _, _ in holds):
            return "in use"
        kept = [stop for _, _, stop, _, whole, reserved in holds if whole and not reserved]
        if not kept:
            return ""
        return "overrun" if min(kept) <= now else "in use"


def _total(offers: Offers, entry: Resource) -> int:
    return sum(offers.get(id(entry), ()))


def _bundles(units: Sequence[int], need: int) -> int:
    """Return how many shares of `need` units the vertices give, each used in one share only."""
    shares = held = 0
    for amount in units:
        held += amount
        if held >= need:
            shares, held = shares + 1, 0
    return shares


def first_alternative(resources: Sequence[Resource]) -> tuple[tuple[Resource, ...], bool]:
    """Return a fresh request in which only the first of sibling slots is left, and whether any was.

    Its count is that of the last sibling, which decides how many are wanted (jobspec.md 5).
    """
    slots = [entry for entry in resources if entry.type in SLOT_TYPES]
    exclusive_or = any(entry.type == "xor_slot" for entry in slots)
    found = []
    several = len(slots) > 1
    for entry in resources:
        if entry in slots and entry is not slots[0]:
            continue
        children, below = first_alternative(entry.children)
        several = several or below
        made = replace(entry, children=children)
        if entry in slots:
            count = entry.count if exclusive_or else slots[-1].count
            made = replace(made, type=SLOT, count=count)
        found.append(made)
    return tuple(found), several
