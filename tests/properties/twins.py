"""Two engines that search differently and must not differ in anything that can be seen."""

from collections.abc import Iterable
from random import Random
from typing import Any

from fluxion_py._core.engine import Engine
from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.match.policy import POLICIES
from fluxion_py.outcome import Errno, Outcome, Release
from tests.oracles.verifier import Verifier
from tests.oracles.verifier_constraint import satisfies
from tests.properties.engines import Compiled, Factory, Option
from tests.properties.invariants import MASKS, differences
from tests.properties.regular import regular_growth, regular_machine
from tests.properties.world import Player, Setting, World
from tests.strategies import describe_machine, random_filters

NAMES = ("low", "high", "hinode", "lonode", "hinodex", "lonodex", "first", "first", "firstnodex")


def quick(flat: FlatGraph, **settings: Option) -> Engine:
    """The engine that asks its indexes wherever it can."""
    engine = Engine(flat, search="quick", **settings)
    engine.count_visits = False
    return engine


def walk(flat: FlatGraph, **settings: Option) -> Engine:
    """The engine that always walks."""
    return Engine(flat, search="walk", **settings)


class Twin(Player):
    """A player that keeps its compiled requests, as callers do: only so do indexes get warm."""

    engine: Engine

    def __init__(self, factory: Factory, setting: Setting, flat: FlatGraph) -> None:
        super().__init__(factory, setting, flat)
        self.factory = factory
        self.setting = setting
        self.compiled: dict[object, Compiled] = {}
        self.indexed = 0

    @property
    def indexed_matches(self) -> int:
        """How many matches were answered without a walk."""
        return self.indexed + self.engine.indexed_matches

    def match(self, op: str, jobspec: Jobspec, jobid: int, now: int) -> Outcome:
        request = self.compiled.get(jobspec.resources)
        if request is None:
            request = self.compiled[jobspec.resources] = self.engine.compile(jobspec.resources)
        allowed = None
        if jobspec.constraints is not None:
            allowed = bytes(
                self.flat.alive(row) and satisfies(self.flat, row, jobspec.constraints)
                for row in range(len(self.flat))
            )
        return self.engine.match(op, request, int(jobspec.duration), jobid, now, allowed)

    def attach(self, seed: int) -> list[int]:
        made = regular_growth(self.flat, Random(seed))
        self.engine.reprime()
        return made

    def set_property(self, row: int, key: str, has: bool) -> None:
        if has:
            self.flat.set_property(row, key, "")
        elif key in self.flat.properties(row):
            self.flat.remove_property(row, key)

    def reload(self) -> None:
        """A new engine takes over what the old one says of itself, as a loaded matcher does."""
        old, flat = self.engine, self.flat
        super().__init__(self.factory, self.setting, flat)
        depth = {flat.root(): 1}
        for row in flat.rows():  # parents are older than what is below them
            for target, _ in flat.out_edges(row):
                depth[target] = depth[row] + 1
        for jobid in old.jobs():
            held = []
            for row in old.job_rows(jobid):
                (hold,) = (hold for hold in old.holds(row) if hold[0] == jobid)
                needs = hold[3] if hold[4] else flat.size(row)
                held.append((row, needs, hold[4], depth[row]))
            reserved = any(
                hold[5] for row, *_ in held for hold in old.holds(row) if hold[0] == jobid
            )
            self.engine.book(jobid, held, hold[1], hold[2] - hold[1], reserved)
        self.engine.set_edge_weights(old.edge_weights())
        self.indexed += old.indexed_matches
        self.compiled.clear()


class Comparer:
    """Compares answers: what they say at once, what they selected at once or some steps later.

    A selection is a statement: it must not depend on when it is looked at.
    """

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.waiting: list[tuple[int, Outcome, Outcome]] = []

    def __call__(self, first: object, second: object) -> str:
        self.waiting = [(steps - 1, one, other) for steps, one, other in self.waiting]
        if not (isinstance(first, Outcome) and isinstance(second, Outcome)):
            if isinstance(first, Release) and isinstance(second, Release):
                first, second = first.full, second.full
            return "" if first == second else f"{first} / {second}"
        for name in ("errno", "messages", "at", "duration", "reserved"):
            if name in ("at", "duration") and first.errno is not Errno.OK:
                continue
            if getattr(first, name) != getattr(second, name):
                return f"{name}: {getattr(first, name)} / {getattr(second, name)}"
        steps = 0 if self.rng.random() < 0.6 else self.rng.randint(1, 6)
        self.waiting.append((steps, first, second))
        return self.due()

    def due(self, everything: bool = False) -> str:
        """Compare the selections whose time has come."""
        due = [pair for steps, *pair in self.waiting if steps <= 0 or everything]
        self.waiting = [entry for entry in self.waiting if entry[0] > 0 and not everything]
        for first, second in due:
            if first.selection != second.selection:
                return f"selection: {first.selection} / {second.selection}"
        return ""


FIRST = ("first", "first", "firstnodex")


def draw_setting(rng: Random, strict: bool = False) -> Setting:
    """Draw a policy that the indexed search knows, or now and then any."""
    name = rng.choice(FIRST if strict else NAMES)
    if rng.random() > 0.95:
        name = rng.choice(list(POLICIES))
    return Setting(
        POLICIES[name],
        random_filters(rng),
        flexible=False,
        reference_ties=strict or (POLICIES[name].stop_on_first and rng.random() < 0.3),
        strict=strict,
    )


class Twins(World):
    """A world of two searches: the walk, which is believed, and the indexed one."""

    @staticmethod
    def of(seed: object, most: int = 500, *, strict: bool = False) -> "Twins":
        """Make the world of a seed."""
        rng = Random(f"twins {seed}")
        setting = draw_setting(rng, strict)
        source = rng.randint(0, 2**48)
        players: list[Player] = [
            Twin(factory, setting, regular_machine(Random(source), most))
            for factory in (walk, quick)
        ]
        return Twins(
            setting,
            players,
            Verifier(players[0].flat, node_exclusive=setting.policy.node_exclusive),
            comparison=Comparer(Random(f"delays {seed}")),
            judged=False,
            at_start=describe_machine(players[0].flat),
        )

    @property
    def indexed_matches(self) -> int:
        """How many matches the indexed search has answered."""
        player = self.players[1]
        assert isinstance(player, Twin)
        return player.indexed_matches

    def check_state(self, rows: Iterable[int] | None = None) -> None:
        """All that can be asked of the two engines is equal, of these rows or of all."""
        rows = self.flat.rows() if rows is None else list(rows)
        times = sorted({0, self.now, self.now + 1, self.now + 90, self.now + 2000})
        states = [_state(player, rows, times) for player in self.players]
        changed = differences(*states)
        assert not changed, f"the states differ: {changed}"

    def check_late(self) -> None:
        """The selections that nobody has looked at yet are equal, too."""
        assert isinstance(self.comparison, Comparer)
        changed = self.comparison.due(everything=True)
        assert not changed, f"looked at late: {changed}"


def _state(player: Player, rows: Iterable[int], times: Iterable[int]) -> dict[str, Any]:
    assert isinstance(player, Twin)
    engine, flat = player.engine, player.flat
    state: dict[str, Any] = {"weights": sorted(engine.edge_weights()), "jobs": engine.jobs()}
    state |= {kind: engine.mask(kind) for kind in MASKS}
    for row in rows:
        state[f"holds {row}"] = engine.holds(row)
        state[f"up {row}"] = flat.up(row)
        for time in times:
            state[f"free {row} {time}"] = engine.available(row, time, 1)
            state[f"filter {row} {time}"] = engine.filter_usage(row, time)
    return state
