"""Explanations: the sentences of the journeys, and their truth on random machines."""

import copy
import pickle
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from fluxion_py import Busy, Explanation, Jobspec, Matcher, Resource, ResourceGraph, Unsatisfiable
from fluxion_py.match.policy import POLICIES
from tests.machines import elk, nodes, recipe, shape, slide
from tests.oracles.verifier import Verifier
from tests.oracles.verifier_feasibility import Feasibility
from tests.oracles.verifier_packing import UndecidedError, lowest
from tests.oracles.verifier_pools import shares_in_slots
from tests.strategies import random_jobspec, random_machine


def refusal(matcher: Matcher, text: str) -> Explanation:
    """Return why a request in one line is refused."""
    with pytest.raises((Busy, Unsatisfiable)) as error:
        matcher.allocate(shape(text))
    found = error.value.explanation
    assert isinstance(found, Explanation)
    assert str(error.value) == str(found)
    return found


def test_the_busy_slide_names_racks_and_free_nodes() -> None:
    matcher = Matcher(elk(), "low")
    for _ in range(6):
        matcher.allocate(slide())
    with pytest.raises(Busy) as error:
        matcher.allocate(slide())
    assert str(error.value) == (
        "busy: needs 2 racks with 3 free nodes each; best racks have 1 free node (rack[0-3])"
    )
    found = error.value.explanation
    assert (found.type, found.need, found.have, found.level) == ("node", 3, 1, "rack")
    assert str(found.where) == "rack[0-3]"
    assert matcher.explain(slide()).earliest == 3600


def test_a_slot_that_is_too_large_names_the_largest_place() -> None:
    matcher = Matcher(elk(), "low")
    assert str(refusal(matcher, "slot/node/socket=2/core=19")) == (
        "never: slot default needs socket with 19 core; largest socket has 18 (80 of 80 sockets)"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("slot/qpu", "never: no vertex of type qpu"),
        ("slot/node/qpu", "never: no vertex of type qpu"),
        ("slot=41/node", "never: needs 41 nodes; elk has 40"),
        (
            "rack=2/slot=11/node",
            "never: needs rack with 11 node; largest rack has 10 (4 of 4 racks)",
        ),
        ("rack=5/slot/node", "never: needs 5 racks; elk has 4"),
        (
            "rack/slot/core",
            "never: slot default needs core directly below one vertex; no usable vertex has it "
            "(levels below rack cannot be left out)",
        ),
    ],
)
def test_sentences_on_an_empty_elk(text: str, sentence: str) -> None:
    assert str(refusal(Matcher(elk(), "low"), text)) == sentence


def test_the_best_place_has_its_path_if_others_have_its_name() -> None:
    matcher = Matcher(elk(), "low")
    for text in ("slot=39/node", "slot=17/core", "slot=18/core"):
        matcher.allocate(shape(text))
    assert str(refusal(matcher, "slot/core=2")) == (
        "busy: slot default needs socket with 2 free cores; "
        "best sockets have 1 free core (/elk/rack3/elk39/socket1)"
    )


def test_nodes_that_are_down_or_excluded_are_counted() -> None:
    matcher = Matcher(nodes(4), "low")
    matcher.set_status("/c/node3", "down")
    found = refusal(matcher, "slot=4/node")
    assert str(found).endswith("has 3 free nodes; 1 down")
    assert found.counts == {"down": 1}
    only = Jobspec.from_shape("slot=2/node", requires="hosts:node[0]", duration=10)
    with pytest.raises(Unsatisfiable, match="3 left out by the constraint"):
        matcher.allocate(only)


def test_a_vertex_that_must_be_idle_says_so() -> None:
    matcher = Matcher(nodes(1), "low")
    matcher.allocate(shape("slot/core"))
    found = refusal(matcher, "slot/node")
    assert (found.have, found.counts) == (0, {"in use": 1})


