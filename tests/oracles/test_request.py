"""Requests with a choice become plain ones, in the core as in the oracle (jobspec.md 5)."""

from collections.abc import Callable, Sequence

import pytest

from fluxion_py._core.request import expand_alternatives
from fluxion_py.jobspec.model import Count, Resource
from tests.oracles.request import variants

ONE = Count(1, 1)

Names = list[object]
Expand = Callable[[Sequence[Resource]], list[Names]]


def xor(label: str, *children: Resource) -> Resource:
    return Resource("xor_slot", ONE, children, label)


def one(kind: str, *children: Resource) -> Resource:
    return Resource(kind, ONE, children)


def names(kind: str, label: str | None, below: Names) -> object:
    name = f"{kind}:{label}" if label else kind
    return (name, below) if below else name


def by_core(resources: Sequence[Resource]) -> list[Names]:
    """The variants of the core, as nested names."""

    def named(forms: Sequence[tuple[str, list[object], Resource]]) -> Names:
        return [names(kind, entry.label, named(below)) for kind, below, entry in forms]  # type: ignore[arg-type]

    return [named(variant) for variant in expand_alternatives(resources)]


def by_oracle(resources: Sequence[Resource]) -> list[Names]:
    """The variants of the oracle, as nested names."""

    def named(entries: Sequence[Resource]) -> Names:
        return [names(entry.type, entry.label, named(entry.children)) for entry in entries]

    return [named(variant) for variant in variants(resources)]


@pytest.fixture(params=[by_core, by_oracle], ids=["core", "oracle"])
def expand(request: pytest.FixtureRequest) -> Expand:
    found: Expand = request.param
    return found


def test_without_alternatives_there_is_one_variant(expand: Expand) -> None:
    assert expand([one("node", one("core"))]) == [[("node", ["core"])]]
    assert expand([]) == [[]]


def test_siblings_share_the_place_of_the_first_and_become_slots(expand: Expand) -> None:
    found = expand([xor("a"), one("gpu"), xor("b")])
    assert found == [["slot:a", "gpu"], ["slot:b", "gpu"]]


def test_positions_are_combined_and_the_last_varies_fastest(expand: Expand) -> None:
    found = expand([one("rack", xor("a"), xor("b")), one("node", xor("c"), xor("d"))])
    assert found == [
        [("rack", ["slot:a"]), ("node", ["slot:c"])],
        [("rack", ["slot:a"]), ("node", ["slot:d"])],
        [("rack", ["slot:b"]), ("node", ["slot:c"])],
        [("rack", ["slot:b"]), ("node", ["slot:d"])],
    ]


def test_nested_alternatives_count_within_their_own_branch(expand: Expand) -> None:
    found = expand([xor("a", xor("c"), xor("d")), xor("b")])
    assert found == [[("slot:a", ["slot:c"])], [("slot:a", ["slot:d"])], ["slot:b"]]


def test_one_thousand_variants_are_the_limit(expand: Expand) -> None:
    pair = (xor("a"), xor("b"))
    three = [one("node", *(xor(str(number)) for number in range(10)))] * 3
    assert len(expand(three)) == 1000
    with pytest.raises(OverflowError):
        expand([*three, *pair])
    with pytest.raises(OverflowError):
        expand([one("node", *pair)] * 4000)
