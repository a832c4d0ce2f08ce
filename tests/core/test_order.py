"""The two orders of equal candidates against obvious ones."""

from random import Random

import pytest

from fluxion_py._core.order import order_of
from tests.oracles.sorting import introsort


@pytest.mark.parametrize("distinct", [1, 2, 7, 1000])
@pytest.mark.parametrize("length", [0, 1, 2, 15, 16, 17, 64, 500, 3000])
def test_stable_order_is_that_of_sorted(length: int, distinct: int) -> None:
    rng = Random(f"{length} {distinct}")
    keys = [rng.randrange(distinct) for _ in range(length)]
    assert order_of(keys, False) == sorted(range(length), key=keys.__getitem__)


@pytest.mark.parametrize("distinct", [1, 2, 7, 1000])
@pytest.mark.parametrize("length", [0, 1, 2, 15, 16, 17, 64, 500, 3000])
def test_reference_order_is_that_of_the_oracle(length: int, distinct: int) -> None:
    rng = Random(f"{length} {distinct}")
    keys = [rng.randrange(distinct) for _ in range(length)]
    places = list(range(length))
    introsort(places, lambda one, other: keys[one] < keys[other])
    assert order_of(keys, True) == places


def test_the_two_orders_differ_where_many_are_equal() -> None:
    keys = [3, 1] * 20
    assert order_of(keys, True) != order_of(keys, False)
    assert [keys[place] for place in order_of(keys, True)] == sorted(keys)
