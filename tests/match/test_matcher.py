"""The matcher: booking, refusing, time, ids, changes of the graph."""

import math

import pytest

from fluxion_py import (
    Busy,
    FluxionError,
    GraphError,
    InputError,
    Jobspec,
    JobspecError,
    Matcher,
    Policy,
    PolicyError,
    ResourceGraph,
    UnknownJobError,
    Unsatisfiable,
)
from fluxion_py.errors import MatchError
from fluxion_py.match.job import JobState
from tests.machines import nodes, recipe, shape, tiny
from tests.oracles.verifier import Verifier


def test_every_answer_passes_the_independent_verifier() -> None:
    graph = tiny()
    matcher, verifier = Matcher(graph, "low"), Verifier(graph.flat)
    for text in ("slot/core=2", "node/slot/socket/[core=1;gpu=1]", "slot=2/core", "slot/node"):
        jobspec = shape(text)
        found = matcher.reserve(jobspec)
        verifier.check_grant(jobspec, found.selection, found.at, found.duration, 0, found.id or 0)
        verifier.book(found.id or 0, found.selection, found.at, found.duration)


def test_ids_count_up_over_grants_only_and_may_be_chosen() -> None:
    matcher = Matcher(nodes(4))
    assert matcher.allocate(shape("slot/node")).id == 1
    with pytest.raises(Unsatisfiable):
        matcher.allocate(shape("slot=9/node"))
    assert matcher.allocate(shape("slot/node")).id == 2
    assert matcher.allocate(shape("slot/node"), jobid=70).id == 70
    assert matcher.allocate(shape("slot/node")).id == 71


def test_after_the_largest_id_one_must_be_chosen() -> None:
    matcher = Matcher(nodes(4))
    matcher.allocate(shape("slot/node"), jobid=2**63 - 1)
    with pytest.raises(MatchError, match="exists already"):
        matcher.allocate(shape("slot/node"))
    assert matcher.allocate(shape("slot/node"), jobid=1).id == 1


@pytest.mark.parametrize("jobid", [1, -1, 2**63, True, "7", 1.0])
def test_an_id_in_use_or_no_id_is_refused_and_books_nothing(jobid: object) -> None:
    matcher = Matcher(nodes(4))
    matcher.allocate(shape("slot/node"))
    with pytest.raises(MatchError):
        matcher.allocate(shape("slot/node"), jobid=jobid)  # type: ignore[arg-type]
    assert [job.id for job in matcher.jobs()] == [1]


def test_busy_and_never_are_different() -> None:
    matcher = Matcher(nodes(4))
    matcher.allocate(shape("slot=3/node"))
    with pytest.raises(Busy):
        matcher.allocate(shape("slot=2/node"))
    with pytest.raises(Unsatisfiable):
        matcher.allocate(shape("slot=5/node"))
    assert matcher.satisfiable(shape("slot=4/node"))
    assert not matcher.satisfiable(shape("slot=5/node"))


@pytest.mark.parametrize("ask", ["allocate", "reserve", "without_allocating"])
def test_a_refusal_changes_nothing(ask: str) -> None:
    matcher = Matcher(nodes(4))
    matcher.allocate(shape("slot=3/node", 0))
    before = matcher.save()
    for text in ("slot=2/node", "slot=5/node", "slot/qpu"):
        with pytest.raises((Busy, Unsatisfiable)):
            getattr(matcher, ask)(shape(text))
    assert matcher.save() == before


@pytest.mark.parametrize("policy", ["first", "low", "hinodex"])
def test_looking_changes_nothing(policy: str) -> None:
    matcher = Matcher(nodes(4), policy)
    matcher.allocate(shape("slot/node"))
    before = matcher.save()
    for _ in range(100):
        assert matcher.without_allocating(shape("slot=2/core=2")).id is None
        assert matcher.without_allocating(shape("slot=4/node"), future=True).at == 100
        assert matcher.explain(shape("slot=4/node")).verdict == "busy"
        assert matcher.satisfiable(shape("slot=4/node"))
        assert len(matcher.find("sched-now=allocated")) == 5
    assert matcher.save() == before


def test_reserve_takes_the_earliest_time_and_cancel_frees_it() -> None:
    matcher = Matcher(nodes(2))
    matcher.allocate(shape("slot/node", 100))
    matcher.allocate(shape("slot/node", 50))
    one = matcher.reserve(shape("slot/node", 10))
    assert (one.at, one.reserved, one.expiration) == (50, True, 60)
    assert matcher.info(one.id or 0).state is JobState.RESERVED
    matcher.now = 50
    assert matcher.info(one.id or 0).state is JobState.ALLOCATED
    matcher.cancel(one.id or 0)
    matcher.cancel(2)
    assert not matcher.reserve(shape("slot/node", 10)).reserved


