"""Who goes next, and how little a waiting group costs."""

import pytest

from fluxion_extender.decisions.settings import Settings
from fluxion_py.queues.lane import Cycle
from tests.extender.objects import GROUP, World, make_job, make_node, make_pod, pod_of_job


def world(count: int, policy: str) -> World:
    return World(
        *(make_node(f"n{i}", "1") for i in range(count)), settings=Settings(queue_policy=policy)
    )


def gang(w: World, name: str, size: int, duration: int = 0, **others: object) -> list[str | None]:
    """Ask for all pods of a gang; bind it if it is placed."""
    w.owner("Job", make_job(name, size))
    notes = {f"{GROUP}duration": str(duration)} if duration else {}
    pods = [pod_of_job(name, i, "1", notes, **others) for i in range(size)]
    nodes = [w.node_of(pod) for pod in pods]
    if nodes[0]:
        w.bind(pods[0])
    return nodes


def end(w: World, name: str, size: int) -> None:
    w.gone(*(f"{name}-{i}" for i in range(size)))


def test_fcfs_lets_nobody_pass() -> None:
    w = world(4, "fcfs")
    assert gang(w, "a", 3)[0] == "n0"
    assert gang(w, "big", 4) == [None] * 4
    assert w.node_of(make_pod("small")) is None
    end(w, "a", 3)
    assert gang(w, "big", 4) == ["n0", "n1", "n2", "n3"]


def test_easy_lets_those_pass_that_delay_nobody() -> None:
    w = world(4, "easy")
    assert gang(w, "a", 3, 100)[0] == "n0"
    assert gang(w, "big", 4, 100) == [None] * 4
    assert gang(w, "long", 1, 200) == [None]
    assert gang(w, "short", 1, 50) == ["n3"]
    w.check()


def test_a_large_gang_is_not_starved_by_small_ones() -> None:
    """A stream of pods, each of which would fit at once, does not keep a gang waiting for ever."""
    w = world(4, "easy")
    for i in range(4):
        assert gang(w, f"s{i}", 1, 100)[0]
        w.now += 10
    assert gang(w, "big", 4, 100) == [None] * 4
    for i in range(4, 40):
        gone = f"s{i - 4}"
        if w.scheduler.members.groups.get(f"job:job-{gone}"):
            end(w, gone, 1)
        w.now += 10
        gang(w, f"s{i}", 1, 100)
        w.scheduler.settle(w.now)
        if w.scheduler.members.groups["job:job-big"].planned:
            break
    assert w.scheduler.members.groups["job:job-big"].planned
    w.check()


def test_conservative_promises_every_waiting_group_a_time() -> None:
    w = world(2, "conservative")
    gang(w, "a", 2, 100)
    gang(w, "b", 2, 100)
    gang(w, "c", 2, 100)
    starts = [w.scheduler.placer.promise(f"job:job-{name}") for name in "bc"]
    assert starts == [1100, 1200]


def test_a_group_starts_when_its_reservation_comes_only_if_there_is_room() -> None:
    """A job that overruns its time is not overbooked."""
    w = world(2, "conservative")
    gang(w, "a", 2, 100)
    assert gang(w, "b", 2, 100) == [None, None]
    w.now += 150
    w.scheduler.settle(w.now)
    assert gang(w, "b", 2, 100) == [None, None]
    w.check()
    end(w, "a", 2)
    assert gang(w, "b", 2, 100) == ["n0", "n1"]
    w.check()


def test_a_higher_priority_goes_first() -> None:
    w = world(2, "fcfs")
    gang(w, "a", 2)
    gang(w, "low", 2)
    gang(w, "high", 2, priority=1000)
    end(w, "a", 2)
    assert w.scheduler.members.groups["job:job-high"].planned
    assert not w.scheduler.members.groups["job:job-low"].planned


@pytest.mark.parametrize("policy", ["fcfs", "easy", "conservative"])
def test_a_refusal_is_the_same_text_and_costs_no_match_while_nothing_changes(
    policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = world(2, policy)
    gang(w, "a", 2)
    gang(w, "b", 2)
    pod = pod_of_job("b", 0)
    first = w.filter(pod).reason
    cycles: list[float] = []

    def count(now: float) -> Cycle:
        cycles.append(now)
        return Cycle()

    monkeypatch.setattr(w.scheduler.placer.queue, "cycle", count)
    assert {w.filter(pod).reason for _ in range(100)} == {first}
    assert cycles == []


def test_a_refused_group_is_woken_once_when_it_may_start() -> None:
    w = world(2, "easy")
    gang(w, "a", 2)
    gang(w, "b", 2)
    w.scheduler.outbox.clear()
    end(w, "a", 2)
    assert len(w.scheduler.outbox) == 1
    w.scheduler.settle(w.now)
    assert len(w.scheduler.outbox) == 1


def test_the_reason_stays_for_a_while_even_if_numbers_change() -> None:
    w = world(3, "easy")
    gang(w, "a", 3)
    gang(w, "b", 3)
    first = w.filter(pod_of_job("b", 0)).reason
    w.gone("a-0")
    assert w.filter(pod_of_job("b", 0)).reason == first
    w.gone("a-1")
    w.now += 31
    assert "2 free now" in w.filter(pod_of_job("b", 0)).reason


def test_the_duration_of_a_pod_is_its_deadline() -> None:
    w = world(1, "conservative")
    w.node_of(make_pod("a", activeDeadlineSeconds=500))
    w.node_of(make_pod("b"))
    assert w.scheduler.placer.promise("pod:uid-b") == 1500
