"""When nodes come back after a job (mission row F-04)."""

from fluxion_py.execution.housekeeping import HousekeepingRound


def returns(release_after: float) -> list[tuple[float, list[int]]]:
    """Return when which of four nodes come back that take 10, 20, 30, 40 s from 100 on."""
    cleaning = HousekeepingRound(range(4), release_after)
    found: list[tuple[float, list[int]]] = []
    for now in range(100, 150):
        due = cleaning.next_time()
        released = cleaning.due(now) if due is not None and due <= now else []
        for rank in range(4):
            if now == 110 + 10 * rank:
                released += cleaning.done(rank, now)
        if released:
            found.append((now, released))
    assert not cleaning.waiting
    assert cleaning.next_time() is None
    return found


def test_without_a_timer_each_comes_back_when_it_is_clean() -> None:
    assert returns(0) == [(110, [0]), (120, [1]), (130, [2]), (140, [3])]


def test_the_timer_starts_with_the_first_and_releases_those_that_are_done() -> None:
    assert returns(15) == [(125, [0, 1]), (130, [2]), (140, [3])]


def test_all_come_back_at_once_if_they_are_done_before_the_timer() -> None:
    assert returns(1000) == [(140, [0, 1, 2, 3])]


def test_a_node_that_is_done_twice_comes_back_once() -> None:
    cleaning = HousekeepingRound([7], 0)
    assert cleaning.done(7, 1) == [7]
    assert cleaning.done(7, 2) == []
