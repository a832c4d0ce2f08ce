"""The worked examples of matching.md 15 and rules that no other example shows."""

from collections.abc import Sequence

import pytest

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import GraphError
from fluxion_py.jobspec.model import Count, Resource
from fluxion_py.match.policy import POLICIES
from fluxion_py.outcome import Errno, Outcome
from tests.machines import entry, mini
from tests.oracles.engine import OracleEngine

ALL_TYPES = ("cluster", "node", "socket", "core", "memory")
CORES = (entry("slot", 1, entry("core", 2)),)
BOTH = (
    entry("node", 1, entry("slot", 2, entry("socket", 1, entry("core", 2), entry("memory", 1)))),
)


def engine_of(
    policy: str = "high", *, strict: bool = False, flexible: bool = False
) -> OracleEngine:
    return OracleEngine(mini(), policy=POLICIES[policy], strict=strict, flexible=flexible)


def match(
    engine: OracleEngine,
    request: Sequence[Resource],
    jobid: int = 1,
    op: str = "allocate",
    duration: int = 100,
) -> Outcome:
    return engine.match(op, engine.compile(request), duration, jobid)


def text(engine: OracleEngine, outcome: Outcome) -> list[str]:
    """Return the lines of the writer `simple`, without the indentation."""
    assert outcome.selection is not None
    return [
        f"{engine.graph.name(row)}[{needs}:{'x' if exclusive else 's'}]@{depth}"
        for row, needs, exclusive, depth in outcome.selection.vertices
    ]


def test_high_takes_the_best_socket_of_the_first_node() -> None:
    engine = engine_of("high")
    assert text(engine, match(engine, CORES)) == [
        "core4[1:x]@4", "core5[1:x]@4", "socket1[1:s]@3", "node0[1:s]@2", "mini0[1:s]@1",
    ]  # fmt: skip


@pytest.mark.parametrize("policy", ["hinode", "first"])
def test_node_centric_policies_take_the_last_node(policy: str) -> None:
    engine = engine_of(policy)
    assert text(engine, match(engine, CORES))[:4] == [
        "core4[1:x]@4", "core5[1:x]@4", "socket1[1:s]@3", "node1[1:s]@2",
    ]  # fmt: skip


@pytest.mark.parametrize("policy", ["low", "lonode"])
def test_low_takes_the_first_cores(policy: str) -> None:
    engine = engine_of(policy)
    assert text(engine, match(engine, CORES))[:4] == [
        "core0[1:x]@4", "core1[1:x]@4", "socket0[1:s]@3", "node0[1:s]@2",
    ]  # fmt: skip


def test_a_node_exclusive_policy_emits_the_node_with_all_below_it() -> None:
    engine = engine_of("hinodex")
    lines = text(engine, match(engine, CORES))
    assert len(lines) == 2 + 2 + 6 + 2
    assert lines[-2:] == ["node1[1:x]@2", "mini0[1:s]@1"]


def test_a_pool_is_taken_whole_and_unlisted_cores_stay_unlisted() -> None:
    engine = engine_of()
    assert text(engine, match(engine, BOTH)) == [
        "core1[1:x]@4", "core2[1:x]@4", "memory0[4:x]@4", "socket0[1:x]@3",
        "core4[1:x]@4", "core5[1:x]@4", "memory1[4:x]@4", "socket1[1:x]@3",
        "node1[1:s]@2", "mini0[1:s]@1",
    ]  # fmt: skip


def test_reservations_start_at_the_end_of_the_job_in_the_way() -> None:
    engine = engine_of()
    match(engine, CORES)
    starts = [match(engine, BOTH, jobid, "allocate_orelse_reserve") for jobid in (2, 3, 4)]
    assert [(found.at, found.reserved) for found in starts] == [
        (0, False),
        (100, True),
        (100, True),
    ]
    assert [text(engine, found)[-2] for found in starts] == [
        "node1[1:s]@2", "node1[1:s]@2", "node0[1:s]@2",
    ]  # fmt: skip


