"""What the engine refuses: each bad argument is one error, and changes nothing."""

from collections.abc import Callable, Sequence

import pytest

from fluxion_py._core.engine import Engine
from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import GraphError, JobspecError
from fluxion_py.jobspec.model import Count, Resource
from fluxion_py.match.policy import POLICIES
from fluxion_py.outcome import Errno

END_OF_TIME = 2**63 - 1


@pytest.fixture
def engine(flat: FlatGraph) -> Engine:
    return Engine(flat, policy=POLICIES["first"])


def wants(kind: str, number: int = 1, *children: Resource) -> Resource:
    return Resource(kind, Count(number, number), children)


def slot(*children: Resource) -> Resource:
    return wants("slot", 1, *children)


USES: dict[str, Callable[[Engine], object]] = {
    "match": lambda engine: engine.match("allocate", engine.compile([slot(wants("core"))]), 10, 1),
    "restore": lambda engine: engine.restore(1, {11: True}, 0, 10),
    "book": lambda engine: engine.book(1, [(11, 1, True, 1)], 0, 10, False),
    "set weights": lambda engine: engine.set_edge_weights([(0, 11, 5)]),
    "weights": lambda engine: engine.edge_weights(),
    "cancel ranks": lambda engine: engine.cancel_ranks(1, [0]),
    "status": lambda engine: engine.set_status(11, False),
    "remove": lambda engine: engine.remove(11),
    "mask": lambda engine: engine.mask("filtered"),
    "emit": lambda engine: engine.emit(bytes(12)),
    "holds": lambda engine: engine.holds(11),
    "usage": lambda engine: engine.filter_usage(11, 0),
    "available": lambda engine: engine.available(11, 0, 10),
}


@pytest.mark.parametrize("use", USES)
def test_a_graph_that_has_changed_must_be_primed_first(
    flat: FlatGraph, engine: Engine, use: str
) -> None:
    flat.add_children([0], 1, "node", "node", [2], 1, "", "containment", 2)
    with pytest.raises(GraphError, match="reprime"):
        USES[use](engine)
    engine.reprime()
    assert engine.available(11, 0, 10) == 1


def test_a_cycle_that_was_added_later_is_not_walked(flat: FlatGraph, engine: Engine) -> None:
    flat.add_edge(3, 0)
    with pytest.raises(GraphError, match="a cycle"):
        engine.reprime()
    with pytest.raises(GraphError, match="reprime"):
        engine.match("allocate", engine.compile([slot(wants("core"))]), 10, 1)


def test_a_request_of_another_engine_is_refused(flat: FlatGraph, engine: Engine) -> None:
    other = FlatGraph()
    other.set_root("containment", other.add_vertex("cluster", "cluster", 0, "cluster0", 0))
    for number in range(100):
        other.type_id(f"type{number}")
    foreign = Engine(other, policy=POLICIES["first"]).compile([wants("type99")])
    flexible = Engine(flat, policy=POLICIES["first"], flexible=True)
    for bad in (foreign, flexible.compile([slot(wants("core"))])):
        with pytest.raises(ValueError, match="another engine"):
            engine.match("allocate", bad, 10, 1)


def test_the_end_of_time_is_no_overflow(engine: Engine) -> None:
    node = engine.compile([slot(wants("node", 2))])
    assert engine.restore(1, {0: False, 1: True}, 0, END_OF_TIME).errno is Errno.OK
    assert engine.match("allocate_orelse_reserve", node, END_OF_TIME, 2).errno is Errno.BUSY
    assert engine.match("allocate", node, END_OF_TIME, 2, END_OF_TIME).errno is Errno.BUSY
    assert engine.available(1, END_OF_TIME - 1, END_OF_TIME) == 0


@pytest.mark.parametrize("jobid", [-1, -(2**63)])
def test_a_negative_job_id_is_refused(engine: Engine, jobid: int) -> None:
    """The walk takes it for a mere look: nothing would be recorded."""
    core = engine.compile([slot(wants("core"))])
    with pytest.raises(ValueError, match="negative"):
        engine.match("allocate", core, 10, jobid)
    with pytest.raises(ValueError, match="negative"):
        engine.restore(jobid, {0: False, 1: True}, 0, 10)
    with pytest.raises(ValueError, match="negative"):
        engine.book(jobid, [(0, 1, True, 1)], 0, 10, False)
    assert engine.jobs() == []


@pytest.mark.parametrize(
    "vertices",
    [
        [(0, -1, True, 1)],
        [(0, 2, True, 1)],
        [(0, 1, True, 0)],
        [(0, 1, True, 10**8)],
        [(1, 1, True, 2), (1, 1, True, 2), (0, 1, False, 1)],
        [(0, 1, True, 3), (1, 1, True, 2), (0, 1, False, 1)],
    ],
)
def test_a_selection_that_no_match_made_is_not_booked(
    engine: Engine, vertices: Sequence[tuple[int, int, bool, int]]
) -> None:
    """The last one goes round in a circle: the job would reach the cluster through itself."""
    with pytest.raises(ValueError, match="vertex"):
        engine.book(1, vertices, 0, 10, False)
    assert engine.jobs() == []


