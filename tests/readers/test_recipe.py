"""Recipes: numbering, names, ranks, properties, and refusals with line and column (journey 1)."""

import pytest

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.graph.invariants import problems
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.readers import ReadError, read_text


def recipe(contains: str, head: str = "version: 1\ncluster: elk") -> FlatGraph:
    return read_text(f"{head}\ncontains: {contains}\n", "recipe", source="r.yaml")


def paths(flat: FlatGraph, kind: str) -> list[str]:
    return [flat.path(row) or "" for row in flat.rows_of_type(kind)]


def test_ids_run_through_the_machine_and_start_again_in_each_node() -> None:
    flat = recipe(
        "{rack: {count: 2, contains: {node: {count: 2, contains: {socket: {count: 2, contains: "
        "{core: 2}}}}}}}"
    )
    assert paths(flat, "node") == [
        "/elk/rack0/node0",
        "/elk/rack0/node1",
        "/elk/rack1/node2",
        "/elk/rack1/node3",
    ]
    assert [flat.id(row) for row in flat.rows_of_type("socket")] == [0, 1] * 4
    assert [flat.id(row) for row in flat.rows_of_type("core")] == [0, 1, 2, 3] * 4
    assert problems(flat) == []


def test_nodes_have_ranks_and_share_them_with_what_is_inside() -> None:
    flat = recipe("{rack: {count: 2, contains: {node: {contains: {core: 1}}, ssd: 1}}}")
    assert [flat.rank(row) for row in flat.rows_of_type("node")] == [0, 1]
    assert [flat.rank(row) for row in flat.rows_of_type("core")] == [0, 1]
    assert {flat.rank(row) for row in flat.rows_of_type("ssd")} == {-1}


def test_hostlist_names_are_dealt_out_in_order() -> None:
    flat = recipe('{rack: {count: 2, contains: {node: {count: 2, name: "n[08-10],login"}}}}')
    assert paths(flat, "node") == [
        "/elk/rack0/n08",
        "/elk/rack0/n09",
        "/elk/rack1/n10",
        "/elk/rack1/login",
    ]
    assert [flat.id(row) for row in flat.rows_of_type("node")] == [8, 9, 10, -1]
    assert [flat.basename(row) for row in flat.rows_of_type("node")] == ["n", "n", "n", "login"]


def test_count_follows_from_the_names() -> None:
    flat = recipe('{rack: {count: 2, contains: {node: {name: "n[0-5]", contains: {core: 1}}}}}')
    assert paths(flat, "node")[3] == "/elk/rack1/n3"
    assert len(flat.rows_of_type("core")) == 6


def test_two_groups_of_one_type_in_one_place() -> None:
    flat = recipe(
        "{rack: {count: 2, contains: [{type: node, count: 2, name: thin, contains: {core: 2}}, "
        "{type: node, name: fat, properties: [big, gpu=h200], contains: {core: 4, gpu: 1}}]}}"
    )
    assert [flat.name(row) for row in flat.rows_of_type("node")] == [
        "thin0", "thin1", "thin2", "thin3", "fat0", "fat1",
    ]  # fmt: skip
    assert flat.rows_at("/elk/rack1/fat1")
    assert flat.properties(flat.rows_named("fat0")[0]) == {"big": "", "gpu": "h200"}
    assert len(flat.rows_of_type("core")) == 4 * 2 + 2 * 4
    assert problems(flat) == []


def test_two_groups_of_one_type_in_one_node_number_on() -> None:
    flat = recipe(
        "{node: {count: 2, contains: [{type: memory, size: 16, unit: GB}, "
        "{type: memory, count: 2, size: 64, unit: GB}]}}"
    )
    names = [flat.name(child) for child, _ in flat.out_edges(flat.rows_of_type("node")[1])]
    assert names == ["memory0", "memory1", "memory2"]
    assert [flat.size(row) for row in flat.rows_of_type("memory")] == [16, 16, 64, 64, 64, 64]
    assert flat.unit(flat.rows_of_type("memory")[0]) == "GB"
    assert problems(flat) == []


def test_numbering_may_start_again_per_parent_or_never() -> None:
    flat = recipe(
        "{chassis: {count: 2, contains: {ssd: {count: 2, ids: per-parent}, "
        "node: {count: 1, contains: {gpu: {count: 2, ids: overall}}}}}}"
    )
    assert [flat.id(row) for row in flat.rows_of_type("ssd")] == [0, 1, 0, 1]
    assert [flat.id(row) for row in flat.rows_of_type("gpu")] == [0, 1, 2, 3]


def test_properties_of_cluster_and_groups_as_list_or_mapping() -> None:
    flat = recipe(
        "{node: {properties: {a: 1, b: yes}}}", "version: 1\ncluster: elk\nproperties: [test, x=y]"
    )
    assert flat.properties(0) == {"test": "", "x": "y"}
    assert flat.properties(1) == {"a": "1", "b": "yes"}


