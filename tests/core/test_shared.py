"""Machines in which vertices have several parents."""

from fluxion_py._core.engine import Engine
from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import Count, Resource
from fluxion_py.match.policy import POLICIES
from fluxion_py.outcome import Errno


def ladder(levels: int) -> FlatGraph:
    """Two vertices per level, each joined to both of the next: 2 ** levels ways down."""
    flat = FlatGraph()
    above = [flat.add_vertex("cluster", "site", 0, "site0", 0)]
    flat.set_root("containment", above[0])
    flat.set_path_under(above[0], "containment", -1)
    for level in range(levels):
        kind = "node" if level == 0 else f"level{level}"
        pair = [
            flat.add_vertex(kind, kind, number, f"{kind}{number}", len(flat)) for number in (0, 1)
        ]
        for row in pair:
            flat.set_path_under(row, "containment", above[0])
            for parent in above:
                flat.add_edge(parent, row)
        above = pair
    return flat


def test_the_ways_of_a_ladder_are_not_counted_one_by_one() -> None:
    """A million million ways: only an end within the lifetime of the test shows it."""
    engine = Engine(ladder(40), policy=POLICIES["first"])
    slot = Resource("slot", Count(1, 1), (Resource("level1", Count(1, 1)),), "one")
    whole = (Resource("node", Count(1, 1), (slot,), exclusive=True),)
    outcome = engine.match("allocate", engine.compile(whole), 100, 1)
    assert outcome.errno is Errno.OK
    assert outcome.selection is not None
    rows = [row for row, *_ in outcome.selection.vertices]
    assert len(rows) == len(set(rows))
    assert engine.match("allocate", engine.compile(whole), 100, 2).errno is Errno.BUSY
    engine.cancel(1)
    assert engine.match("allocate", engine.compile(whole), 100, 2).errno is Errno.OK
