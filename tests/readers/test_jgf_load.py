"""The quick load of JGF equals the complete one, or leaves the text to it and the graph alone."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py._core.jgf_load import load_jgf
from fluxion_py.errors import GraphError
from fluxion_py.readers.jgf import read_completely
from fluxion_py.writers.whole_graph import write_whole
from tests.conftest import require_shared
from tests.readers.jgf_text import Json, edge, jgf, machine, vertex
from tests.strategies import random_machine

TEXTS = (
    "",
    "a",
    "node",
    "core",
    "node007",
    "x-1",
    "é",
    "\U0001f332",
    'q"\\/\n',
    "\ud800",
    " 5",
    "9" * 25,
)
NUMBERS = (
    0,
    1,
    -1,
    -2,
    7,
    2**31 - 1,
    2**31,
    2**60,
    2**63 - 1,
    2**63,
    -(2**63),
    10**30,
    1.0,
    1.5,
    1e400,
)
PATHS = ("/", "/a", "/a/b", "a/b", "/é/ü", "//", "/a" * 1100, "/cluster0", "/a\tb", "")
OTHERS: tuple[object, ...] = (
    None,
    True,
    False,
    [],
    {},
    [1, [2, {"a": None}]],
    {"id": "x", "b": [{}]},
    {"a": "b"},
)
NODE_KEYS = (
    "type", "basename", "name", "id", "uniq_id", "rank", "size", "unit", "status", "exclusive",
    "properties", "paths", "more",
)  # fmt: skip


def everything(flat: FlatGraph) -> list[object]:
    """Return all that a load can change."""
    return [
        (
            flat.type(row), flat.basename(row), flat.name(row), flat.id(row), flat.uniq_id(row),
            flat.rank(row), flat.size(row), flat.unit(row), flat.up(row), flat.properties(row),
            flat.paths(row), flat.out_edges(row), flat.in_edges(row),
        )
        for row in flat.rows()
    ] + [
        flat.types(), flat.subsystems(), len(flat), flat.edge_count,
        [flat.root(subsystem) for subsystem in flat.subsystems()],
    ]  # fmt: skip


def compare(text: str, *, keep_units: bool = True) -> bool:
    """Check one text; say whether the quick way took it."""
    quick = FlatGraph()
    before = everything(quick)
    taken = load_jgf(quick, text, keep_units)
    if not taken:
        assert everything(quick) == before
        return False
    complete = FlatGraph()
    read_completely(text, complete, keep_units=keep_units)
    assert everything(quick) == everything(complete)
    return True


def refused(text: str) -> bool:
    try:
        read_completely(text, FlatGraph())
    except GraphError:
        return True
    return False


def document(rng: Random) -> Json:
    """Return the JGF of a random machine, with some of what writers leave out filled in."""
    found: Json = json.loads("".join(write_whole("jgf", random_machine(rng))))
    for node in found["graph"]["nodes"]:
        meta = node["metadata"]
        if rng.random() < 0.2:
            meta["name"] = rng.choice(
                (f"{meta['type']}{meta['id']}", f"{meta['type']}x", "h01", "é")
            )
        if rng.random() < 0.2:
            meta["properties"] = {rng.choice("abc"): rng.choice(TEXTS[:9])}
        if rng.random() < 0.1:
            meta["paths"]["power"] = f"/p{node['id']}/{meta['type']}"
        for key in ("id", "uniq_id", "rank", "basename"):
            if rng.random() < 0.1:
                meta.pop(key, None)
    for join in found["graph"]["edges"]:
        if rng.random() < 0.1:
            join["metadata"] = rng.choice((None, {}, {"subsystem": "power"}, {"more": [1]}))
    return found


def disturb(found: Json, rng: Random) -> None:
    """Make one odd change."""
    graph = found["graph"]
    nodes, edges = graph["nodes"], graph["edges"]
    node = rng.choice(nodes)
    value = rng.choice(TEXTS + NUMBERS + PATHS + OTHERS)
    changes: list[Callable[[], object]] = [
        lambda: node["metadata"].update({rng.choice(NODE_KEYS): value}),
        lambda: node["metadata"].update({rng.choice(NODE_KEYS): value}),
        lambda: node["metadata"].pop(rng.choice(NODE_KEYS), None),
        lambda: node["metadata"]["paths"].update({rng.choice(("containment", "net", "é")): value}),
        lambda: node.update({"id": value}),
        lambda: node.pop(rng.choice(("id", "metadata"))),
        lambda: nodes.append(node),
        lambda: edges.append(edge(rng.randrange(len(nodes)), rng.randrange(len(nodes)))),
        lambda: edges.append({"source": value, "target": "0"}),
        lambda: edges.append({"source": "0", "target": "1", "metadata": value}),
        lambda: edges.append({"source": "0", "target": "1", "metadata": {"subsystem": value}}),
        lambda: edges.append({"source": "0", "target": "1", "x": value}),
        lambda: rng.shuffle(edges),
        lambda: rng.shuffle(nodes),
        lambda: found.update({rng.choice(("free_ranks", "graph2", "é")): value}),
        lambda: graph.update({rng.choice(("directed", "nodes", "edges")): value}),
        lambda: graph.pop(rng.choice(("nodes", "edges"))),
    ]
    rng.choice(changes)()


def shuffled(found: Json, rng: Random) -> Json:
    """Return the same object with its keys, and those of all objects in it, in another order."""

    def shuffle(members: list[tuple[str, object]]) -> Json:
        rng.shuffle(members)
        return dict(members)

    again: Json = json.loads(json.dumps(found), object_pairs_hook=shuffle)
    return again


def written(found: Json, rng: Random) -> str:
    separators = rng.choice(((", ", ": "), (",", ":"), (" ,\t", "\r\n:")))
    ascii_only = rng.random() < 0.5
    if rng.random() < 0.5:
        found = shuffled(found, rng)
    return json.dumps(found, separators=separators, ensure_ascii=ascii_only)


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=300)
def test_machines_load_alike_both_ways(seed: int) -> None:
    rng = Random(seed)
    text = written(document(rng), rng)
    assert compare(text, keep_units=rng.random() < 0.5) or refused(text)


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=600)
def test_odd_texts_load_alike_or_not_at_all(seed: int) -> None:
    rng = Random(seed)
    found = document(rng)
    for _ in range(rng.randint(1, 2)):
        try:
            disturb(found, rng)
        except (KeyError, AttributeError, TypeError, IndexError):
            break  # an earlier change took the place away
    compare(written(found, rng))


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=600)
def test_damaged_texts_load_alike_or_not_at_all(seed: int) -> None:
    rng = Random(seed)
    text = written(document(rng), rng)
    start = rng.randrange(len(text))
    end = min(len(text), start + rng.choice((0, 1, 1, 2, 30)))
    piece = rng.choice(
        ("", ",", '"', "}", "]", "{", "0", "-", ".", "e", "\\", "\x00", "\x01", "\ud800", " ", "/")
    )
    compare(text[:start] + piece + text[end:])


def test_a_text_cut_anywhere_is_left_to_the_messages() -> None:
    text = written(document(Random(7)), Random(7))
    for end in range(len(text)):
        assert not compare(text[:end])


def test_the_usual_texts_are_taken() -> None:
    nodes, edges = machine(3, 4)
    assert compare(jgf(nodes, edges))
    assert compare(
        jgf(nodes, [*edges, edge(0, 5, subsystem="net")], free_ranks="1", other={"x": [1.5e3]})
    )
    assert compare(json.dumps({"graph": {"edges": edges, "nodes": nodes}}, indent=2))
    nodes[1]["metadata"].update(
        name='n\u00e9"\\\n\U0001f332', properties={"\u00e9\ud83c\udf32": '"'}
    )
    nodes[1]["metadata"]["paths"]["containment"] = '/c0/n\u00e9"\\\n\U0001f332'
    assert compare(jgf(nodes, edges))


def test_a_vertex_below_two_others_is_taken_unless_it_is_above_itself() -> None:
    nodes = [
        vertex(0, "cluster", "/c0", id=0),
        vertex(1, "rack", "/c0/rack0", id=0),
        vertex(2, "node", "/c0/rack0/node0", id=0),
        vertex(3, "ssd", "/c0/rack0/ssd0", id=0),
    ]
    for node in nodes:
        node["metadata"].setdefault("basename", node["metadata"]["type"])
    edges = [edge(0, 1), edge(1, 2), edge(2, 3), edge(1, 3)]
    assert compare(jgf(nodes, edges))
    assert not compare(jgf(nodes, [*edges, edge(3, 1)]))
    assert not compare(jgf(nodes, [*edges, edge(3, 3)]))
    assert compare(jgf(nodes, [*edges, edge(3, 0, subsystem="power")]))


@pytest.mark.parametrize(
    ("start", "type"),
    [
        ('"id": "0", "id": "1"', '"type": "a"'),
        ('"id": "0"', '"type": "a", "type": "b"'),
        ('"\\u0069d": "0"', '"type": "a"'),
        ('"id": "\\u0030"', '"type": "a"'),
        ('"id": "007"', '"type": "a"'),
    ],
)
def test_the_unusual_is_left_to_the_complete_decoder(start: str, type: str) -> None:
    node = f'{{{start}, "metadata": {{{type}, "paths": {{"p": "/a"}}}}}}'
    text = f'{{"graph": {{"nodes": [{node}], "edges": []}}}}'
    assert not compare(text)
    assert not refused(text)


def flat_machine(ids: list[int]) -> tuple[list[Json], list[Json]]:
    nodes = [vertex(one, "node", f"/c0/node{one}", id=one) for one in ids]
    root = vertex(0, "cluster", "/c0", basename="c", id=0)
    return [root, *nodes], [edge(0, one) for one in ids]


def test_outer_ids_far_apart_are_taken_and_those_made_to_collide_left_alone() -> None:
    assert compare(jgf(*flat_machine([one << 32 | 5 for one in range(1, 2000)])))
    spread = 0x9E3779B97F4A7C15  # the factor of the hash table
    colliding = (
        one << 6 for one in range(1, 2**62) if one * spread % 2**64 >> 26 & 63 == 0
    )  # fmt: skip
    nodes, edges = flat_machine(list(islice(colliding, 2000)))
    assert not compare(jgf(nodes, edges))


def test_more_subsystems_than_a_graph_holds_are_left_to_the_message() -> None:
    nodes, edges = machine(1, 1)
    nodes[0]["metadata"]["paths"].update((f"s{number}", "/c0") for number in range(98))
    assert compare(jgf(nodes, edges))
    nodes[0]["metadata"]["paths"].update((f"t{number}", "/c0") for number in range(30))
    assert not compare(jgf(nodes, edges))
    assert refused(jgf(nodes, edges))


def test_a_graph_that_is_not_empty_is_left_alone() -> None:
    nodes, edges = machine(1, 1)
    flat = FlatGraph()
    assert load_jgf(flat, jgf(nodes, edges), True)
    before = everything(flat)
    assert not load_jgf(flat, jgf(nodes, edges), True)
    assert everything(flat) == before


def test_the_references_files_are_taken() -> None:
    folder = require_shared("conformance") / "flux-sched/t/data/resource/jgfs"
    texts = {path.name: path.read_text() for path in folder.glob("*.json")}
    taken = {name: compare(text) for name, text in texts.items() if not refused(text)}
    assert len(taken) > 5
    assert [name for name, done in taken.items() if not done] == []


def test_loads_in_threads_do_not_disturb_each_other() -> None:
    texts = [written(document(Random(seed)), Random(seed)) for seed in range(8)]

    def load(text: str) -> list[object]:
        flat = FlatGraph()
        assert load_jgf(flat, text, True) or refused(text)
        return everything(flat)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(load, texts * 5))
    assert found == [load(text) for text in texts] * 5
