"""The systems of the benches, made from counts: a tree of levels below the root.

Names and shapes are those of the project's performance targets (performance.md 2), and larger ones
of the same kind for the growth curves. A system is a GRUG text, what the reference's users have,
and so a load runs the whole path from text to graph.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """`count` vertices of a type below each vertex of the level above, and what is below them.

    Each has `size` units: a pool of 5 cores is one vertex of size 5.
    """

    type: str
    count: int
    below: tuple["Level", ...] = ()
    size: int = 1

    @property
    def vertices(self) -> int:
        """Vertices that this level adds below one parent."""
        return self.count * (1 + sum(level.vertices for level in self.below))

    def total(self, type: str) -> int:
        """Vertices of a type that this level adds below one parent."""
        inside = sum(level.total(type) for level in self.below)
        return self.count * (inside + (self.type == type))


def _node(count: int, *leaves: Level, sockets: int = 2) -> Level:
    return Level("node", count, (Level("socket", sockets, leaves),))


def _racks(racks: int) -> tuple[Level, ...]:
    """Return racks of 125 nodes of 2 sockets with 32 cores and 2 GPUs each."""
    return (Level("rack", racks, _flat(125)),)


def _flat(nodes: int) -> tuple[Level, ...]:
    """Return the same nodes without racks."""
    return (_node(nodes, Level("core", 32), Level("gpu", 2)),)


# High level of detail: every core and every piece of memory is a vertex. Low: pools (a node has
# the same 40 cores, 32 of memory and 4 burst buffers in both).
_HIGH = _node(18, Level("core", 20), Level("memory", 8, size=2), Level("bb", 8))
_LOW = (Level("core", 8, size=5), Level("memory", 4, size=8), Level("bb", 4))
_BIG_NODE = (Level("core", 96), Level("gpu", 4))

SYSTEMS: dict[str, tuple[Level, ...]] = {
    "tiny": (
        Level("rack", 1, (_node(2, Level("core", 18), Level("gpu", 1), Level("memory", 4)),)),
    ),
    "medhigh": (Level("rack", 56, (_HIGH,)),),
    "medlow": (Level("rack", 56, (Level("node", 18, _LOW),)),),
    "medlow2": (Level("node", 1008, _LOW),),
    "g125": _racks(1),
    "g1000": _racks(8),
    "g3000": _racks(24),
    "large": _racks(80),
    "g30000": _racks(240),
    "g100000": _racks(800),
    "flat1000": _flat(1000),
    "flat4000": _flat(4000),
    "flat10000": _flat(10_000),
    "flat30000": _flat(30_000),
    "flat100000": _flat(100_000),
    "elcap": (Level("chassis", 688, (Level("ssd", 36), Level("node", 16, _BIG_NODE))),),
    "elflat": (Level("node", 11_000, _BIG_NODE),),
    "mummi": (Level("rack", 40, (_node(100, Level("core", 22), Level("gpu", 2)),)),),
}

VERTICES = {
    "tiny": 100,
    "medhigh": 75_657,
    "medlow": 17_193,
    "medlow2": 17_137,
    "g125": 8_877,
    "g1000": 71_009,
    "g3000": 213_025,
    "large": 710_081,
    "g30000": 2_130_241,
    "g100000": 7_100_801,
    "flat1000": 71_001,
    "flat4000": 284_001,
    "flat10000": 710_001,
    "flat30000": 2_130_001,
    "flat100000": 7_100_001,
    "elcap": 1_137_265,
    "elflat": 1_111_001,
    "mummi": 204_041,
}
"""Vertices of each system with its root, as performance.md 2 says them (the larger ones by sum)."""

_KEYS = """\
  <key id="root" for="node" attr.name="root" attr.type="int"><default>0</default></key>
  <key id="type" for="node" attr.name="type" attr.type="string"/>
  <key id="basename" for="node" attr.name="basename" attr.type="string"/>
  <key id="size" for="node" attr.name="size" attr.type="long"><default>1</default></key>
  <key id="subsystem" for="node" attr.name="subsystem" attr.type="string">
    <default>containment</default></key>
  <key id="e_subsystem" for="edge" attr.name="e_subsystem" attr.type="string">
    <default>containment</default></key>
  <key id="relation" for="edge" attr.name="relation" attr.type="string">
    <default>contains</default></key>
  <key id="rrelation" for="edge" attr.name="rrelation" attr.type="string">
    <default>in</default></key>
  <key id="gen_method" for="edge" attr.name="gen_method" attr.type="string">
    <default>MULTIPLY</default></key>
  <key id="multi_scale" for="edge" attr.name="multi_scale" attr.type="int">
    <default>1</default></key>
  <key id="id_scope" for="edge" attr.name="id_scope" attr.type="int"><default>0</default></key>
  <key id="id_start" for="edge" attr.name="id_start" attr.type="int"><default>0</default></key>
  <key id="id_stride" for="edge" attr.name="id_stride" attr.type="int"><default>1</default></key>
"""


def vertices(name: str) -> int:
    """Return the number of vertices of a system, the root included."""
    return 1 + sum(level.vertices for level in SYSTEMS[name])


def count_of(name: str, type: str) -> int:
    """Return the number of vertices of a type in a system."""
    return sum(level.total(type) for level in SYSTEMS[name])


def has_sockets(name: str) -> bool:
    """Say whether the nodes of a system have sockets between them and the cores."""
    return count_of(name, "socket") > 0


def grug(name: str) -> str:
    """Return a system as a GRUG text; cores and GPUs are numbered within their node."""
    body = "\n".join(_lines(Level("cluster", 1, SYSTEMS[name]), "cluster"))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n{_KEYS}'
        f'  <graph id="{name}" edgedefault="directed">\n{body}\n  </graph>\n</graphml>\n'
    )


def _lines(level: Level, key: str) -> Iterator[str]:
    root = '<data key="root">1</data>' if level.type == "cluster" else ""
    size = f'<data key="size">{level.size}</data>' if level.size > 1 else ""
    yield (
        f'    <node id="{key}"><data key="type">{level.type}</data>{root}'
        f'<data key="basename">{level.type}</data>{size}</node>'
    )
    scope = 1 if level.type in ("rack", "socket", "chassis") else 0
    for child in level.below:
        inside = f"{key}.{child.type}"
        yield from _lines(child, inside)
        yield (
            f'    <edge source="{key}" target="{inside}">'
            f'<data key="multi_scale">{child.count}</data>'
            f'<data key="id_scope">{scope}</data></edge>'
        )
