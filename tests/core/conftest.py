"""The machine that the tests of the compiled doors share."""

import pytest

from fluxion_py._core.flatgraph import FlatGraph


@pytest.fixture
def flat() -> FlatGraph:
    """Row 0 is the cluster, 1 and 2 are nodes with four cores each."""
    flat = FlatGraph()
    top = flat.add_vertex("cluster", "cluster", 0, "cluster0", 0)
    flat.set_root("containment", top)
    flat.set_path_under(top, "containment", -1)
    nodes = flat.add_children([top], 2, "node", "node", [0, 1], 1, "", "containment", 0)
    flat.add_children(list(nodes), 4, "core", "core", [*range(4)] * 2, 1, "", "containment")
    return flat
