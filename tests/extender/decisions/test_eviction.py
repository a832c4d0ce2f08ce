"""Groups of lower priority make room, as a whole or not at all."""

from typing import Any

from fluxion_extender.decisions.effects import Evict
from fluxion_extender.decisions.eviction import GRACE
from fluxion_extender.decisions.settings import Settings
from fluxion_extender.decisions.timers import tick
from fluxion_extender.objects.pod import Pod
from tests.extender.objects import GROUP, World, make_node, named


def world(count: int, cpu: str = "1", **labels: str) -> World:
    nodes = (make_node(f"n{i}", cpu, labels={"rack": f"r{i // 2}", **labels}) for i in range(count))
    return World(*nodes, settings=Settings(preemption=True))


def gang(name: str, size: int, priority: int = 0, cpu: str = "1", **more: Any) -> list[Pod]:  # noqa: ANN401
    return [named(f"{name}{i}", name, size, cpu, priority=priority, **more) for i in range(size)]


def run(w: World, pods: list[Pod]) -> bool:
    """Bring a gang; return whether all of it is bound."""
    w.seen(*pods)
    if any(w.node_of(pod) is None for pod in pods):
        return False
    for pod in pods:
        w.bind(pod)
    return True


def evicted(w: World) -> set[str]:
    tick(w.scheduler, w.now)
    found = {effect.name for effect in w.scheduler.outbox if isinstance(effect, Evict)}
    w.scheduler.outbox.clear()
    w.check()
    return found


def test_a_gang_goes_as_a_whole_and_the_waiting_one_starts() -> None:
    w = world(4)
    assert run(w, gang("low", 3))
    high = gang("high", 2, 10)
    assert not run(w, high)
    assert evicted(w) == {"low0", "low1", "low2"}
    assert evicted(w) == set()  # they are going
    w.gone("low0")
    assert run(w, high)
    w.gone("low1", "low2")
    w.check()


def test_nobody_is_evicted_in_vain() -> None:
    w = world(4)
    assert run(w, gang("low", 3))
    assert not run(w, gang("high", 5, 10))
    assert evicted(w) == set()


def test_nobody_of_the_same_priority_and_none_if_it_is_not_asked_for() -> None:
    w = world(2)
    assert run(w, gang("a", 2, 10))
    assert not run(w, gang("b", 2, 10))
    assert evicted(w) == set()
    w.scheduler.settings = Settings()
    w.gone("b0", "b1")
    assert not run(w, gang("c", 2, 20))
    assert evicted(w) == set()


def test_a_gang_that_says_never_waits() -> None:
    w = world(2)
    assert run(w, gang("low", 2))
    assert not run(w, gang("high", 2, 10, preemptionPolicy="Never"))
    assert evicted(w) == set()


def test_as_few_as_will_do_those_of_the_lowest_priority_first() -> None:
    w = world(6)
    for name, priority in (("a", 3), ("b", 1), ("c", 2)):
        assert run(w, gang(name, 2, priority))
    assert not run(w, gang("high", 3, 10))
    assert evicted(w) == {"b0", "b1", "c0", "c1"}


def test_one_large_victim_spares_the_small_ones_before_it() -> None:
    w = world(4)
    assert run(w, gang("small", 1, 1))
    assert run(w, gang("large", 3, 2))
    assert not run(w, gang("high", 3, 10))
    assert evicted(w) == {"large0", "large1", "large2"}


def test_room_is_made_in_one_rack() -> None:
    w = world(4)
    for i in range(4):
        assert run(w, gang(f"p{i}x", 1, i % 2))  # priorities 0, 1, 0, 1 on n0 .. n3
    notes = {f"{GROUP}colocate": "rack"}
    assert not run(w, gang("high", 2, 10, annotations=notes))
    gone = evicted(w)
    assert gone in ({"p0x0", "p1x0"}, {"p2x0", "p3x0"})


def test_what_the_victims_leave_is_for_the_one_that_waits() -> None:
    w = world(2)
    assert run(w, gang("low", 2))
    high = gang("high", 2, 10)
    assert not run(w, high)
    assert evicted(w) == {"low0", "low1"}
    w.gone("low0")
    again = gang("again", 1)
    assert not run(w, again)  # as a Job controller makes them anew
    w.gone("low1")
    assert run(w, high)
    assert not run(w, again)


def test_if_the_victims_do_not_go_others_are_kept_back_for_a_while_only() -> None:
    w = world(2)
    assert run(w, gang("low", 2))
    assert not run(w, gang("high", 2, 10))
    assert evicted(w) == {"low0", "low1"}
    w.gone("low0")
    again = gang("again", 1)
    assert not run(w, again)
    w.gone("high0", "high1")
    tick(w.scheduler, w.now + GRACE)
    assert run(w, again)
