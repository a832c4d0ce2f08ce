"""The depth-first walk on the dominant subsystem: one function per step (matching.md 4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fluxion_py.outcome import Errno

from .board import (
    Board,
    Claim,
    Group,
    Level,
    node_factor,
    shortest_prefix,
    sort_groups,
    vertex_score,
)
from .bundles import Bundles, form_shared_slots, share_of
from .first import Tally, visiting_order
from .machine import Machine
from .request import Demand
from .slots import form_shared_shapes, form_slots, union_of_shapes

CONSTRAINED = ("node", "storage_node")


@dataclass
class Attempt:
    """One select: its window, what it may look at, and what it leaves behind."""

    at: int
    duration: int
    now: int
    everlasting: bool = False
    """The select of the satisfiability test: status does not count (matching.md 7)."""
    allowed: bytes | None = None
    given_whole: frozenset[str] = frozenset()
    """Types that the policy or the request gives with all below (jobspec.md 4)."""
    marks: dict[tuple[int, int], Claim] = field(default_factory=dict)
    visited: set[int] = field(default_factory=set)
    messages: list[str] = field(default_factory=list)
    preorder: int = 0
    postorder: int = 0


@dataclass(slots=True)
class Plan:
    """How a vertex is walked: the entry it matches, the slots to form, the next level."""

    matched: Demand | None
    slots: tuple[Demand, ...]
    following: tuple[Demand, ...]
    pristine: bool


@dataclass(slots=True)
class Visit:
    """A vertex that succeeded. `committed`: its policy chose, the board goes no further."""

    score: int
    count: int
    exclusive: bool
    board: Board
    committed: bool
    pool: bool = False
    inside: Bundles | None = None


class Walk:
    """The walk of one attempt."""

    def __init__(self, machine: Machine, attempt: Attempt) -> None:
        self.machine = machine
        self.topology = machine.topology
        self.attempt = attempt
        self.shares = 1
        """The slots that a shared vertex has to be good for."""

    def visit(
        self,
        row: int,
        wanted: Sequence[Demand],
        pristine: bool,
        inherited: bool,
        factor: int,
        in_slot: bool = False,
    ) -> Visit | None:
        """Walk a vertex with the request list of its level; None if it fails (EBUSY)."""
        exclusive = self.step1_exclusive(row, wanted, inherited)
        plan = self.step2_classify(row, wanted, pristine)
        self.attempt.preorder += 1
        matched = plan.matched if plan else None
        pool = matched is not None and self.divides(row, matched)
        shared = (
            matched is not None
            and not pool
            and matched.exclusive is False
            and in_slot
            and not self.machine.strict
        )
        whole = shared and self.topology.type(row) in self.attempt.given_whole
        own = not pool and (whole if shared else exclusive)
        if plan is None or self.step3_pruned(row, wanted, own, pool, shared):
            self.fail()
            return None
        self.attempt.visited.add(row)
        board = self.step4_explore(
            row, plan, exclusive, factor + node_factor(self.machine, row), in_slot, shared
        )
        count = self.free(row)
        if shared and plan.matched:
            inside = Bundles.of(self.machine, board, plan.matched.children, Level.VERTEX)
            if count == 0 or inside is None:
                self.fail()
                return None
            self.step7_label(row, wanted)
            score = vertex_score(self.machine, row, factor)
            return Visit(score, count, own, board, True, inside=inside)
        chosen = self.step5_choose(board, plan.matched.children if plan.matched else ())
        if count == 0 or chosen is None:
            self.fail()
            return None
        self.step6_commit(chosen)
        self.step7_label(row, wanted)
        score = vertex_score(self.machine, row, factor)
        return Visit(score, count, own, board, bool(chosen), pool=pool)

    def free(self, row: int) -> int:
        """Return the units of a vertex that are free in the window."""
        now = self.attempt.now if not self.attempt.everlasting else None
        return self.machine.available(row, self.attempt.at, self.attempt.duration, now)

    def divides(self, row: int, entry: Demand) -> bool:
        """Tell whether units of the vertex are asked for, and not all of it."""
        return (
            self.machine.divisible(row)
            and not entry.exclusive
            and self.topology.type(row) not in self.attempt.given_whole
        )

    def fail(self) -> None:
        """Set the error variable: every vertex that fails does (errata G2)."""
        self.machine.last_error = Errno.BUSY

    def step1_exclusive(self, row: int, wanted: Sequence[Demand], inherited: bool) -> bool:
        """Return x; the exclusive-type set plays no part here (errata G1)."""
        own = self.topology.type(row)
        return inherited or any(entry.exclusive for entry in wanted if entry.type == own)

    def step2_classify(self, row: int, wanted: Sequence[Demand], pristine: bool) -> Plan | None:
        """Tell slot, resource and pass-through apart; None if the vertex does not match.

        Two or more matches, whatever their kinds, fail with a message (errata G9).
        """
        own = self.topology.type(row)
        matches = [entry for entry in wanted if entry.type == own]
        slots = self.fitting_slots(row, wanted)
        if len(matches) + (0 if self.machine.flexible else len(slots)) > 1:
            self.siblings(own)
            return None
        if matches and not slots:
            slots = self.fitting_slots(row, matches[0].children)
            if len(slots) > 1 and not self.machine.flexible:
                self.siblings(own)
                return None
        matched = matches[0] if matches else None
        if slots:
            return Plan(matched, slots, (), False)
        if matched:
            return Plan(matched, (), matched.children, False)
        return Plan(None, (), tuple(wanted), True) if pristine else None

    def fitting_slots(self, row: int, entries: Sequence[Demand]) -> tuple[Demand, ...]:
        """Return the slots whose content types all occur among the targets of the vertex.

        Flexible traverser: all sibling slots, if at least one fits (matching.md 4.3).
        """
        slots = tuple(entry for entry in entries if entry.type == "slot")
        types = self.topology.target_types(row)
        fitting = tuple(
            slot for slot in slots if all(child.type in types for child in slot.children)
        )
        return slots if fitting and self.machine.flexible else fitting

    def siblings(self, own: str) -> None:
        """Collect the message of errata G9."""
        self.attempt.messages.append(
            f"test: siblings in jobspec request same resource type : {own}.\n"
        )

    def step3_pruned(
        self,
        row: int,
        wanted: Sequence[Demand],
        exclusive: bool,
        pool: bool = False,
        shared: bool = False,
    ) -> bool:
        """Tell whether the vertex is pruned; the order of the tests is that of the page."""
        attempt = self.attempt
        own = self.topology.type(row)
        if not attempt.everlasting and not self.machine.graph.up(row):
            return True
        if attempt.allowed is not None and own in CONSTRAINED and not attempt.allowed[row]:
            return True
        if self.free(row) == 0:
            return True
        at_now = attempt.at == attempt.now and not self.machine.strict
        if at_now and not pool and self.overrun(row, exclusive):
            return True
        if own in attempt.given_whole and self.held_inside(row):
            return True
        for entry in wanted:
            if entry.type == own and (
                self.excluded(row, entry, exclusive, shared) or self.filtered(row, entry)
            ):
                return True
        verdicts = [self.filtered(row, entry) for entry in wanted if entry.type == "slot"]
        if self.machine.flexible:  # only the last one's result counts (errata G19)
            return bool(verdicts) and verdicts[-1]
        return any(verdicts)

    def overrun(self, row: int, exclusive: bool) -> bool:
        """An allocation is here beyond its end, or below where all is asked for.

        The reference minds only what is owned here, and only if this is asked for as a whole
        (docs/deviations.md, overrun-shared).
        """
        states = self.machine.states
        for jobid, held in states[row].holdings.items() if row in states else ():
            if held.end > self.attempt.at or not (held.exclusive or exclusive):
                continue
            everything = [
                (state.holdings[jobid], self.machine.divisible(other))
                for other, state in states.items()
                if jobid in state.holdings
            ]
            if any(
                (other.exclusive or (pool and other.needs)) and not other.reserved
                for other, pool in everything
            ):
                return True
        return False

    def excluded(self, row: int, entry: Demand, exclusive: bool, shared: bool = False) -> bool:
        """The exclusivity check of step 3; a conflict collects a message (errata G6)."""
        attempt = self.attempt
        if entry.exclusive is False and exclusive and not shared:
            attempt.messages.append(
                f"by_excl: exclusivity conflicts at jobspec={entry.label or ''} : "
                f"vertex={self.machine.graph.name(row)}"
            )
            return True
        if not exclusive:
            return False
        state = self.machine.states.get(row)
        if attempt.at == attempt.now and state is not None and state.allocations:
            return True
        return not self.machine.untouched(row, attempt.at, attempt.duration)

    def filtered(self, row: int, entry: Demand) -> bool:
        """The filter check of step 3: not enough below the vertex for one unit of the entry."""
        prune = self.machine.filter(row)
        if prune is None or not entry.below:
            return False
        return not prune.avail_during(self.attempt.at, self.attempt.duration, entry.below)

    def held_inside(self, row: int) -> bool:
        """A vertex that would be given whole, something in which is held through another parent.

        Only where vertices have several parents; the page does not speak of it, and the reference
        would fail in its update walk (docs/deviations.md, shared-inside).
        """
        attempt = self.attempt
        if not self.topology.has_shared:
            return False
        inside = [below for below in self.topology.subtree(row) if below != row]
        return any(
            not self.machine.untouched(below, attempt.at, attempt.duration) for below in inside
        )

    def step4_explore(
        self,
        row: int,
        plan: Plan,
        exclusive: bool,
        factor: int,
        in_slot: bool = False,
        shared: bool = False,
    ) -> Board:
        """Return the board of the vertex: slots formed here, or what its children offer."""
        board = Board()
        if plan.slots:
            self.explore_slots(row, plan.slots, factor, board)
            return board
        before, self.shares = self.shares, self.shares if shared else 1
        self.explore(
            row, plan.following, plan.pristine, exclusive, factor, self.shares, board, in_slot
        )
        self.shares = before
        for name in self.topology.names[1:]:
            self.up_walk(row, name, {row}, board)
        return board

    def explore_slots(self, row: int, slots: Sequence[Demand], factor: int, board: Board) -> None:
        """Form slots from the children of the vertex (matching.md 4.1, 4.3).

        Only the slot groups go onto the vertex's board (errata, small things).
        """
        wanted = slots[-1].count.ceiling
        shape = union_of_shapes(slots, self.machine.graph.types())
        inner = Board()
        before, self.shares = self.shares, wanted
        self.explore(row, shape, False, True, factor, wanted, inner, True)
        self.shares = before
        groups = [group for found in inner.groups.values() for group in found]
        if not any(group.special for group in groups):
            formed = form_slots(self.machine, inner, slots, wanted)
        elif len(slots) == 1:
            bundles = Bundles.of(self.machine, inner, slots[0].children, Level.SLOT)
            formed = form_shared_slots(bundles, wanted)
        else:
            formed = form_shared_shapes(self.machine, inner, slots, wanted)
        for group in formed:
            board.add("slot", group)

    def explore(
        self,
        row: int,
        following: Sequence[Demand],
        pristine: bool,
        exclusive: bool,
        factor: int,
        shares: int,
        board: Board,
        in_slot: bool = False,
    ) -> None:
        """Visit the children and fill the board; first-match policies stop early (4.2)."""
        tally = Tally(following, shares) if self.machine.policy.stop_on_first else None
        for child in visiting_order(self.machine, row):
            own = self.topology.type(child)
            if child in self.attempt.visited or (tally and tally.saturated(own)):
                continue
            visit = self.visit(child, following, pristine, exclusive, factor, in_slot)
            if visit is None:
                continue
            if not visit.committed:
                board.merge(visit.board)
            bare = visit.inside is not None and not visit.inside.kinds and not visit.exclusive
            claim = Claim(row, child, visit.count, visit.exclusive, bare)
            group = Group(visit.score, visit.count, visit.exclusive, (claim,))
            group.pool, group.inside = visit.pool, visit.inside
            board.add(own, group)
            if tally and tally.update(board):
                break

    def up_walk(self, row: int, subsystem: str, seen: set[int], board: Board) -> None:
        """Put everything reached over an additional subsystem on the board, score 0 (G10)."""
        for target in self.topology.children(row, subsystem):
            if target not in seen:
                seen.add(target)
                board.add(self.topology.type(target), Group(0, 0, False, ()))
                self.up_walk(target, subsystem, seen, board)

    def step5_choose(
        self, board: Board, requests: Sequence[Demand], level: Level = Level.VERTEX
    ) -> dict[str, list[Group]] | None:
        """Choose groups for every request; None if one of them is unmet.

        Of several requests of one type (flexible slots) the last decides (jobspec.md 5).
        """
        chosen: dict[str, list[Group]] = {}
        for request in requests:
            count = request.count.resolve(board.qualified(request.type))
            if count == 0:
                return None
            groups = board.groups[request.type]
            sort_groups(self.machine, groups, level)
            chosen[request.type] = shortest_prefix(groups, count)
        return chosen

    def step6_commit(self, chosen: dict[str, list[Group]]) -> None:
        """Mark the edges of the chosen groups, each with the child's whole available count."""
        for groups in chosen.values():
            for group in groups:
                claims = group.claims if group.inside is None else share_of(group)
                for claim in claims:
                    self.mark(claim)

    def mark(self, claim: Claim) -> None:
        """Mark an edge; units of one pool add up."""
        marks, edge = self.attempt.marks, (claim.source, claim.target)
        if edge in marks and self.machine.divisible(claim.target) and not claim.exclusive:
            claim = claim._replace(needs=marks[edge].needs + claim.needs)
        marks[edge] = claim

    def step7_label(self, row: int, wanted: Sequence[Demand]) -> None:
        """Note the label of the first entry of the vertex's type that has one.

        It stays on the vertex until a later walk sets another one: the reference's answers show
        labels of earlier requests.
        """
        own = self.topology.type(row)
        labels = [entry.label for entry in wanted if entry.type == own and entry.label]
        if labels:
            self.machine.labels[row] = labels[0]
        self.attempt.postorder += 1
