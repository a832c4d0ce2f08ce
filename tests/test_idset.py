import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxion_py.errors import FormatError
from fluxion_py.idset import MAX_IDS, IDset, format_idset, parse_idset, parse_ranges


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", []),
        ("[]", []),
        ("0", [0]),
        ("0-3,7", [0, 1, 2, 3, 7]),
        ("[0-3,7]", [0, 1, 2, 3, 7]),
        ("5-5", [5]),
    ],
)
def test_parse_gives_ascending_ids(text: str, ids: list[int]) -> None:
    assert parse_idset(text) == ids


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0-x", "'0-x' is no id"),
        ("1,", "'' is no id"),
        ("3-1", "runs backwards"),
        ("2,1", "ids must ascend"),
        ("1-3,3", "ids must ascend"),
        ("-1", "'-1' is no id"),
        ("007", "'007' is no id"),
        ("0-007", "is no id"),
        ("[1", "'[1' is no id"),
        ("1 ,2", "'1 ' is no id"),
        ("٣", "is no id"),
        ("1\n", "is no id"),
        ("9" * 19, "is larger than"),
        (f"0-{MAX_IDS}", f"more than {MAX_IDS} ids"),
        ("0-9223372036854775807", f"more than {MAX_IDS} ids"),
    ],
)
def test_parse_refuses_what_is_no_idset_and_says_why(text: str, reason: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_idset(text)
    assert reason in caught.value.message
    assert caught.value.hint


def test_ranges_of_a_huge_idset_cost_nothing() -> None:
    assert parse_ranges("0-4294967295", limit=2**63) == [(0, 2**32 - 1)]


@given(st.sets(st.integers(0, 200)))
def test_format_and_parse_are_inverse(ids: set[int]) -> None:
    assert parse_idset(format_idset(ids)) == sorted(ids)


def test_format_joins_neighbours_only() -> None:
    assert format_idset([7, 1, 0, 2, 3, 3, 9, 8]) == "0-3,7-9"


def test_format_refuses_negative_ids() -> None:
    with pytest.raises(ValueError, match="not negative"):
        format_idset([-1])


def test_idset_is_a_sequence_that_prints_compressed() -> None:
    ids = IDset([3, 1, 2, 7])
    assert str(ids) == "1-3,7"
    assert repr(ids) == "IDset('1-3,7')"
    assert list(ids) == [1, 2, 3, 7]
    assert len(ids) == 4
    assert 7 in ids
    assert 4 not in ids
    assert ids[0] == 1
    assert ids[1:3] == IDset("2-3")


def test_idset_equals_sets_of_the_same_ids_and_hashes_like_itself() -> None:
    assert IDset("0-1") == IDset([1, 0])
    assert IDset("0-1") == {0, 1}
    assert hash(IDset("0-1")) == hash(IDset([0, 1]))
    assert IDset("0-1") != "0-1"


def test_idset_refuses_negative_ids() -> None:
    with pytest.raises(ValueError, match="not negative"):
        IDset([-2])