def test_time_only_runs_forward() -> None:
    matcher = Matcher(nodes(2), now=10)
    assert matcher.allocate(shape("slot/node"), now=20).at == 20
    past, late = "time runs forward", "past the graph's time"
    for wrong, message in ((19, past), (-5, past), (3_153_600_000, late), (2**63, late)):
        with pytest.raises(MatchError, match=message):
            matcher.now = wrong
        with pytest.raises(MatchError, match=message):
            matcher.allocate(shape("slot/node"), now=wrong)
    with pytest.raises(TypeError):
        matcher.now = 20.5  # type: ignore[assignment]
    assert matcher.now == 20
    assert len(matcher.jobs()) == 1


def test_durations_are_rounded_up_and_0_is_the_life_time() -> None:
    matcher = Matcher(nodes(4))
    assert matcher.allocate(shape("slot/node", 59.2)).duration == 60
    assert matcher.allocate(shape("slot/node", 0)).expiration == 3153600000
    matcher.now = 1000
    assert matcher.allocate(shape("slot/node", 0)).expiration == 3153600000


@pytest.mark.parametrize("duration", [-1, math.nan, math.inf, 3153600001])
def test_impossible_durations_are_errors_of_the_jobspec(duration: float) -> None:
    resources = shape("slot/node").resources
    with pytest.raises(JobspecError, match="duration"):
        Matcher(nodes(4)).allocate(Jobspec(1, resources, duration=duration))


def test_a_request_for_nothing_is_refused_before_matching() -> None:
    with pytest.raises(JobspecError, match="nothing in the request") as error:
        Matcher(nodes(4)).allocate(shape("node=2/core"))
    assert "slot" in (error.value.hint or "")
    assert Matcher(nodes(4), "hinodex").allocate(shape("node=2/core")).count("core") == 8
    with pytest.raises(JobspecError, match="empty"):
        Matcher(nodes(4)).allocate(Jobspec(1, ()))
    with pytest.raises(JobspecError, match="not str"):
        Matcher(nodes(4)).allocate("slot/node")  # type: ignore[arg-type]


def test_a_prepared_jobspec_stays_good_when_the_graph_grows() -> None:
    graph = nodes(2)
    matcher = Matcher(graph)
    prepared = matcher.compile(shape("slot=2/node"))
    matcher.allocate(prepared)
    with pytest.raises(Busy):
        matcher.allocate(prepared)
    matcher.attach(_more_nodes(2))
    assert str(matcher.allocate(prepared).nodes) == "node[2-3]"


def _more_nodes(count: int) -> str:
    """Return the JGF of further nodes of `nodes()`."""
    grown = nodes(2 + count, cores=1)
    wanted = [row for row in grown.flat.rows() if "/node" in (grown.flat.path(row) or "")]
    wanted = [row for row in wanted if grown.flat.rank(row) >= 2]
    items, edges = [], []
    for row in [0, *wanted]:
        flat = grown.flat
        paths = f'"paths": {{"containment": "{flat.path(row)}"}}'
        identity = f'"id": {flat.id(row)}, "rank": {flat.rank(row)}, "name": "{flat.name(row)}"'
        kind = f'"type": "{flat.type(row)}", "basename": "{flat.basename(row)}"'
        number = flat.uniq_id(row) if row == 0 else 1000 + row
        items.append(f'{{"id": "{number}", "metadata": {{{kind}, {identity}, {paths}}}}}')
        for source, _ in flat.in_edges(row):
            above = flat.uniq_id(source) if source == 0 else 1000 + source
            edges.append(f'{{"source": "{above}", "target": "{number}"}}')
    return f'{{"graph": {{"nodes": [{", ".join(items)}], "edges": [{", ".join(edges)}]}}}}'


def test_growth_is_all_or_nothing_and_keeps_jobs() -> None:
    matcher = Matcher(nodes(2), "low")
    matcher.allocate(shape("slot=2/node"))
    before = len(matcher.graph)
    with pytest.raises(GraphError):
        matcher.attach('{"graph": {"nodes": [], "edges": 3}}')
    assert len(matcher.graph) == before
    new = matcher.attach(_more_nodes(1))
    assert [vertex.name for vertex in new][:1] == ["node2"]
    assert str(matcher.allocate(shape("slot/node")).nodes) == "node2"
    assert str(matcher.info(1).allocation.nodes) == "node[0-1]"


def test_a_graph_changed_behind_its_back_is_noticed() -> None:
    graph = nodes(2)
    matcher = Matcher(graph)
    matcher.allocate(shape("slot=2/node"))
    root = graph.flat.root()
    made = graph.flat.add_vertex("node", "node", 7, "node7", 700, 7)
    graph.flat.set_path_under(made, "containment", root)
    graph.flat.add_edge(root, made)
    assert str(matcher.allocate(shape("slot/node")).nodes) == "node7"


