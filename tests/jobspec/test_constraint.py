"""Constraints against a naive evaluator: every expression on 50 nodes."""

from typing import Any

import pytest

from fluxion_py.errors import ConstraintError
from fluxion_py.hostlist import parse_hostlist
from fluxion_py.idset import parse_idset
from fluxion_py.jobspec.constraint import compile_constraint
from fluxion_py.jobspec.requires import parse_requires

NODES: list[tuple[str, int, dict[str, str]]] = [
    (
        f"{'hetchy' if rank < 25 else 'n'}{rank + 190}",
        rank,
        {
            name: value
            for name, value, every in (
                ("parrypeak", "", 2),
                ("rabbit", "", 3),
                ("gpu", "a100" if rank % 2 else "h100", 5),
            )
            if rank % every == 0
        },
    )
    for rank in range(50)
]


def naive(
    constraint: dict[str, Any] | None, name: str, rank: int, properties: dict[str, str]
) -> bool:
    """Answer as RFC 31 reads, with lists and no cleverness."""
    for operator, values in (constraint or {}).items():
        if operator == "hostlist":
            return name in [host for text in values for host in parse_hostlist(text)]
        if operator == "ranks":
            return rank in [number for text in values for number in parse_idset(str(text))]
        if operator == "properties":
            return all(
                (p[1:] not in properties) if p[0] == "^" else (p in properties) for p in values
            )
        answers = [naive(value, name, rank, properties) for value in values]
        if operator == "and":
            return False not in answers
        if operator == "or":
            return True in answers if answers else True
        return False in answers
    return True


A, B, C = {"properties": ["parrypeak"]}, {"properties": ["rabbit"]}, {"ranks": ["3-17,40"]}
H = {"hostlist": ["hetchy[195-201]", "n230"]}
EXPRESSIONS: list[dict[str, Any] | None] = [
    None,
    {},
    A,
    B,
    C,
    H,
    {"properties": []},
    {"properties": ["^parrypeak"]},
    {"properties": ["parrypeak", "rabbit"]},
    {"properties": ["parrypeak", "^rabbit"]},
    {"properties": ["nothing"]},
    {"properties": ["^nothing"]},
    {"hostlist": []},
    {"hostlist": ["n[215-239]"]},
    {"ranks": []},
    {"ranks": ["0", "49"]},
    {"ranks": [7]},
    {"ranks": ["0-10", "5-20", "21"]},
    {"ranks": ["0-99"]},
    {"and": []},
    {"or": []},
    {"not": []},
    {"and": [{}]},
    {"or": [{}]},
    {"not": [{}]},
    {"and": [A, B]},
    {"or": [A, B]},
    {"not": [A]},
    {"not": [A, B]},
    {"not": [{"not": [A]}]},
    {"and": [A, {"or": [B, C]}]},
    {"or": [A, {"and": [B, C]}]},
    {"and": [H, {"or": [A, B]}]},
    {"not": [{"or": [A, B]}]},
    {"not": [{"and": [A, B]}]},
    {"or": [{"not": [A]}, {"not": [B]}]},
    {"and": [{"not": [H]}, {"not": [C]}]},
    {"and": [A, {"and": [B, {"and": [C]}]}]},
    {"or": [{"or": []}, A]},
    {"and": [{"not": []}, A]},
    {"not": [{"not": []}]},
    {"or": [H, C, {"properties": ["gpu"]}]},
]


def test_there_are_forty_expressions_with_both_answers() -> None:
    answers = [[naive(e, *node) for node in NODES] for e in EXPRESSIONS]
    assert len(EXPRESSIONS) >= 40
    assert sum(len(set(row)) == 2 for row in answers) >= 25


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_the_truth_table(expression: dict[str, Any] | None) -> None:
    compiled = compile_constraint(expression)
    for node in NODES:
        assert compiled.matches(*node) is naive(expression, *node), node


def test_the_reference_answers_no_to_an_empty_or() -> None:
    assert not compile_constraint({"or": []}, reference=True).matches("n0", 0, {})
    assert compile_constraint({"or": []}).matches("n0", 0, {})


def test_a_value_can_be_asked_for_except_in_the_reference() -> None:
    wanted = {"properties": ["gpu=a100"]}
    assert compile_constraint(wanted).matches("n", 0, {"gpu": "a100"})
    assert not compile_constraint(wanted).matches("n", 0, {"gpu": "h100"})
    assert not compile_constraint(wanted, reference=True).matches("n", 0, {"gpu": "a100"})
    assert compile_constraint(wanted, reference=True).matches("n", 0, {"gpu=a100": ""})


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"not": [value]}
    return value