def test_busy_and_never_are_told_apart() -> None:
    engine = engine_of()
    everything = (entry("slot", 4, entry("socket", 1)),)
    assert match(engine, everything).errno is Errno.OK
    assert match(engine, CORES, 2).errno is Errno.BUSY
    assert match(engine, CORES, 2, "allocate_with_satisfiability").errno is Errno.BUSY
    too_many = (entry("slot", 5, entry("socket", 1)),)
    assert match(engine, too_many, 2, "allocate_with_satisfiability").errno is Errno.NEVER
    assert match(engine, too_many, 2, "satisfiability").errno is Errno.NEVER
    assert match(engine, everything, 2, "satisfiability").errno is Errno.OK


def test_cancel_gives_everything_back_and_counts_its_visits() -> None:
    engine = engine_of()
    match(engine, CORES)
    release = engine.cancel(1)
    assert (release.full, release.postorder) == (True, 5)
    assert release.preorder == 1 + 2 + 2 + 4
    assert not any(engine.holds(row) for row in engine.graph.rows())
    assert [used for _, used, _ in engine.filter_usage(0, 0)] == [0] * 3
    with pytest.raises(KeyError):
        engine.cancel(1)


def test_nothing_exclusive_ends_with_the_stale_error() -> None:
    """First with the value from the start of the session, later with EBUSY (errata G2)."""
    whole = (entry("cluster", 1, entry("node", 2)),)
    engine = engine_of()
    fresh = OracleEngine(_only_nodes())
    assert match(fresh, whole).errno is Errno.NOTTY
    assert match(engine, whole).errno is Errno.BUSY
    assert engine.jobs() == []


def _only_nodes() -> FlatGraph:
    graph = FlatGraph()
    root = graph.add_vertex("cluster", "c", 0, "c0", 0)
    graph.set_path_under(root, "containment", -1)
    graph.set_root("containment", root)
    graph.add_children([root], 2, "node", "node", [0, 1], 1, "", "containment", 0)
    return graph


def test_a_job_without_tracked_types_leaves_no_time_point_in_strict_mode() -> None:
    """Racks alone leave none: strict says busy for ever, else the end of the job is tried."""
    request = (entry("slot", 2, entry("rack", 1)),)
    outcomes = {}
    for strict in (True, False):
        graph = _only_nodes()
        racks = graph.add_children([0], 2, "rack", "rack", [0, 1], 1, "", "containment")
        graph.add_children(list(racks), 1, "node", "node", [2, 3], 1, "", "containment", 2)
        engine = OracleEngine(graph, policy=POLICIES["low"], strict=strict)
        match(engine, request)
        outcomes[strict] = match(engine, request, 2, "allocate_orelse_reserve")
    assert outcomes[True].errno is Errno.BUSY
    assert (outcomes[False].errno, outcomes[False].at) == (Errno.OK, 100)


def test_a_root_without_filter_is_scheduled_by_the_job_times() -> None:
    """The reference aborts there (F1 of the faults); we never do."""
    request = (entry("slot", 2, entry("node", 1)),)
    for strict in (True, False):
        engine = OracleEngine(mini(), filters=[("node", name) for name in ALL_TYPES], strict=strict)
        assert engine.filter_usage(0, 0) == []
        match(engine, request)
        outcome = match(engine, request, 2, "allocate_orelse_reserve")
        assert (outcome.errno, outcome.at) == (Errno.OK, 100)


def test_the_root_cannot_be_removed() -> None:
    engine = engine_of()
    with pytest.raises(ValueError, match="root"):
        engine.remove(0)
    with pytest.raises(ValueError, match="root"):
        engine.remove_ranks([-1])
    assert match(engine, CORES).errno is Errno.OK


def test_a_label_stays_on_a_vertex_until_another_one_comes() -> None:
    """A later request that passes through the vertex shows the old label (corpus A-0026)."""
    engine = engine_of("low")
    named = Resource("node", Count(1, 1), (entry("slot", 1, entry("socket", 1)),), "mine")
    first = match(engine, (named,))
    assert first.selection is not None
    assert first.selection.labels == {1: "mine"}
    later = match(engine, (entry("slot", 1, entry("core", 3)),), 2)
    assert later.selection is not None
    assert later.selection.labels == {2: "mine"}


