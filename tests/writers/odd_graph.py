"""Random graphs with what usual machines have not: odd texts, own paths, removed parts."""

from random import Random

from fluxion_py._core.flatgraph import FlatGraph
from tests.strategies import random_machine

ODD = ("", "a<b&c>", "\\", "é\U0001f332", "tab\there", "/", "7")


def odd_graph(rng: Random) -> FlatGraph:
    """Return a small graph from which every writer has to make a text."""
    graph = random_machine(rng)
    for row in graph.rows():
        if rng.random() < 0.1:
            graph.set_property(row, rng.choice("ab<"), rng.choice(ODD))
        if rng.random() < 0.1:
            graph.set_up(row, False)
        if rng.random() < 0.1:
            graph.set_path(row, rng.choice(("containment", "net", "é")), f"/x{rng.choice(ODD)}")
    for _ in range(rng.randrange(4)):
        name = rng.choice((*ODD, "node-1", "x5"))
        row = graph.add_vertex(
            rng.choice(("node", "<&>")), rng.choice(("node", "x", '"')), rng.choice((-1, 5, 2**62)),
            name, rng.choice((-5, 2**63 - 1)), -1, rng.choice((0, 1, 7)), rng.choice(ODD),
        )  # fmt: skip
        parent = rng.choice(graph.rows()[:-1])
        graph.add_edge(parent, row, rng.choice(("containment", "a&b")))
        if rng.random() < 0.7:
            graph.set_path_under(row, "containment", parent)
    if rng.random() < 0.3:
        graph.detach(rng.choice(graph.rows()[1:]))
    return graph
