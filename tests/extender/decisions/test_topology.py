"""Wishes about racks and zones."""

import pytest

from fluxion_extender.groups.group import GroupState
from tests.extender.objects import GROUP, World, make_job, make_node, make_pod, pod_of_job


def racks(*sizes: int, cpu: str = "4") -> World:
    """Return racks r0, r1, ... with so many nodes each, named n0, n1, ..."""
    w = World()
    for rack, size in enumerate(sizes):
        for _ in range(size):
            w.add(make_node(f"n{len(w.names)}", cpu, labels={"rack": f"r{rack}"}))
    return w


def ask(w: World, size: int, cpu: str = "4", name: str = "j", **wishes: str) -> list[str | None]:
    w.owner("Job", make_job(name, size))
    notes = {GROUP + key.replace("_", "-"): text for key, text in wishes.items()}
    return [w.node_of(pod_of_job(name, i, cpu, notes)) for i in range(size)]


def reason(w: World, name: str = "j") -> str:
    return w.scheduler.members.groups[f"job:job-{name}"].reason


def test_colocate_takes_a_rack_that_has_room_for_all() -> None:
    w = racks(2, 4)
    assert ask(w, 3, colocate="rack") == ["n2", "n3", "n4"]
    w.check()


def test_a_level_may_be_named_by_its_label() -> None:
    w = World(*(make_node(f"n{i}", labels={"topology.kubernetes.io/zone": "a"}) for i in range(2)))
    assert ask(w, 2, colocate="topology.kubernetes.io/zone") == ["n0", "n0"]


def test_no_rack_is_large_enough() -> None:
    w = racks(2, 4, 4)
    assert ask(w, 6, colocate="rack") == [None] * 6
    assert "can never start: needs 6 places of 4 cpu, 1Gi memory in one rack" in reason(w)
    assert "the best rack has 4" in reason(w)


def test_a_node_without_the_label_is_in_no_rack() -> None:
    w = World(make_node("n0"), make_node("n1", labels={"rack": "r"}))
    assert ask(w, 1, colocate="rack") == ["n1"]


def test_a_level_that_does_not_exist_is_refused_with_a_note() -> None:
    w = racks(2)
    assert ask(w, 2, colocate="row") == [None, None]
    assert "this cluster has no level 'row'" in reason(w)
    assert len(w.scheduler.outbox) == 1


def test_exclusive_keeps_other_exclusive_groups_out_and_lets_single_pods_in() -> None:
    w = racks(4, 4)
    assert ask(w, 2, exclusive="rack") == ["n0", "n1"]
    assert ask(w, 2, name="k", exclusive="rack") == ["n4", "n5"]
    assert ask(w, 2, name="l", exclusive="rack") == [None, None]
    assert w.node_of(make_pod("single")) == "n2"
    assert w.bind(pod_of_job("j", 0)) == ""
    w.gone("j-0", "j-1")
    w.check()
    assert ask(w, 2, name="l", exclusive="rack") == ["n0", "n1"]


def test_an_exclusive_group_stays_alone_until_its_last_member_ends() -> None:
    w = racks(4)
    ask(w, 2, exclusive="rack")
    w.bind(pod_of_job("j", 0))
    w.bind(pod_of_job("j", 1))
    w.gone("j-0")
    assert w.used()["n1"]["cpu"] == 4000
    assert "n0" not in w.used()
    assert ask(w, 1, name="k", exclusive="rack") == [None]
    w.gone("j-1")
    assert ask(w, 1, name="k", exclusive="rack") == ["n0"]
    w.check()


def test_dedicated_keeps_everything_else_of_ours_out() -> None:
    w = racks(4, 4)
    assert ask(w, 2, dedicated="rack") == ["n0", "n1"]
    assert w.node_of(make_pod("single")) == "n4"


def test_prefer_tries_the_narrow_level_first_and_widens() -> None:
    w = racks(2, 4, 2)
    assert ask(w, 4, prefer="rack") == ["n2", "n3", "n4", "n5"]
    assert ask(w, 3, name="k", prefer="rack") == ["n0", "n1", "n6"]
    w.check()


def test_spread_puts_at_most_so_many_into_a_rack() -> None:
    w = racks(4, 4)
    assert ask(w, 4, spread="rack:2") == ["n0", "n1", "n4", "n5"]


def test_pack_nests_levels() -> None:
    w = World()
    for block in range(2):
        for rack in range(3):
            for _ in range(2 + rack):
                labels = {"block": f"b{block}", "rack": f"r{block}{rack}"}
                w.add(make_node(f"n{len(w.names)}", "4", labels=labels))
    nodes = ask(w, 6, pack="block:6,rack:3")
    assert nodes == ["n2", "n3", "n4", "n5", "n6", "n7"]


def test_a_pack_that_does_not_divide_is_refused() -> None:
    w = racks(4)
    assert ask(w, 3, pack="rack:2") == [None] * 3
    assert "3 pods cannot be packed by 2 per rack" in reason(w)


@pytest.mark.parametrize("wrong", ["rack", "rack:x", "rack:0", ":2"])
def test_a_spread_that_means_nothing_is_refused(wrong: str) -> None:
    w = racks(4)
    assert ask(w, 1, spread=wrong) == [None]
    assert "spread" in reason(w)


def test_a_jobspec_in_an_annotation_is_honoured() -> None:
    """The file of an HPC machine: 2 nodes with 3 whole cores each, in one rack."""
    jobspec = """
version: 1
resources:
- {type: rack, count: 1, with: [{type: node, count: 2, with: [
    {type: slot, count: 1, label: task, with: [{type: core, count: 3}]}]}]}
tasks: [{command: [app], slot: task, count: {per_slot: 1}}]
attributes: {system: {duration: 60}}
"""
    w = racks(1, 3)
    assert ask(w, 2, "1", jobspec=jobspec) == ["n1", "n2"]
    assert w.scheduler.members.groups["job:job-j"].state is GroupState.MATCHED


def test_a_jobspec_with_another_number_of_slots_is_refused() -> None:
    jobspec = """
version: 1
resources: [{type: slot, count: 3, label: a, with: [{type: core, count: 1}]}]
tasks: [{command: [a], slot: a, count: {per_slot: 1}}]
attributes: {system: {duration: 0}}
"""
    w = racks(4)
    assert ask(w, 2, "1", jobspec=jobspec) == [None, None]
    assert "3 slots for 2 pods" in reason(w)
