"""The systems of the benches, made from counts: a tree of levels below the root.

Names and shapes are those of the project's performance targets (performance.md 2). A system is a
GRUG text, what the reference's users have, and so a load runs the whole path from text to graph.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """`count` vertices of a type below each vertex of the level above, and what is below them."""

    type: str
    count: int
    below: tuple["Level", ...] = ()

    @property
    def vertices(self) -> int:
        """Vertices that this level adds below one parent."""
        return self.count * (1 + sum(level.vertices for level in self.below))


def _node(count: int, cores: int, gpus: int, memory: int = 0) -> Level:
    leaves = [Level("core", cores), Level("gpu", gpus)]
    if memory:
        leaves.append(Level("memory", memory))
    return Level("node", count, (Level("socket", 2, tuple(leaves)),))


SYSTEMS: dict[str, tuple[Level, ...]] = {
    "tiny": (Level("rack", 1, (_node(2, 18, 1, 4),)),),
    "g125": (Level("rack", 1, (_node(125, 32, 2),)),),
    "g1000": (Level("rack", 8, (_node(125, 32, 2),)),),
    "large": (Level("rack", 80, (_node(125, 32, 2),)),),
    "elcap": (
        Level(
            "chassis",
            688,
            (Level("ssd", 36), Level("node", 16, (Level("core", 96), Level("gpu", 4)))),
        ),
    ),
}

VERTICES = {"tiny": 100, "g125": 8_877, "g1000": 71_009, "large": 710_081, "elcap": 1_137_265}
"""Vertices of each system with its root, as performance.md 2 says them."""

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


def grug(name: str) -> str:
    """Return a system as a GRUG text; cores and GPUs are numbered within their node."""
    lines: list[str] = []
    _write(Level("cluster", 1, SYSTEMS[name]), "cluster", lines)
    body = "\n".join(lines)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n{_KEYS}'
        f'  <graph id="{name}" edgedefault="directed">\n{body}\n  </graph>\n</graphml>\n'
    )


def _write(level: Level, key: str, lines: list[str]) -> None:
    root = '<data key="root">1</data>' if level.type == "cluster" else ""
    lines.append(
        f'    <node id="{key}"><data key="type">{level.type}</data>{root}'
        f'<data key="basename">{level.type}</data></node>'
    )
    for child in level.below:
        inside = f"{key}.{child.type}"
        _write(child, inside, lines)
        scope = 1 if level.type in ("rack", "socket", "chassis") else 0
        lines.append(
            f'    <edge source="{key}" target="{inside}">'
            f'<data key="multi_scale">{child.count}</data>'
            f'<data key="id_scope">{scope}</data></edge>'
        )
