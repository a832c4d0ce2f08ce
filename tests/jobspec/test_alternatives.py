import pytest

from fluxion_py.errors import JobspecError
from fluxion_py.jobspec import expand_alternatives
from fluxion_py.jobspec.model import Count, Resource

ONE = Count(1, 1)


def xor(label: str, *children: Resource) -> Resource:
    return Resource("xor_slot", ONE, children, label)


def names(resources: tuple[Resource, ...]) -> list[object]:
    return [
        (entry.label or entry.type, names(entry.children))
        if entry.children
        else entry.label or entry.type
        for entry in resources
    ]


def test_without_alternatives_there_is_one_variant() -> None:
    request = (Resource("node", ONE, (Resource("core", ONE),)),)
    assert expand_alternatives(request) == [request]
    assert expand_alternatives(()) == [()]


def test_siblings_share_the_place_of_the_first_and_become_slots() -> None:
    variants = expand_alternatives((xor("a"), Resource("gpu", ONE), xor("b")))
    assert [names(variant) for variant in variants] == [["a", "gpu"], ["b", "gpu"]]
    assert {entry.type for variant in variants for entry in variant} == {"slot", "gpu"}


def test_positions_are_combined_and_the_last_varies_fastest() -> None:
    request = (
        Resource("rack", ONE, (xor("a"), xor("b"))),
        Resource("node", ONE, (xor("c"), xor("d"))),
    )
    assert [names(variant) for variant in expand_alternatives(request)] == [
        [("rack", ["a"]), ("node", ["c"])],
        [("rack", ["a"]), ("node", ["d"])],
        [("rack", ["b"]), ("node", ["c"])],
        [("rack", ["b"]), ("node", ["d"])],
    ]


def test_nested_alternatives_count_within_their_own_branch() -> None:
    variants = expand_alternatives((xor("a", xor("c"), xor("d")), xor("b")))
    assert [names(variant) for variant in variants] == [[("a", ["c"])], [("a", ["d"])], ["b"]]


def test_one_thousand_variants_are_the_limit() -> None:
    pair = (xor("a"), xor("b"))
    ten = tuple(xor(str(number)) for number in range(10))
    three = tuple(Resource("node", ONE, ten) for _ in range(3))
    assert len(expand_alternatives(three)) == 1000
    with pytest.raises(JobspecError, match="more than 1000 variants"):
        expand_alternatives((*three, *pair))
    with pytest.raises(JobspecError, match="more than 1000 variants"):
        expand_alternatives([Resource("node", ONE, pair)] * 4000)
