"""Pictures of machines, read back as XML."""

import re
from xml.etree import ElementTree

import pytest

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.readers import read_text
from fluxion_py.writers import drawing
from fluxion_py.writers.drawing import Hold, write_svg

SVG = "{http://www.w3.org/2000/svg}"


def machine(nodes: int = 3, cores: int = 4) -> FlatGraph:
    inside = f"{{node: {{count: {nodes}, contains: {{core: {cores}}}}}}}"
    return read_text(f"version: 1\ncluster: c\ncontains: {inside}", "recipe")


def draw(graph: FlatGraph, holds: dict[int, list[Hold]]) -> dict[str, ElementTree.Element]:
    """Return the box of each title."""
    root = ElementTree.fromstring("".join(write_svg(graph, holds)))
    boxes = {}
    for group in root.iter(f"{SVG}g"):
        title, rect = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        assert title is not None
        assert rect is not None
        boxes[title.text or ""] = rect
    return boxes


def area(rect: ElementTree.Element) -> tuple[int, int, int, int]:
    x, y, width, height = (int(rect.attrib[key]) for key in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def test_every_vertex_is_inside_its_parent_and_siblings_do_not_overlap() -> None:
    boxes = {title: area(rect) for title, rect in draw(machine(), {}).items()}
    assert len(boxes) == 1 + 3 + 12
    for title, (left, top, right, bottom) in boxes.items():
        above = boxes.get(title.rpartition("/")[0])
        if above is not None:
            assert above[0] < left < right < above[2]
            assert above[1] < top < bottom < above[3]
        for other, (x, y, x2, y2) in boxes.items():
            if other != title and other.rpartition("/")[0] == title.rpartition("/")[0]:
                assert right <= x or x2 <= left or bottom <= y or y2 <= top


def test_held_vertices_have_the_colour_of_their_job() -> None:
    graph = machine()
    first, second, third = graph.rows_of_type("node")
    boxes = draw(graph, {first: [Hold(1, False)], second: [Hold(2, True)]})
    held = boxes["/c/node0, job 1"].attrib["fill"]
    assert re.fullmatch("#[0-9a-f]{6}", held)
    assert boxes["/c/node0/core0, job 1"].attrib["fill"] == held
    assert boxes["/c/node1, reserved for 2"].attrib["fill"] == "url(#r2)"
    assert boxes[graph.path(third) or ""].attrib["fill"] not in (held, "url(#r2)")


def test_what_is_down_is_marked() -> None:
    graph = machine()
    graph.set_up(graph.rows_of_type("node")[1], False)
    boxes = draw(graph, {})
    free = boxes["/c/node0"].attrib
    assert boxes["/c/node1, down"].attrib["stroke"] != free["stroke"]
    assert boxes["/c/node1, down"].attrib["fill"] != free["fill"]
    assert boxes["/c/node1/core0"].attrib["fill"] != free["fill"]


def test_many_equal_siblings_collapse_but_marked_ones_stay() -> None:
    graph = machine(nodes=500, cores=100)
    row = graph.rows_of_type("node")[400]
    boxes = draw(graph, {row: [Hold(7, False)]})
    assert "/c/node400, job 7" in boxes
    assert "476 more" in boxes
    assert "36 more" in boxes
    assert len(boxes) < 2000


def test_a_large_machine_is_drawn_without_its_lowest_levels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drawing, "MAX_BOXES", 10)
    boxes = draw(machine(), {})
    assert set(boxes) == {"/c", "/c/node0", "/c/node1", "/c/node2", "4 more"}


def test_names_are_escaped() -> None:
    graph = FlatGraph()
    row = graph.add_vertex("cluster", "<&>", 0, '<&>"0', 0)
    graph.set_root("containment", row)
    graph.set_path_under(row, "containment", -1)
    assert list(draw(graph, {})) == ['/<&>"0']
