"""R version 1: load, ranks, choice of reader, refusals (resource-graph.md 5, matching.md 9)."""

import json
from typing import Any

import pytest

from fluxion_py.graph.invariants import problems
from fluxion_py.readers import ReadError, read_text
from fluxion_py.readers.rv1 import parse_r, parse_ranks, reader_of, split_hostname

Json = dict[str, Any]


def r(entries: list[tuple[str, Json]], hosts: list[str], **execution: object) -> Json:
    lite = [{"rank": rank, "children": children} for rank, children in entries]
    return {"version": 1, "execution": {"R_lite": lite, "nodelist": hosts, **execution}}


def test_load_makes_nodes_and_their_children_rank_by_rank() -> None:
    text = json.dumps(
        r(
            [("1,3", {"gpu": "0", "core": "0-1"}), ("2", {"licence": "7"})],
            ["elk[007-008]", "lone"],
            properties={"fast@core": "1,3", "big": "2"},
        )
    )
    flat = read_text(text, "rv1exec")
    assert [flat.name(row) for row in flat.rows()] == [
        "cluster0", "elk007", "gpu0", "core0", "core1", "lone", "gpu0", "core0", "core1",
        "elk008", "licence7",
    ]  # fmt: skip
    assert [flat.uniq_id(row) for row in flat.rows()] == list(range(11))
    assert [flat.rank(row) for row in flat.rows()] == [-1, 1, 1, 1, 1, 3, 3, 3, 3, 2, 2]
    assert (flat.basename(1), flat.id(1), flat.id(5)) == ("elk", 7, -1)
    assert flat.path(10) == "/cluster0/elk008/licence7"
    assert flat.properties(1) == {"fast@core": ""}
    assert flat.properties(9) == {"big": ""}
    assert flat.properties(3) == {}
    assert problems(flat) == []


def test_one_host_name_may_serve_two_ranks() -> None:
    flat = read_text(json.dumps(r([("0-1", {"core": "0"})], ["n", "n"])))
    assert len(flat.rows_at("/cluster0/n")) == 2
    assert problems(flat) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("elk12", ("elk", 12)),
        ("elk007", ("elk", 7)),
        ("elk", ("elk", -1)),
        ("12", ("12", 12)),
        ("a1b", ("a1b", -1)),
        (f"n{2**63 - 1}", ("n", 2**63 - 1)),
    ],
)
def test_host_names_split_into_basename_and_id(name: str, expected: tuple[str, int]) -> None:
    assert split_hostname(name) == expected


GOOD = r([("0-1", {"core": "0-3"})], ["n[0-1]"])


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["version"], 2, "version: must be 1, not 2"),
        (["version"], True, "version: must be 1"),
        (["execution"], [], "execution: must be an object"),
        (["execution", "R_lite"], {}, "execution.R_lite: must be an array"),
        (["execution", "R_lite", 0], 1, "execution.R_lite[0]: must be an object"),
        (["execution", "R_lite", 0, "rank"], 0, "R_lite[0].rank: must be an idset text"),
        (["execution", "R_lite", 0, "rank"], "0^2", "R_lite[0].rank: bad idset '0^2'"),
        (["execution", "R_lite", 0, "rank"], "0,99999999999", "is larger than"),
        (["execution", "R_lite", 0, "children"], None, "R_lite[0].children: is missing"),
        (["execution", "R_lite", 0, "children", "core"], 3, "children.core: must be an idset"),
        (["execution", "R_lite", 0, "children", "core"], "0-99999999", "more than"),
        (["execution", "nodelist"], "n[0-1]", "execution.nodelist: must be an array"),
        (["execution", "nodelist"], ["n[0-2]"], "names 3 hosts for 2 ranks"),
        (["execution", "nodelist"], ["n[0-"], "execution.nodelist: bad hostlist"),
        (["execution", "nodelist"], ["a", f"n{2**63}"], "does not fit 64 bits"),
        (["execution", "properties"], {"fast": "0-"}, "execution.properties.fast: bad idset"),
        (["execution", "properties"], {"fast": "5"}, "rank 5 is not in R_lite"),
        (["execution", "starttime"], "soon", "execution.starttime: must be seconds"),
        (["scheduling"], "jgf", "scheduling: must be an object"),
    ],
)
def test_wrong_r_is_refused_at_its_place(path: list[Any], value: object, message: str) -> None:
    broken = json.loads(json.dumps(GOOD))
    inner = broken
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(ReadError) as caught:
        parse_r(broken, "R.json")
    assert message in str(caught.value)
    with pytest.raises(ReadError):
        read_text(json.dumps(broken), "rv1exec")


def test_rank_given_twice_has_the_words_of_the_reference() -> None:
    text = json.dumps(r([("0", {"core": "0"}), ("0", {"core": "0"})], ["n0"]))
    with pytest.raises(ReadError, match="rank 0 occurs twice") as caught:
        read_text(text, "rv1exec")
    assert caught.value.reference_text == "found duplicate vertex in graph"


def test_ranks_of_r_need_only_r_lite() -> None:
    lite = {"execution": {"R_lite": [{"rank": "3,5"}, {"rank": "0"}]}}
    assert parse_ranks(lite) == [0, 3, 5]
    assert parse_ranks(json.dumps(lite)) == [0, 3, 5]
    with pytest.raises(ReadError, match="bad idset '-1'"):
        parse_ranks({"execution": {"R_lite": [{"rank": "-1"}]}})


def test_times_and_hosts_of_r() -> None:
    found = parse_r({**GOOD, "execution": {**GOOD["execution"], "starttime": 5, "expiration": 9.9}})
    assert (found.starttime, found.expiration) == (5, 9)
    assert found.hosts == {0: "n0", 1: "n1"}
    assert found.ranks == [0, 1]
    assert found.scheduling is None


@pytest.mark.parametrize(
    ("scheduling", "expected"),
    [
        (None, "rv1exec"),
        ({}, "jgf"),
        ({"writer": "fluxion"}, "jgf"),
        ({"writer": "fluxion:"}, "jgf"),
        ({"writer": "fluxion:jgf"}, "jgf"),
        ({"writer": "fluxion:jgf_shorthand"}, "jgf_shorthand"),
    ],
)
def test_writer_decides_how_r_is_read_back(scheduling: Json | None, expected: str) -> None:
    assert reader_of({"scheduling": scheduling}) == expected


@pytest.mark.parametrize(
    ("writer", "message"),
    [
        ("slurm:jgf", "unsupported scheduling.writer scheme (not fluxion)"),
        ("fluxion:xml", "unsupported fluxion scheduling.writer format"),
        (5, "unsupported scheduling.writer scheme (not fluxion)"),
    ],
)
def test_writer_of_another_scheduler_is_refused(writer: object, message: str) -> None:
    with pytest.raises(ReadError) as caught:
        reader_of({"scheduling": {"writer": writer}})
    assert caught.value.reference_text == message
