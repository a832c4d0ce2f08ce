"""The reference's sort: always sorted, stable up to 16, not stable above."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.sorting import _heap_sort, introsort

Pair = tuple[int, int]


def by_key(one: Pair, other: Pair) -> bool:
    return one[0] < other[0]


def numbered(keys: list[int]) -> list[Pair]:
    return [(key, place) for place, key in enumerate(keys)]


@given(st.lists(st.integers(0, 9), max_size=200))
def test_the_result_is_a_sorted_permutation(keys: list[int]) -> None:
    items = numbered(keys)
    introsort(items, by_key)
    assert [key for key, _ in items] == sorted(keys)
    assert sorted(place for _, place in items) == list(range(len(keys)))


@given(st.lists(st.integers(0, 3), max_size=16))
def test_up_to_16_elements_it_is_stable(keys: list[int]) -> None:
    items = numbered(keys)
    introsort(items, by_key)
    assert items == sorted(numbered(keys))


def test_seventeen_equal_elements_change_places() -> None:
    """The middle one comes to the front, then the partition swaps every pair of the rest."""
    items = numbered([0] * 17)
    introsort(items, by_key)
    expected = [8, 16, 15, 14, 13, 12, 11, 10, 9, 0, 7, 6, 5, 4, 3, 2, 1]
    assert [place for _, place in items] == expected


@given(st.lists(st.integers(0, 9), min_size=2, max_size=60))
def test_the_heap_sort_behind_the_depth_limit_sorts(keys: list[int]) -> None:
    items = numbered(keys)
    _heap_sort(items, 0, len(items), by_key)
    assert [key for key, _ in items] == sorted(keys)


def test_an_adversary_reaches_the_heap_sort() -> None:
    """McIlroy's killer sequence makes quick sort quadratic; the result must still be sorted."""
    size = 400
    values = _killer(size)
    items = numbered(values)
    calls = 0

    def counted(one: Pair, other: Pair) -> bool:
        nonlocal calls
        calls += 1
        return by_key(one, other)

    introsort(items, counted)
    assert [key for key, _ in items] == sorted(values)
    assert calls < size * size // 8


def _killer(size: int) -> list[int]:
    """Return values, fixed while sorting, that are as bad for the sort as they can be."""
    gas = size
    values = [gas] * size
    solid = 0
    candidate = 0

    def less(one: int, other: int) -> bool:
        nonlocal solid, candidate
        if values[one] == gas and values[other] == gas:
            values[one if one == candidate else other] = solid
            solid += 1
        if values[one] == gas:
            candidate = one
        elif values[other] == gas:
            candidate = other
        return values[one] < values[other]

    order: Callable[[int, int], bool] = less
    introsort(list(range(size)), order)
    return values