@pytest.mark.parametrize(
    ("value", "text", "where"),
    [
        ("a", "constraint is not a mapping", None),
        ({"and": ["a"]}, "constraint is not a mapping", "and[0]"),
        ({"and": [], "or": []}, "constraint map may not contain > 1 operation", None),
        ({"nand": []}, "unknown constraint operator: nand", "nand"),
        ({"properties": "a"}, "properties operator value must be an array", "properties"),
        ({"not": {}}, "not operator value must be an array", "not"),
        ({"properties": ["a|b"]}, "a|b is invalid", "properties[0]"),
        ({"properties": ["^^a"]}, "^^a is invalid", "properties[0]"),
        ({"properties": [1]}, "non-string property specified", "properties[0]"),
        ({"hostlist": ["n[0-"]}, "Invalid hostlist `n[0-'", "hostlist[0]"),
        ({"ranks": ["0-x"]}, "Invalid idset `0-x'", "ranks[0]"),
        ({"or": [{"ranks": ["0", "2,1"]}]}, "Invalid idset `2,1'", "or[0].ranks[1]"),
        (nested(5_000), None, "not[0]" + ".not[0]" * 100),
    ],
)
def test_mistakes_have_the_reference_s_text_and_a_place(
    value: object, text: str | None, where: str | None
) -> None:
    with pytest.raises(ConstraintError) as caught:
        compile_constraint(value)
    assert caught.value.reference_text == text
    assert caught.value.where == where


P = {"properties": ["a"]}
Q = {"properties": ["b"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        ("a", P),
        ("a,b", {"properties": ["a", "b"]}),
        ("^a", {"properties": ["^a"]}),
        ("-a", {"not": [P]}),
        ("not a", {"not": [P]}),
        ("not not a", {"not": [{"not": [P]}]}),
        ("a b", {"and": [P, Q]}),
        ("a and b", {"and": [P, Q]}),
        ("a&b", {"and": [P, Q]}),
        ("a && b", {"and": [P, Q]}),
        ("a|b", {"or": [P, Q]}),
        ("a || b", {"or": [P, Q]}),
        ("a or b and rank:0-3", {"or": [P, {"and": [Q, {"ranks": ["0-3"]}]}]}),
        ("(a|-b)&host:n[1,3]", {"and": [{"or": [P, {"not": [Q]}]}, {"hostlist": ["n[1,3]"]}]}),
        ("not (a or b)", {"not": [{"or": [P, Q]}]}),
        ("-hosts:n1", {"not": [{"hostlist": ["n1"]}]}),
        ("'x y'", {"properties": ["x y"]}),
        ('host:"n1,n2"', {"hostlist": ["n1,n2"]}),
        ("android oregon", {"and": [{"properties": ["android"]}, {"properties": ["oregon"]}]}),
        ("read-only", {"properties": ["read-only"]}),
    ],
)
def test_requires_texts_follow_rfc_35(text: str, value: object) -> None:
    assert parse_requires(text) == value


def test_the_requires_text_of_the_mission() -> None:
    compiled = compile_constraint(parse_requires("hosts:hetchy201 and (parrypeak or rabbit)"))
    assert not compiled.matches("hetchy201", 11, {})
    assert compiled.matches("hetchy201", 11, {"rabbit": ""})
    assert not compiled.matches("hetchy202", 12, {"rabbit": ""})


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("a or", 5),
        ("(a", 3),
        ("a)", 2),
        ("-(a)", 1),
        ("and a", 1),
        ("a | | b", 5),
        ("state:x", 1),
        ("host:", 1),
        ("a,,b", 1),
        ("'x", 1),
        ("a 'x", 2),
        ("(" * 5_000, 51),
    ],
)
def test_requires_mistakes_have_a_column(text: str, column: int) -> None:
    with pytest.raises(ConstraintError, match="bad constraint") as caught:
        parse_requires(text)
    assert caught.value.column == column
    assert caught.value.hint


def test_requires_checks_the_names_too() -> None:
    with pytest.raises(ConstraintError, match="a '\\[' is not closed"):
        parse_requires("host:n[0-")
    with pytest.raises(ConstraintError, match="longer than"):
        parse_requires("a " * 40_000)