def test_recipe_as_a_python_mapping() -> None:
    graph = ResourceGraph.from_recipe(
        {"version": 1, "cluster": "c", "contains": {"node": {"count": 2, "contains": {"core": 4}}}}
    )
    assert graph.counts() == {"cluster": 1, "node": 2, "core": 8}
    with pytest.raises(ReadError, match="count of node must be an integer, not 'two'"):
        ResourceGraph.from_recipe({"version": 1, "cluster": "c", "contains": {"node": "two"}})


def test_recipe_written_as_json() -> None:
    flat = read_text('{"version": 1, "cluster": "c", "contains": {"node": {"count": 2}}}')
    assert flat.counts() == {"cluster": 1, "node": 2}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("version: 2\ncluster: c\ncontains: {}", (1, 10), "only version 1 is known"),
        ("cluster: c\ncontains: {}", (1, 1), "version is missing"),
        ("version: 1\ncontains: {}", (1, 1), "cluster is missing"),
        ("version: 1\ncluster: c", (1, 1), "contains is missing"),
        ("version: 1\nclutser: c", (2, 1), "did you mean 'cluster'?"),
        ("version: 1\ncluster: a/b\ncontains: {}", (2, 10), "a word without '/'"),
        ("version: 1\ncluster: c\ncontains: 3", (3, 11), "a mapping of types, or a list"),
        ("version: 1\ncluster: c\ncontains: {node: two}", (3, 18), "must be an integer, not 'two'"),
        ("version: 1\ncluster: c\ncontains: {node: 0}", (3, 18), "must be between 1 and"),
        ("version: 1\ncluster: c\ncontains: {node: '2'}", (3, 18), "must be an integer"),
        ("version: 1\ncluster: c\ncontains: {node: [1]}", (3, 18), "group node must be a mapping"),
        ("version: 1\ncluster: c\ncontains: [{count: 1}]", (3, 12), "needs a type"),
        ("version: 1\ncluster: c\ncontains: [core]", (3, 12), "a group must be a mapping"),
        ("version: 1\ncluster: c\ncontains: {a: {size: -1}}", (3, 22), "size of a must be between"),
        ("version: 1\ncluster: c\ncontains: {a: {ids: x}}", (3, 21), "ids must be one of overall"),
        ("version: 1\ncluster: c\ncontains: {a: {name: 'n[0-'}}", (3, 22), "bad hostlist"),
        ("version: 1\ncluster: c\ncontains: {a: 1, a: 2}", (3, 18), "key 'a' is used twice"),
        ("version: 1\ncluster: c\ncontains: {a: {properties: 1}}", (3, 28), "a list or a mapping"),
        ("version: 1\ncluster: &x c\ncontains: {}", (2, 10), "anchors and aliases"),
        ("version: 1\ncluster: *x\ncontains: {}", (2, 10), "anchors and aliases"),
        ("version: 1\ncluster: [c\n", (3, 1), "not YAML"),
        ("version: 1\n---\nversion: 1\n", (3, 1), "a second YAML document"),
        ("? [a]\n: 1\n", (1, 3), "a key must be a word"),
        ("version: 1\ncluster: c\ncontains: {a: {ids: per-node}}", (3, 12), "it is in no node"),
        ("version: 1\ncluster: c\ncontains: {a: {count: 3, name: 'n[0-1]'}}", (3, 32),
         "2 names for 3 x 1 parent of a"),
        ("version: 1\ncluster: c\ncontains: {r: {count: 2, contains: {a: {name: 'n[0-2]'}}}}",
         (3, 47), "3 names for 2 parents of a"),
        ("version: 1\ncluster: c\ncontains: {a: {count: 3, name: 'n[0,1,1]'}}", (3, 32),
         "a n1 is named twice"),
    ],
)  # fmt: skip
def test_wrong_recipe_is_refused_with_line_and_column(
    text: str, place: tuple[int, int], message: str
) -> None:
    with pytest.raises(ReadError) as caught:
        read_text(text, "recipe", source="r.yaml")
    assert message in str(caught.value)
    assert (caught.value.line, caught.value.column) == place


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_empty_recipe_is_refused(text: str) -> None:
    with pytest.raises(ReadError, match="the recipe is empty"):
        read_text(text, "recipe")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_before_it_harms(opening: str) -> None:
    with pytest.raises(ReadError, match=r"nested deeper than 64|a key must be a word"):
        read_text(opening * 100_000, "recipe")


def test_twelve_lines_cannot_ask_for_more_than_the_limit() -> None:
    inner = "{e: 1000}"
    for kind in "dcba":
        inner = f"{{{kind}: {{count: 1000, contains: {inner}}}}}"
    with pytest.raises(ReadError, match="must be between 1 and"):
        recipe(inner)
    many = ", ".join(f"k{number}: 40000000" for number in range(2))
    with pytest.raises(ReadError, match="more than 50000000 vertices"):
        recipe(f"{{{many}}}")