def test_two_things_that_are_never_at_one_place() -> None:
    graph = recipe(
        {
            "rack": {
                "count": 2,
                "contains": [
                    {"type": "node", "count": 2, "name": "fat", "contains": {"core": 4, "gpu": 1}},
                    {"type": "node", "count": 2, "name": "gpu", "contains": {"core": 1, "gpu": 4}},
                ],
            }
        }
    )
    found = refusal(Matcher(graph, "low"), "slot/node/[core=4;gpu=4]")
    assert (found.verdict, found.reason) == ("never", "apart")
    assert "node with 4 core and 4 gpu; no node has all of it at once" in str(found)


def test_same_siblings_and_shared_things_in_slots_are_named() -> None:
    twice = Jobspec(
        1,
        (
            replace(shape("slot/node").resources[0]),
            replace(shape("node/slot/core").resources[0]),
        ),
        duration=10,
    )
    with pytest.raises(Unsatisfiable, match="node stands beside a slot"):
        Matcher(nodes(2)).allocate(twice)
    node = shape("node/core").resources[0]
    shared = replace(node.children[0], exclusive=False)
    whole = replace(node, exclusive=True, children=(shared,))
    with pytest.raises(Unsatisfiable, match="exclusive: false"):
        Matcher(nodes(2)).allocate(Jobspec(1, (whole,), duration=10))


def test_a_refusal_that_is_read_later_speaks_of_the_present() -> None:
    matcher = Matcher(nodes(2), "low")
    matcher.allocate(shape("slot=2/node"))
    with pytest.raises(Busy) as error:
        matcher.allocate(shape("slot/node"))
    matcher.cancel(1)
    assert error.value.explanation.verdict == "fits"
    assert "changed since" in str(error.value)


def test_refusals_can_be_copied_and_pickled() -> None:
    matcher = Matcher(nodes(1), "low")
    matcher.allocate(shape("slot/node"))
    with pytest.raises(Busy) as error:
        matcher.allocate(shape("slot/node"))
    for twin in (copy.copy(error.value), pickle.loads(pickle.dumps(error.value))):
        assert str(twin) == str(error.value)
        assert twin.explanation == error.value.explanation


def test_explaining_what_fits() -> None:
    found = Matcher(nodes(1)).explain(shape("slot/node"))
    assert (found.verdict, str(found)) == ("fits", "fits: the request fits")


# truth

POLICY_NAMES = [name for name, policy in POLICIES.items() if not policy.node_exclusive]


def entries_of(
    request: tuple[Resource, ...], above: tuple[Resource, ...] = ()
) -> list[tuple[Resource, tuple[Resource, ...]]]:
    """Return every entry of a request with the entries above it."""
    found = []
    for entry in request:
        found.append((entry, above))
        found += entries_of(entry.children, (*above, entry))
    return found


