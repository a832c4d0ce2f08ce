"""One random world: a machine, engines that run in lockstep, and a verifier that keeps book.

A world is made from a seed and driven by steps. Every step is applied to each engine (on a
graph of its own) and their answers are compared; the verifier judges each grant. The tests of
this folder differ only in which steps they take and what they look at in between.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.match.policy import Policy
from fluxion_py.match.pruning import parse_filters
from fluxion_py.outcome import Errno, Outcome, Release, Selection
from tests.oracles.verifier import Verifier
from tests.oracles.verifier_constraint import satisfies
from tests.oracles.verifier_feasibility import has_mixed_alternatives
from tests.oracles.verifier_machine import VerificationError
from tests.oracles.verifier_pools import shares_in_slots
from tests.properties.comparing import Comparison, compare
from tests.properties.engines import EngineLike, Factory
from tests.strategies import (
    describe_machine,
    describe_request,
    grow_machine,
    random_filters,
    random_machine,
    random_policy,
)

RECORDING = ("allocate", "allocate_with_satisfiability", "allocate_orelse_reserve")
TOLERATED = ("down-below",)
"""Rules of the verifier that are not enforced: the reference's fault `down-child-granted`."""

SHAPE = ("count", "flag", "needless", "slot")
"""Rules that mixed alternatives may break (see `has_mixed_alternatives`)."""


@dataclass(frozen=True)
class Step:
    """One call: the kind names a method of `Player`, the arguments are plain values."""

    kind: str
    args: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(map(_shown, self.args))})"

    def rows(self) -> Iterable[int]:
        """Return the vertices that the step names."""
        if self.kind in ("remove", "set_status", "resize"):
            return (self.args[0],)
        return self.args[1] if self.kind in ("cancel_vertices", "restore") else ()


def _shown(value: object) -> str:
    if not isinstance(value, Jobspec):
        return repr(value)
    text = f"{describe_request(value.resources)} for {value.duration} s"
    return text if value.constraints is None else f"{text} where {value.constraints}"


@dataclass(frozen=True)
class Setting:
    """How the engines of a world are set up."""

    policy: Policy
    filters: str
    flexible: bool
    reference_ties: bool
    strict: bool

    @staticmethod
    def draw(rng: Random) -> "Setting":
        """Draw a setting."""
        return Setting(
            random_policy(rng),
            random_filters(rng),
            flexible=rng.random() < 0.2,
            reference_ties=rng.random() < 0.3,
            strict=rng.random() < 0.3,
        )


class Player:
    """One engine on a graph of its own."""

    def __init__(self, factory: Factory, setting: Setting, flat: FlatGraph) -> None:
        self.flat = flat
        self.engine: EngineLike = factory(
            flat,
            policy=setting.policy,
            filters=parse_filters(setting.filters),
            flexible=setting.flexible,
            reference_ties=setting.reference_ties,
            strict=setting.strict,
        )

    def play(self, step: Step) -> object:
        """Carry out a step; a refusal is returned as ("refused", error name, text)."""
        try:
            answer: object = getattr(self, step.kind)(*step.args)
            return answer
        except (LookupError, ValueError) as error:
            return ("refused", type(error).__name__, str(error))

    def match(self, op: str, jobspec: Jobspec, jobid: int, now: int) -> Outcome:
        allowed = None
        if jobspec.constraints is not None:
            allowed = bytes(
                self.flat.alive(row) and satisfies(self.flat, row, jobspec.constraints)
                for row in range(len(self.flat))
            )
        duration = math.ceil(jobspec.duration) or self.engine.graph_end
        request = self.engine.compile(jobspec.resources)
        return self.engine.match(op, request, duration, jobid, now, allowed)

    def restore(
        self,
        jobid: int,
        claims: Mapping[int, bool],
        at: int,
        duration: int,
        now: int,
        units: Mapping[int, int] | None = None,
    ) -> Outcome:
        if units is None:
            return self.engine.restore(jobid, claims, at, duration, now)
        return self.engine.restore(jobid, claims, at, duration, now, units)

    def cancel(self, jobid: int) -> object:
        return self.engine.cancel(jobid)

    def cancel_ranks(self, jobid: int, ranks: Sequence[int]) -> object:
        return self.engine.cancel_ranks(jobid, ranks)

    def cancel_vertices(self, jobid: int, rows: Sequence[int]) -> object:
        return self.engine.cancel_vertices(jobid, rows)

    def set_status(self, row: int, up: bool) -> None:
        self.engine.set_status(row, up)

    def attach(self, seed: int) -> list[int]:
        made = grow_machine(self.flat, Random(seed))
        self.engine.reprime()
        return made

    def resize(self, row: int, size: int) -> None:
        self.engine.resize(row, size)

    def remove(self, row: int) -> None:
        self.engine.remove(row)

    def remove_ranks(self, ranks: Sequence[int]) -> object:
        return self.engine.remove_ranks(ranks)