@pytest.mark.parametrize(("at", "duration"), [(-5, 10), (0, 0), (0, -1), (1, END_OF_TIME)])
def test_a_window_outside_time_is_not_booked(engine: Engine, at: int, duration: int) -> None:
    with pytest.raises(ValueError, match="window"):
        engine.book(1, [(0, 1, True, 1)], at, duration, False)
    assert engine.jobs() == []


def test_a_root_below_what_goes_stays(flat: FlatGraph) -> None:
    flat.set_root("containment", 1)
    flat.set_rank(0, 0)
    engine = Engine(flat, policy=POLICIES["first"])
    with pytest.raises(ValueError, match="root"):
        engine.remove(0)
    with pytest.raises(ValueError, match="root"):
        engine.remove_ranks([0])
    assert flat.vertex_count == 11


def test_the_root_of_another_subsystem_may_go(flat: FlatGraph) -> None:
    flat.set_root("power", 1)
    engine = Engine(flat, policy=POLICIES["low"], subsystems=("containment", "power"))
    engine.remove(1)
    core = engine.compile([slot(wants("core"))])
    assert engine.match("allocate", core, 10, 1).errno is Errno.OK


def test_a_cycle_aside_of_every_root_ends_the_look(flat: FlatGraph) -> None:
    flat.set_root("power", flat.add_vertex("pdu", "pdu", 0, "pdu0", 11))
    first, second = (flat.add_vertex("pdu", "pdu", n, f"pdu{n}", 11 + n) for n in (1, 2))
    for source, target in [(1, first), (first, second), (second, first)]:
        flat.add_edge(source, target, "power")
    engine = Engine(flat, policy=POLICIES["low"], subsystems=("containment", "power"))
    core = engine.compile([wants("node", 1, slot(wants("core")))])
    assert engine.match("allocate", core, 10, 1).errno is Errno.OK


@pytest.mark.parametrize("policy", POLICIES)
def test_no_slot_is_made_of_slots(policy: str) -> None:
    """The graph has a vertex of the type slot; slots of two cores have no edge to be marked."""
    flat = FlatGraph()
    flat.set_root("containment", flat.add_vertex("cluster", "cluster", 0, "cluster0", 0))
    flat.add_children([0], 1, "slot", "slot", [0], 1, "", "containment")
    flat.add_children([0], 1, "node", "node", [0], 1, "", "containment")
    flat.add_children([2], 4, "core", "core", [*range(4)], 1, "", "containment")
    engine = Engine(flat, policy=POLICIES[policy])
    nested = engine.compile([slot(slot(wants("core", 2)))])
    assert engine.match("allocate", nested, 10, 1).errno is Errno.BUSY


def test_slots_of_several_shapes_need_no_deep_stack(flat: FlatGraph) -> None:
    flat.add_children([1], 1, "memory", "memory", [0], 100_000, "", "containment")
    flat.add_children([2], 1, "storage", "storage", [0], 10**9, "", "containment")
    engine = Engine(flat, policy=POLICIES["low"], flexible=True)
    few = engine.compile([slot(wants("memory")), slot(wants("memory", 2))])
    assert engine.match("without_allocating", few, 10, 1).errno is Errno.OK
    many = engine.compile([slot(wants("storage")), slot(wants("storage", 2))])
    with pytest.raises(JobspecError, match="ways to form slots"):
        engine.match("allocate", many, 10, 1)


@pytest.mark.parametrize("text", ["9" * 30, "9" * 5000])
def test_a_performance_class_of_any_length_is_read(flat: FlatGraph, text: str) -> None:
    flat.set_property(1, "perf_class", text)
    engine = Engine(flat, policy=POLICIES["variation"])
    node = engine.compile([slot(wants("node"))])
    assert engine.match("allocate", node, 10, 1).errno is Errno.OK


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("number", [2**63 - 1, 2**62])
def test_huge_numbers_are_scored_without_overflow(policy: str, number: int) -> None:
    flat = FlatGraph()
    flat.set_root("containment", flat.add_vertex("cluster", "cluster", 0, "cluster0", 0))
    nodes = flat.add_children([0], 2, "node", "node", [number] * 2, 1, "", "containment")
    flat.add_children(list(nodes), 2, "core", "core", [number] * 4, 1, "", "containment")
    engine = Engine(flat, policy=POLICIES[policy])
    whole = engine.compile([slot(wants("node", 2, wants("core", 2)))])
    assert engine.match("allocate", whole, 10, 1).errno is Errno.OK