class Truth:
    """Counts again, with the verifier's machine and book, what an explanation claims."""

    def __init__(self, verifier: Verifier, jobspec: Jobspec, found: Explanation) -> None:
        self.empty = found.verdict == "never"
        self.jobspec, self.found = jobspec, found
        end = int(jobspec.duration) or verifier.graph_end
        self.judge = Feasibility(verifier, jobspec, 0, end, empty=self.empty)
        self.flat, self.machine = verifier.flat, verifier.machine

    def check(self) -> str:
        """Return "" for a true explanation that was checked, else why it was not; fail if false."""
        if self.found.reason == "order":
            return "order"
        if shares_in_slots(self.jobspec.resources):
            return "shared"  # slots that share a vertex: the judge knows none
        assert not self.judge.possible()
        if self.found.reason == "absent":
            assert not self.flat.rows_of_type(self.found.type)
            return ""
        if self.found.reason != "short":
            return self.found.reason
        named = [
            (entry, above)
            for entry, above in entries_of(self.jobspec.resources)
            if self.found.need == lowest(entry.count)
            and self.found.type in (entry.type, *(child.type for child in entry.children))
            and (entry.type == "slot" or entry.type == self.found.type)
        ]
        if len(named) != 1:
            return "ambiguous"
        return self._check_counts(*named[0])

    def _check_counts(self, entry: Resource, above: tuple[Resource, ...]) -> str:
        if any(self.flat.size(row) > 1 for row in self.flat.rows()):
            return "pools"
        asked = {row: self._units(row, entry, above) for row in self._askers(above)}
        counts = {row: units for row, units in asked.items() if units is not None}
        best = max(counts.values(), default=0)
        assert best == self.found.have, (best, self.found)
        assert entry.count.resolve(best) == 0
        names = {self.flat.name(row) for row, units in counts.items() if units == best}
        assert set(self.found.where) <= names
        return ""

    def _askers(self, above: tuple[Resource, ...]) -> list[int]:
        """Return the vertices at which the entry is counted, if the way to them is open."""
        if not above:
            return [self.machine.root]
        if above[-1].type == "slot":
            kinds = {child.type for child in above[-1].children}
            rows = [row for row in self.flat.rows() if kinds <= self.machine.types_below[row]]
            # Slots are formed at the highest such vertex of a branch; below it none are looked for.
            lower = {below for row in rows for below in self.machine.below(row)}
            rows = [row for row in rows if row not in lower]
            named = [entry for entry in above if entry.type != "slot"]
        else:
            rows, named = (
                self.flat.rows_of_type(above[-1].type),
                [entry for entry in above[:-1] if entry.type != "slot"],
            )
        return [row for row in rows if self._open(row) and self._way(row, [e.type for e in named])]

    def _open(self, row: int) -> bool:
        while row != self.machine.root:
            if not self.judge._open(row):
                return False
            row = self.machine.parents[row][0]
        return self.judge._open(row)

    def _way(self, row: int, named: list[str]) -> bool:
        """Say whether exactly the named levels lie right above, so that the vertex is reached."""
        chain = []
        at = row
        while True:
            chain.append(self.flat.type(at))
            if at == self.machine.root:
                break
            at = self.machine.parents[at][0]
        left = [kind for kind in reversed(chain) if kind in named]
        return left == named

    def _units(self, row: int, entry: Resource, above: tuple[Resource, ...]) -> int | None:
        if not above:
            wanted = self.jobspec.resources
            offer = self.judge._visit(row, wanted, pristine=True, exclusive=False)
            return offer.get(wanted.index(entry), 0)
        owned = any(e.type == "slot" or e.exclusive for e in above)
        if owned and row in self.judge.touched and above[-1].type != "slot":
            return None
        if above[-1].type == "slot":
            children = self.machine.children[row]
            fitting = [c for c in children if self.flat.type(c) == entry.type]
            return sum(
                self.flat.size(child)
                for child in fitting
                if self.judge._open(child) and self.judge._meets(child, entry, True)
            )
        wanted = above[-1].children
        if self.judge._fits(row, entry):
            return self.judge._slots(row, entry)
        offer = self.judge._merged(row, wanted, pristine=False, exclusive=owned)
        return offer.get(wanted.index(entry), 0)


def explain_random(seed: int) -> str:
    """Load a random machine, let it refuse something, and check what it says."""
    rng = Random(f"explain {seed}")
    flat = random_machine(rng)
    matcher = Matcher(ResourceGraph(flat), rng.choice(POLICY_NAMES))
    verifier = Verifier(flat)
    for row in flat.rows_of_type("node")[: rng.randint(0, 1)]:
        matcher.set_status(str(flat.path(row)), "down")
    for _ in range(rng.randint(3, 9)):
        jobspec = random_jobspec(rng, flat)
        try:
            found = matcher.allocate(jobspec)
        except (Busy, Unsatisfiable) as error:
            try:
                truth = Truth(verifier, jobspec, error.explanation)
                return truth.check() or "checked"
            except UndecidedError:
                return "undecided"
        except ValueError:
            continue
        verifier.book(found.id or 0, found.selection, found.at, found.duration)
    return "all fits"


def test_what_is_said_about_random_refusals_is_true() -> None:
    """The verifier's own counts, on a thousand machines."""
    kinds: Counter[str] = Counter()
    for seed in range(1000):
        try:
            kinds[explain_random(seed)] += 1
        except AssertionError as error:
            pytest.fail(f"seed {seed}: {error}")
    assert kinds["checked"] > 100, kinds
