import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxion_py.errors import FormatError
from fluxion_py.hostlist import MAX_HOSTS, Hostlist, format_hostlist, parse_hostlist


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("foox,fooy,fooz", ["foox", "fooy", "fooz"]),
        ("[1-3,5-6]", ["1", "2", "3", "5", "6"]),
        ("foo[1-3]", ["foo1", "foo2", "foo3"]),
        ("foo[0-1]-eth2", ["foo0-eth2", "foo1-eth2"]),
        ("foo1,foo1", ["foo1", "foo1"]),
        ("[00-02]", ["00", "01", "02"]),
        ("foo[1,1,2,1]", ["foo1", "foo1", "foo2", "foo1"]),
        ("n[08-10]", ["n08", "n09", "n10"]),
        ("n[5,4,11-12]", ["n5", "n4", "n11", "n12"]),
        ("r[0-1]n[0-1]", ["r0n0", "r0n1", "r1n0", "r1n1"]),
        (" a , b ,, ", ["a", "b"]),
    ],
)
def test_parse_follows_the_vectors_of_rfc_29(text: str, names: list[str]) -> None:
    assert parse_hostlist(text) == names


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("node[0-", "a '[' is not closed"),
        ("node]", "has no partner"),
        ("n[[1]]", "has no partner"),
        ("n[]", "is no number"),
        ("n[a]", "is no number"),
        ("n[3-1]", "runs backwards"),
        ("n 1", "has a space inside"),
        (f"n[0-{MAX_HOSTS}]", "too many hosts"),
        ("n[0-999999999999999]", "too many hosts"),
        ("a[0-9999]b[0-9999]", "too many hosts"),
        ("x" * 17 + "," + "y" * 200 + "[0-200000]", "characters"),
    ],
)
def test_parse_refuses_what_is_no_hostlist_and_says_why(text: str, reason: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_hostlist(text)
    assert reason in caught.value.message
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["node0", "node1", "node2", "node3", "node7", "foo1"], "node[0-3,7],foo1"),
        (["n9", "n10", "n11"], "n[9-11]"),
        (["n09", "n10", "n1"], "n[09-10,1]"),
        (["b", "a", "a"], "b,a,a"),
        (["n1", "n1", "n2"], "n[1,1-2]"),
        (["n2", "n1"], "n[2,1]"),
        (["7"], "7"),
    ],
)
def test_format_compresses_neighbours_in_order(names: list[str], text: str) -> None:
    assert format_hostlist(names) == text


NAMES = st.lists(st.from_regex(r"[a-z]{0,2}[0-9]{0,3}[a-z]?", fullmatch=True).filter(bool))


@given(NAMES)
def test_format_and_parse_are_inverse(names: list[str]) -> None:
    assert parse_hostlist(format_hostlist(names)) == names


def test_hostlist_is_a_sequence_that_prints_compressed() -> None:
    hosts = Hostlist("elk[0-2,10-12]")
    assert repr(hosts) == "Hostlist('elk[0-2,10-12]')"
    assert str(hosts) == "elk[0-2,10-12]"
    assert len(hosts) == 6
    assert hosts[3] == "elk10"
    assert hosts[:2] == Hostlist(["elk0", "elk1"])
    assert "elk12" in hosts
    assert list(hosts)[-1] == "elk12"
    assert hash(hosts) == hash(Hostlist(list(hosts)))
    assert hosts != list(hosts)
