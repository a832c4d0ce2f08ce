"""The expressions of find; their evaluation on a machine is in test_asking.py."""

import pytest

from fluxion_py._core.engine import Engine
from fluxion_py.errors import FormatError
from fluxion_py.match.find import parse_criteria
from fluxion_py.match.job import parse_jobid
from fluxion_py.match.policy import POLICIES
from tests.machines import mini


def rows(text: str, down: tuple[int, ...] = ()) -> set[int]:
    """Return the rows that satisfy an expression on the small machine."""
    graph = mini()
    graph.set_property(1, "fast", "")
    engine = Engine(graph, policy=POLICIES["first"], filters=[("ALL", "core")])
    for row in down:
        engine.set_status(row, False)
    return {row for row, bit in enumerate(parse_criteria(text).mask(engine)) if bit}


SOCKET0 = {3, 7, 8, 9, 19}


def test_a_predicate_is_true_for_everything_below_a_down_vertex() -> None:
    assert rows("status=down", (3,)) == SOCKET0
    assert rows("status=up", (3,)) == set(range(23)) - SOCKET0


def test_operators_are_read_from_the_left_with_equal_precedence() -> None:
    assert rows("names=node0 or names=node1 and status=down", (2,)) == {2}
    assert rows("names=node0 or (names=node1 and status=up)", (2,)) == {1}


def test_a_blank_means_and() -> None:
    assert rows("names=socket0 status=down", (3,)) == rows("names=socket0 and status=down", (3,))
    assert rows("names=socket0 status=down", (3,)) == {3}


def test_parentheses_need_no_blanks() -> None:
    assert rows("(status=up)(names=node[0-1])") == {1, 2}


def test_values_are_read_without_regard_to_case() -> None:
    assert rows("status=DOWN", (3,)) == SOCKET0
    assert rows("names=NODE[0-1]") == {1, 2}
    assert rows("property=FAST") == {1}


def test_agfilter_leaves_vertices_with_a_filter_only() -> None:
    assert rows("agfilter=true") == {0, 1, 2, 3, 4, 5, 6}
    assert rows("status=up or agfilter=t") == rows("agfilter=true")
    assert rows("agfilter=false") == set(range(23))


def test_criteria_know_the_last_job_and_whether_amounts_are_wanted() -> None:
    criteria = parse_criteria("jobid-tag=1 or (jobid-alloc=2 agfilter=t)")
    assert (criteria.agfilter, criteria.jobid) == (True, 2)
    assert parse_criteria("status=up").jobid is None
    assert not parse_criteria("agfilter=f").agfilter


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("status", "is no predicate"),
        ("status=", "is no predicate"),
        ("status=sideways", "is no value of status"),
        ("agfilter=maybe", "is no value of agfilter"),
        ("foo=bar", "unknown key 'foo'"),
        ("status=up and", "missing before 'the end'"),
        ("and status=up", "missing before 'and'"),
        ("status=up or or status=down", "missing before 'or'"),
        ("(status=up", r"a '\(' is not closed"),
        ("status=up)", r"unbalanced '\)'"),
        ("()", r"missing before '\)'"),
        ("jobid-alloc=x", "is no job id"),
        ("jobid-alloc=-1", "is no job id"),
        ("jobid-alloc=9223372036854775808", "is no job id"),
        ("names=socket[af[]", "bad hostlist"),
        ("(" * 201 + "status=up" + ")" * 201, "nested more than 200"),
        ("status=up " * 10_001, "more than 10000 words"),
    ],
)
def test_a_wrong_expression_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        parse_criteria(text)


@pytest.mark.parametrize(
    ("text", "jobid"),
    [("0", 0), ("17", 17), ("0x1F", 31), ("f2", 1), ("fNH", 1234), ("ƒNH", 1234)],
)  # fmt: skip
def test_job_ids_are_decimal_hexadecimal_or_f58(text: str, jobid: int) -> None:
    assert parse_jobid(text) == jobid
