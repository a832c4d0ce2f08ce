"""`Count.resolve` against a naive enumeration of the series (jobspec.md 3)."""

from hypothesis import given
from hypothesis import strategies as st

from fluxion_py.jobspec.model import UNLIMITED, Count
from tests.oracles.verifier_packing import covers, lowest, series_from
from tests.strategies import counts


def series(count: Count) -> list[int]:
    """All acceptable values, one after the other, as the page says them."""
    if count.choices:
        return list(count.choices)
    values = [count.min]
    while True:
        last = values[-1]
        step = {"+": last + count.operand, "*": last * count.operand, "^": last**count.operand}
        if step[count.operator] > min(count.max, UNLIMITED):
            return values
        values.append(step[count.operator])


@given(counts(), st.integers(0, 4000))
def test_resolve_is_the_largest_value_of_the_series_that_is_there(
    count: Count, available: int
) -> None:
    expected = max((value for value in series(count) if value <= available), default=0)
    assert count.resolve(available) == expected


@given(counts())
def test_the_ceiling_is_the_last_value(count: Count) -> None:
    assert count.ceiling == series(count)[-1]


@given(counts(), st.integers(0, 200))
def test_more_resources_never_give_less(count: Count, available: int) -> None:
    assert count.resolve(available + 1) >= count.resolve(available)


@given(st.integers(1, 100), st.integers(0, 200))
def test_a_plain_number_is_met_exactly_or_not_at_all(wanted: int, available: int) -> None:
    assert Count(wanted, wanted).resolve(available) == (wanted if available >= wanted else 0)


def test_an_open_end_takes_everything() -> None:
    assert Count(2, UNLIMITED).resolve(10**6) == 10**6
    assert Count(2, UNLIMITED, "*", 2).resolve(10**6) == 2**19


def test_a_number_of_zero_is_never_met() -> None:
    assert Count(0, 0).resolve(5) == 0


# the verifier's own reading of the same page
@given(counts(), st.integers(0, 4000))
def test_the_verifier_reads_the_same_series(count: Count, floor: int) -> None:
    assert list(series_from(count, floor)) == [value for value in series(count) if value > floor]
    assert lowest(count) == series(count)[0]


@given(counts(), st.integers(1, 300), st.integers(1, 20))
def test_covers_means_enough_and_no_vertex_too_many(count: Count, total: int, last: int) -> None:
    last = min(last, total)
    expected = any(value <= total and total - last < value for value in series(count))
    assert covers(count, total, total, last) == expected
