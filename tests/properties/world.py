"""One random world: a machine, engines that run in lockstep, and a verifier that keeps book.

A world is made from a seed and driven by random steps. Every step is applied to each engine (on
a graph of its own) and their answers are compared; the verifier judges each grant. The tests of
this folder differ only in which steps they take and what they look at in between.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.match.pruning import parse_filters
from fluxion_py.outcome import Errno, Outcome
from tests.oracles.verifier import GRAPH_END, VerificationError, Verifier
from tests.oracles.verifier_constraint import satisfies
from tests.properties.engines import EngineLike, Factory
from tests.strategies import (
    describe_machine,
    describe_request,
    grow_machine,
    random_filters,
    random_jobspec,
    random_machine,
    random_policy,
)

OPS = (
    "allocate",
    "allocate",
    "allocate",
    "allocate_with_satisfiability",
    "allocate_orelse_reserve",
    "allocate_orelse_reserve",
    "allocate_orelse_reserve",
    "satisfiability",
    "without_allocating",
    "without_allocating_future",
)
RECORDING = ("allocate", "allocate_with_satisfiability", "allocate_orelse_reserve")
TOLERATED = ("down-below",)  # the reference's fault `down-child-granted`


@dataclass(frozen=True)
class Step:
    """One call: the kind names a method of `Player`, the arguments are plain values."""

    kind: str
    args: tuple[Any, ...]

    def __str__(self) -> str:
        shown = (
            f"{describe_request(a.resources)} for {a.duration} s, constraints {a.constraints}"
            if isinstance(a, Jobspec)
            else repr(a)
            for a in self.args
        )
        return f"{self.kind}({', '.join(shown)})"


@dataclass(frozen=True)
class Setting:
    """How the engines of a world are set up."""

    seed: int | Random
    policy: Any
    filters: str
    flexible: bool = False
    reference_ties: bool = False
    strict: bool = False

    @staticmethod
    def draw(seed: int | Random, flexible_share: float = 0.2) -> "Setting":
        """Draw the setting that belongs to a seed."""
        rng = seed if isinstance(seed, Random) else Random(f"setting {seed}")
        return Setting(
            seed,
            random_policy(rng),
            random_filters(rng),
            rng.random() < flexible_share,
            rng.random() < 0.3,
            rng.random() < 0.3,
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

    def play(self, step: Step) -> Any:
        """Carry out a step; a refusal is returned as ("refused", error name, text)."""
        try:
            return getattr(self, step.kind)(*step.args)
        except (KeyError, ValueError) as error:
            return ("refused", type(error).__name__, str(error))

    def match(self, op: str, jobspec: Jobspec, jobid: int, now: int) -> Outcome:
        allowed = None
        if jobspec.constraints is not None:
            allowed = bytes(
                satisfies(self.flat, row, jobspec.constraints) if self.flat.alive(row) else 0
                for row in range(len(self.flat))
            )
        duration = math.ceil(jobspec.duration) or self.engine.graph_end
        request = self.engine.compile(jobspec.resources)
        return self.engine.match(op, request, duration, jobid, now, allowed)

    def cancel(self, jobid: int) -> Any:
        return self.engine.cancel(jobid)

    def cancel_ranks(self, jobid: int, ranks: Sequence[int]) -> Any:
        return self.engine.cancel_ranks(jobid, ranks)

    def cancel_vertices(self, jobid: int, rows: Sequence[int]) -> Any:
        return self.engine.cancel_vertices(jobid, rows)

    def set_status(self, row: int, up: bool) -> Any:
        return self.engine.set_status(row, up)

    def attach(self, seed: int) -> list[int]:
        made = grow_machine(self.flat, Random(seed))
        self.engine.reprime()
        return made

    def remove(self, row: int) -> Any:
        return self.engine.remove(row)

    def remove_ranks(self, ranks: Sequence[int]) -> Any:
        return self.engine.remove_ranks(ranks)


@dataclass
class World:
    """Players in lockstep, the first of which is refereed by the verifier."""

    setting: Setting
    players: list[Player]
    verifier: Verifier
    rng: Random
    now: int = 0
    jobs: list[int] = field(default_factory=list)
    next_job: int = 1
    log: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    at_start: str = ""

    @staticmethod
    def make(seed: int | Random, factories: Iterable[Factory], **changes: Any) -> "World":
        """Make the world of a seed; every player gets an equal machine."""
        setting = Setting.draw(seed, **changes)
        if isinstance(seed, Random):
            rng, source = seed, seed.randint(0, 2**32)
        else:
            rng, source = Random(f"steps {seed}"), seed
        players = [
            Player(factory, setting, random_machine(Random(f"machine {source}")))
            for factory in factories
        ]
        verifier = Verifier(
            players[0].flat,
            node_exclusive=setting.policy.node_exclusive,
            flexible=setting.flexible,
            tolerated=TOLERATED,
        )
        world = World(setting, players, verifier, rng)
        world.at_start = describe_machine(players[0].flat)
        return world

    @property
    def flat(self) -> FlatGraph:
        return self.players[0].flat

    def report(self) -> str:
        """Return all that is needed to repeat a failure."""
        return "\n".join([f"{self.setting}", self.at_start, *self.log])

    # steps
    def random_match(self) -> Step:
        jobspec = random_jobspec(self.rng, self.flat, self.setting.flexible)
        return Step("match", (self.rng.choice(OPS), jobspec, self.next_job, self.now))

    def take(self, step: Step) -> Any:
        """Let every player take the step, compare, judge, and keep the book."""
        self.log.append(f"now={self.now} {step}")
        results = [player.play(step) for player in self.players]
        self.log[-1] += f"\n    -> {results[0]}"
        for place, other in enumerate(results[1:], start=1):
            assert other == results[0], f"player {place} answers {other}"
        result = results[0]
        if isinstance(result, Outcome):
            self._judge(step, result)
        elif not (isinstance(result, tuple) and result and result[0] == "refused"):
            self._book(step, result)
        return result

    def _judge(self, step: Step, outcome: Outcome) -> None:
        op, jobspec, jobid, now = step.args
        self.outcomes.append(outcome)
        if outcome.errno is not Errno.OK or op == "satisfiability":
            assert outcome.selection is None
            return
        assert outcome.selection is not None
        self.verifier.check_grant(
            jobspec,
            outcome.selection,
            outcome.at,
            outcome.duration,
            now,
            jobid,
            outcome.reserved,
        )
        if op in RECORDING:
            self.verifier.book(jobid, outcome.selection, outcome.at, outcome.duration)
            self.jobs.append(jobid)
            self.next_job += 1

    def _book(self, step: Step, result: Any) -> None:
        book = self.verifier
        if step.kind == "cancel":
            book.cancel(step.args[0])
            self.jobs.remove(step.args[0])
        elif step.kind in ("cancel_ranks", "cancel_vertices"):
            jobid, named = step.args
            rows = set(named)
            if step.kind == "cancel_ranks":
                rows = {row for rank in named for row in self.flat.rows_of_rank(rank)}
            book.release(jobid, rows)
            if result.full:
                book.holds.pop(jobid, None)
                self.jobs.remove(jobid)


def failure_text(world: World, error: BaseException) -> str:
    """Return one text for a failed world."""
    kind = error.rule if isinstance(error, VerificationError) else type(error).__name__
    return f"{kind}: {error}\n{world.report()}"
