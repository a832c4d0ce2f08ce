import pytest

from fluxion_py.session.numbers import parse_signed, parse_unsigned


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("17", 17),
        ("+17", 17),
        ("17x", 17),
        ("x17", 0),
        ("", 0),
        ("-", 0),
        ("-1", 2**64 - 1),
        (str(2**64 - 1), 2**64 - 1),
        (str(2**64), 2**64 - 1),
        ("9" * 5000, 2**64 - 1),
        (f"-{2**65}", 2**64 - 1),
    ],
)
def test_a_job_number_is_read_like_strtoull(word: str, number: int) -> None:
    assert parse_unsigned(word) == number


@pytest.mark.parametrize(
    ("word", "number"),
    [("5", 5), ("-5", -5), ("5.9", 5), ("x", 0), ("9" * 50, 2**63 - 1), ("-" + "9" * 50, -(2**63))],
)
def test_a_time_is_read_like_strtoll(word: str, number: int) -> None:
    assert parse_signed(word) == number