def test_partial_cancel_of_a_rank_keeps_the_rest() -> None:
    engine = engine_of("low")
    match(engine, (entry("slot", 2, entry("node", 1)),))
    assert not engine.cancel_ranks(1, [0]).full
    assert engine.filter_usage(0, 0, 1) == [("core", 0, 12), ("memory", 0, 16), ("node", 1, 2)]
    with pytest.raises(ValueError, match="0 not found in rank_to_counts"):
        engine.cancel_ranks(1, [0, 1])
    assert engine.cancel_ranks(1, [1]).full
    assert engine.jobs() == []


def test_a_refused_partial_cancel_changes_nothing() -> None:
    engine = engine_of("low")
    match(engine, BOTH)
    held = {row: engine.holds(row) for row in engine.graph.rows()}
    with pytest.raises(ValueError, match="partial_cancel returned error"):
        engine.cancel_vertices(1, [3, 0])
    assert held == {row: engine.holds(row) for row in engine.graph.rows()}


def test_restore_charges_the_claims_and_is_refused_a_second_time() -> None:
    engine = engine_of("low")
    claims = {0: False, 1: False, 3: False, 7: True}
    outcome = engine.restore(5, claims, 0, 100)
    assert text(engine, outcome) == [
        "core0[1:x]@4", "socket0[1:s]@3", "node0[1:s]@2", "mini0[1:s]@1",
    ]  # fmt: skip
    again = engine.restore(6, claims, 50, 100)
    assert (again.errno, again.messages) == (Errno.INVALID, "core0")
    assert engine.jobs() == [5]
    assert text(engine, match(engine, (entry("slot", 4, entry("core", 2)),)))[0] == "core1[1:x]@4"


def test_siblings_of_one_type_and_conflicts_are_reported() -> None:
    engine = engine_of()
    twice = (entry("node", 1), entry("node", 1))
    outcome = match(engine, twice)
    assert outcome.errno is Errno.BUSY
    assert outcome.messages.count("same resource type : node.\n") == 2
    conflict = (entry("slot", 1, entry("node", 1, exclusive=False)),)
    assert match(engine_of(strict=True), conflict).messages == (
        "by_excl: exclusivity conflicts at jobspec= : vertex=node0"
        "by_excl: exclusivity conflicts at jobspec= : vertex=node1"
    )


def test_or_slots_take_the_most_slots_and_xor_slots_are_tried_in_order() -> None:
    engine = engine_of("low", flexible=True)
    big = entry("slot", 1, entry("core", 2), entry("memory", 1))
    small = entry("slot", 2, entry("core", 1))
    lines = text(engine, match(engine, (entry("socket", 1, big, small),)))
    assert lines[:3] == ["core0[1:x]@4", "core1[1:x]@4", "socket0[1:s]@3"]
    engine = engine_of("low", flexible=True)
    never = Resource("xor_slot", Count(1, 1), (entry("core", 9),), "a")
    fits = Resource("xor_slot", Count(1, 1), (entry("core", 3),), "b")
    assert text(engine, match(engine, (never, fits)))[2] == "core2[1:x]@4"


def test_masks_are_inherited_downwards_and_emitted_with_their_ancestors() -> None:
    engine = engine_of("low")
    match(engine, CORES)
    engine.set_status(2, False)
    assert sum(engine.mask("down")) == 1 + 2 + 6 + 2
    assert [row for row, bit in enumerate(engine.mask("jobid-alloc", 1)) if bit] == [7, 8]
    names = [
        engine.graph.name(row) for row, *_ in engine.emit(engine.mask("jobid-alloc", 1)).vertices
    ]
    assert names == ["core0", "core1", "socket0", "node0", "mini0"]
    assert engine.emit(bytes(len(engine.graph))).vertices == []
    assert (
        match(engine, (entry("node", 2, entry("slot", 1, entry("core", 1))),), 2).errno
        is Errno.BUSY
    )


def test_a_rank_that_is_removed_takes_its_share_of_the_job_along() -> None:
    engine = engine_of("low")
    match(engine, (entry("slot", 2, entry("node", 1)),))
    assert engine.remove_ranks([0]) == [1]
    assert engine.filter_usage(0, 0) == [("core", 0, 6), ("memory", 0, 8), ("node", 1, 1)]
    with pytest.raises(KeyError):
        engine.remove_ranks([0])


def test_a_subsystem_without_root_is_refused() -> None:
    with pytest.raises(GraphError):
        OracleEngine(mini(), subsystems=("power",))
