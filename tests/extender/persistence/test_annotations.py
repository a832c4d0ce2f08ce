from hypothesis import given
from hypothesis import strategies as st

from fluxion_extender.persistence.annotations import (
    Placed,
    Plan,
    bound_annotations,
    read_bound,
    read_plan,
    write_plan,
)
from fluxion_py.hostlist import parse_hostlist

NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True), max_size=20)


@given(st.dictionaries(st.sampled_from(["", "worker", "launcher#1"]), NAMES), st.integers(0, 9))
def test_a_plan_is_read_back_in_its_order(nodes: dict[str, list[str]], epoch: int) -> None:
    plan = read_plan(write_plan(Plan("id", "job:x", {}, epoch, 7), nodes))
    assert (plan.id, plan.group, plan.epoch, plan.number) == ("id", "job:x", epoch, 7)
    assert {role: parse_hostlist(names) for role, names in plan.nodes.items()} == nodes


def test_a_plan_of_thousands_of_nodes_fits_into_an_annotation() -> None:
    names = [f"gke-pool-{i % 7}-node-{i:05}" for i in range(5000)]
    assert len(write_plan(Plan("id", "g", {}), {"": names})) < 200_000


@given(
    st.integers(0, 10**6),
    st.dictionaries(st.sampled_from(["cpu", "memory", "google.com/tpu"]), st.integers(1, 2**60)),
)
def test_what_a_bound_pod_says_is_read_back(rank: int, use: dict[str, int]) -> None:
    notes = bound_annotations("job:x", rank, "n0", use, 3)
    assert read_bound(notes) == Placed("job:x", rank, use)


def test_a_pod_that_says_nothing_is_a_stranger() -> None:
    assert read_bound(None) is None
    assert read_bound({"a": "b"}) is None
