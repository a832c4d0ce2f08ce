import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxion_py.duration import format_duration, parse_duration, resolve_duration
from fluxion_py.errors import FormatError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3600", 3600),
        ("3600s", 3600),
        ("1h", 3600),
        ("30m", 1800),
        ("1.5d", 129600),
        ("250ms", 0.25),
        ("0", 0),
        (".5m", 30),
        ("1e3", 1000),
        ("1e3ms", 1),
        ("0.1h", 360),
        ("infinity", math.inf),
    ],
)
def test_parse_reads_rfc_23_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "-1", "1w", "1 h", "1H", "nan", "1h30m", "9" * 100])
def test_parse_refuses_other_texts_in_one_line(text: str) -> None:
    with pytest.raises(FormatError, match="bad duration") as caught:
        parse_duration(text)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (3600, "1h"), (5400, "90m"), (86400, "1d"), (61, "61s"), (0.5, "0.5s")],
)
def test_format_uses_the_largest_whole_unit(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_infinity_survives_the_round_trip() -> None:
    assert parse_duration(format_duration(math.inf)) == math.inf


@given(st.integers(0, 10**9))
def test_format_and_parse_are_inverse(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize("seconds", [-1, math.nan])
def test_format_refuses_what_is_no_duration(seconds: float) -> None:
    with pytest.raises(ValueError, match="not negative"):
        format_duration(seconds)


def test_durations_are_rounded_up_and_zero_is_the_whole_life_time() -> None:
    assert resolve_duration(0, 1000) == 1000
    assert resolve_duration(59.25, 1000) == 60
    assert resolve_duration(1000, 1000) == 1000
    assert resolve_duration(math.nan, 1000) is None
    assert resolve_duration(math.inf, 1000) is None
    assert resolve_duration(-0.5, 1000) is None