@dataclass
class World:
    """Players in lockstep, the first of which is refereed by the verifier."""

    setting: Setting
    players: list[Player]
    verifier: Verifier
    comparison: Comparison = compare
    judged: bool = True
    """Whether the verifier judges; else the answers are only compared and booked."""
    now: int = 0
    jobs: list[int] = field(default_factory=list)
    parents: dict[int, dict[int, int]] = field(default_factory=dict)
    """Per job ever granted: the parent of every vertex in the answer."""
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    """Per job ever granted: the answer."""
    partly_given_back: set[int] = field(default_factory=set)
    """Jobs that were cancelled in part and still hold something."""
    next_job: int = 1
    steps: list[Step] = field(default_factory=list)
    answers: list[object] = field(default_factory=list)
    at_start: str = ""

    @staticmethod
    def make(
        rng: Random, factories: Iterable[Factory], *, pools: bool = False, **changes: object
    ) -> "World":
        """Make a world; every player gets an equal machine. `changes` override the setting."""
        drawn = Setting.draw(rng)
        setting = replace(drawn, **changes)  # type: ignore[arg-type]
        source = rng.randint(0, 2**48)
        machines = [(factory, random_machine(Random(source), pools)) for factory in factories]
        players = [Player(factory, setting, flat) for factory, flat in machines]
        verifier = Verifier(
            players[0].flat,
            node_exclusive=setting.policy.node_exclusive,
            flexible=setting.flexible,
            tolerated=TOLERATED,
        )
        return World(setting, players, verifier, at_start=describe_machine(players[0].flat))

    @property
    def flat(self) -> FlatGraph:
        return self.players[0].flat

    def report(self) -> str:
        """Return all that is needed to understand a failure."""
        lines = [str(self.setting), self.at_start]
        for step, answer in zip(self.steps, [*self.answers, "(failed)"], strict=False):
            lines += [str(step), f"    -> {answer}"]
        return "\n".join(lines)

    def take(self, step: Step) -> object:
        """Let every player take the step, compare, judge, and keep the book."""
        self.steps.append(step)
        ranked = {rank: set(self.flat.rows_of_rank(rank)) for rank in self.flat.ranks()}
        results = [player.play(step) for player in self.players]
        self.answers.append(results[0])
        for place, other in enumerate(results[1:], start=1):
            difference = self.comparison(results[0], other)
            assert not difference, f"player {place} differs in {difference}"
        result = results[0]
        if isinstance(result, Outcome):
            self._judge(step, result)
        elif not (isinstance(result, tuple) and result and result[0] == "refused"):
            self._book(step, result, ranked)
        return result

    def _judge(self, step: Step, outcome: Outcome) -> None:
        if outcome.errno is not Errno.OK or step.args[0] == "satisfiability":
            assert outcome.selection is None, "a failure comes with a selection"
            return
        assert outcome.selection is not None, "a success comes without a selection"
        if self.judged:
            self._check(step, outcome, outcome.selection)
        if step.kind == "match" and step.args[0] not in RECORDING:
            return
        jobid = step.args[0] if step.kind == "restore" else step.args[2]
        self.verifier.book(jobid, outcome.selection, outcome.at, outcome.duration)
        self.parents[jobid] = {child: up for up, child, _ in outcome.selection.edges}
        self.outcomes[jobid] = outcome
        self.jobs.append(jobid)
        self.next_job = max(self.next_job, jobid + 1)

    def _check(self, step: Step, outcome: Outcome, selection: Selection) -> None:
        """Let the verifier judge a grant."""
        at, duration, judge = outcome.at, outcome.duration, self.verifier
        if step.kind == "restore":
            judge.check_free(selection, at, duration, step.args[0])
            return
        _, jobspec, jobid, now = step.args
        pools = self.flat.divisible_count > 0 or shares_in_slots(jobspec.resources)
        if pools and not self.setting.strict:
            judge.check_pools(jobspec, selection, at, duration, now, jobid)
            return
        try:
            judge.check_grant(jobspec, selection, at, duration, now, jobid, outcome.reserved)
        except VerificationError as error:
            mixed = error.rule in SHAPE and has_mixed_alternatives(jobspec.resources)
            kept = error.rule == "siblings" and self.setting.strict  # serves the last slot only
            if not (mixed or kept):
                raise
            judge.check_free(selection, at, duration, jobid)

    def _book(self, step: Step, result: object, ranked: Mapping[int, set[int]]) -> None:
        book = self.verifier
        if step.kind == "cancel":
            book.holds.pop(step.args[0], None)
            self.jobs.remove(step.args[0])
        elif step.kind in ("cancel_ranks", "cancel_vertices"):
            jobid, named = step.args
            rows = set(named)
            if step.kind == "cancel_ranks":
                rows = set().union(*(ranked[rank] for rank in named))
            book.release(jobid, book.reached(jobid, rows))
            self.partly_given_back.add(jobid)
            if isinstance(result, Release) and result.full:
                left = book.holds.pop(jobid, None)
                assert not (left and self.judged), f"job {jobid} is gone, held {left}"
                self.jobs.remove(jobid)
                self.partly_given_back.discard(jobid)
        elif step.kind == "remove":
            self._strike_removed(set())
        elif step.kind == "remove_ranks":
            self._strike_removed(set().union(*(ranked[rank] for rank in step.args[0])))

    def _strike_removed(self, rows: set[int]) -> None:
        """Strike these vertices and all that the machine has no longer; their jobs go on."""
        for jobid, held in list(self.verifier.holds.items()):
            gone = {h.row for h in held if h.row in rows or not self.flat.alive(h.row)}
            if gone:
                self.verifier.release(jobid, self.verifier.reached(jobid, gone))
                self.partly_given_back.add(jobid)


def shortest(make: Callable[[], World], steps: Sequence[Step], failing: type[BaseException]) -> str:
    """Return the report of the shortest failing history that leaving out steps finds."""

    def failure(history: Sequence[Step]) -> str | None:
        world = make()
        try:
            for step in history:
                if any(not 0 <= row < len(world.flat) for row in step.rows()):
                    return None
                world.take(step)
        except failing as error:
            return f"{error}\n{world.report()}"
        except Exception:  # a history that makes no sense without the steps left out
            return None
        return None

    best = list(steps)
    text = failure(best)
    place = len(best) - 1
    while text is not None and place >= 0:
        shorter = best[:place] + best[place + 1 :]
        if (found := failure(shorter)) is not None:
            best, text = shorter, found
        place -= 1
    return text or "(does not repeat)"