def test_removing_vertices_shrinks_or_ends_jobs() -> None:
    matcher = Matcher(nodes(4), "low")
    matcher.allocate(shape("slot=2/node"))
    matcher.allocate(shape("slot/node"))
    root = matcher.graph.flat.path(matcher.graph.flat.root())
    assert matcher.remove(f"{root}/node1") == [1]
    assert str(matcher.info(1).allocation.nodes) == "node0"
    assert matcher.remove_ranks("2") == [2]
    assert [job.id for job in matcher.jobs()] == [1]
    with pytest.raises(GraphError, match="root"):
        matcher.remove(str(root))
    with pytest.raises(GraphError, match="rank 55"):
        matcher.remove_ranks([55])
    with pytest.raises(GraphError, match="no such vertex"):
        matcher.remove("/nowhere")
    assert matcher.graph.counts()["node"] == 2


def test_status_is_respected_and_checked() -> None:
    matcher = Matcher(nodes(2), "low")
    root = matcher.graph.flat.path(matcher.graph.flat.root())
    matcher.set_status(f"{root}/node0", "down")
    assert str(matcher.without_allocating(shape("slot/node")).nodes) == "node1"
    assert next(v.name for v in matcher.find("status=down")) == "node0"
    assert matcher.satisfiable(shape("slot=2/node"))
    with pytest.raises(Busy, match="1 down"):
        matcher.allocate(shape("slot=2/node"))
    matcher.set_status(f"{root}/node0", True)
    assert len(matcher.allocate(shape("slot=2/node")).nodes) == 2
    with pytest.raises(InputError, match="unknown status"):
        matcher.set_status(f"{root}/node0", "sideways")
    with pytest.raises(GraphError):
        matcher.set_status("/nowhere", "up")


def test_properties_change_what_a_constraint_allows() -> None:
    matcher = Matcher(nodes(2), "low")
    root = matcher.graph.flat.path(matcher.graph.flat.root())
    fast = Jobspec.from_shape("slot/node", requires="fast", duration=10)
    with pytest.raises(Unsatisfiable):
        matcher.allocate(fast)
    matcher.set_property(f"{root}/node1", "fast")
    assert str(matcher.without_allocating(fast).nodes) == "node1"
    matcher.remove_property(f"{root}/node1", "fast")
    matcher.remove_property(f"{root}/node1", "fast")
    assert not matcher.satisfiable(fast)


def test_cancel_twice_is_a_clear_error() -> None:
    matcher = Matcher(nodes(2))
    matcher.allocate(shape("slot/node"))
    matcher.cancel(1)
    for use in (matcher.cancel, matcher.info, lambda job: matcher.release(job, ranks="0")):
        with pytest.raises(UnknownJobError, match="no job 1"):
            use(1)


def test_settings_are_checked() -> None:
    with pytest.raises(PolicyError):
        Matcher(nodes(1), "best")
    with pytest.raises(PolicyError):
        Matcher(nodes(1), traverser="clever")
    with pytest.raises(PolicyError):
        Matcher(nodes(1), prune_filters="core")
    for subsystems in ("power", "C+PA", "a,,b"):
        with pytest.raises(PolicyError):
            Matcher(nodes(1), subsystems=subsystems)
    with pytest.raises(GraphError, match="empty"):
        Matcher(ResourceGraph())
    assert Matcher(nodes(1), Policy("low"), subsystems="CA").policy.order == "low"


def test_a_job_past_its_end_blocks_until_it_is_cancelled() -> None:
    matcher = Matcher(nodes(1))
    matcher.allocate(shape("slot/node", 10))
    matcher.now = 50
    with pytest.raises(Busy, match="past its end"):
        matcher.allocate(shape("slot/node", 10))
    matcher.cancel(1)
    matcher.allocate(shape("slot/node", 10))


def test_flexible_slots_are_alternatives() -> None:
    graph = recipe({"node": {"count": 2, "contains": {"core": 4, "gpu": 1}}})
    choice = {
        "version": 9999,
        "resources": [
            {"type": "xor_slot", "label": "a", "count": 1, "with": [{"type": "gpu", "count": 2}]},
            {"type": "xor_slot", "label": "b", "count": 1, "with": [{"type": "core", "count": 3}]},
        ],
        "tasks": [{"command": ["x"], "slot": "b", "count": {"per_slot": 1}}],
        "attributes": {"system": {"duration": 10}},
    }
    jobspec = Jobspec.from_dict(choice)
    assert Matcher(graph, traverser="flexible").allocate(jobspec).count("core") == 3
    with pytest.raises(JobspecError, match="alternatives"):
        Matcher(graph).allocate(jobspec)


def test_all_errors_are_one_line() -> None:
    matcher = Matcher(nodes(1))
    for bad in (
        lambda: matcher.allocate(shape("slot=2/node")),
        lambda: matcher.cancel(5),
        lambda: matcher.restore("{"),
        lambda: matcher.find("colour=red"),
        lambda: matcher.attach("not json"),
        lambda: matcher.release(1),
        lambda: Matcher.load(nodes(1), {}),
    ):
        with pytest.raises(FluxionError) as error:
            bad()
        assert str(error.value).strip()
        assert "\n" not in str(error.value)
