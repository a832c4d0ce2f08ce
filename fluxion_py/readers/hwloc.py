"""hwloc XML (`lstopo --of xml`) -> vertices of one machine (resource-graph.md 6, errata G20).

Reads the XML of hwloc 1 and 2 directly, without libhwloc. Objects that no vertex stands for, or
that the allow-list leaves out, are transparent: what is below them hangs at the nearest vertex
above.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import ReadError, short
from fluxion_py.readers.hwloc_identity import infos_of, machine_id_of, parse_topology
from fluxion_py.readers.limits import MAX_DEPTH
from fluxion_py.readers.rv1 import split_hostname
from fluxion_py.readers.xml_text import Element

BLOCK, GPU, COPROCESSOR = "0", "1", "5"
"""OS device types (attribute osdev_type)."""

PLAIN_TYPES = {
    "Group": "group",
    "NUMANode": "numanode",
    "Socket": "socket",
    "Package": "socket",
    "Core": "core",
    "PU": "pu",
}

_CACHE = re.compile(r"L([1-5])Cache\Z")
_GPU_NUMBER = re.compile(r"(?:cuda|rsmi|opencl[0-9]+d)([0-9]{1,9})\Z")


@dataclass(slots=True)
class Item:
    """What one XML object is in the graph."""

    type: str
    basename: str
    id: int
    name: str
    size: int = 1
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def allowed_as(self) -> str:
        """The word of the allow-list that lets it in: caches go by L1cache, L2cache, ..."""
        return self.basename if self.type == "cache" else self.type


def read_hwloc(
    text: str,
    flat: FlatGraph,
    source: str | None = None,
    *,
    allowlist: Collection[str] | None = None,
) -> None:
    """Fill an empty graph: cluster0, and the machine of one hwloc file as its node of rank 0."""
    root = flat.add_vertex("cluster", "cluster", 0, "cluster0", 0)
    flat.set_root("containment", root)
    flat.set_path_under(root, "containment", -1)
    _Machine(parse_topology(text, source), flat, source, allowlist, 0).add(root)


def add_hwloc(
    flat: FlatGraph,
    parent: int,
    documents: Sequence[tuple[str, str]],
    *,
    allowlist: Collection[str] | None = None,
    merge_same_host: bool = False,
) -> list[int]:
    """Add the machines of several hwloc files below one vertex and return the rows made.

    `documents` holds (file name, XML text) pairs. Ranks go on from the largest in the graph. So
    that no host is counted twice, a second file of one machine (see `machine_id`) and a host that
    the graph has already are refused with `ReadError`; with `merge_same_host` they are left out.
    All files are checked before the graph is changed.
    """
    known: dict[str, str] = {}
    machines: list[_Machine] = []
    rank = max(flat.ranks(), default=-1) + 1
    for source, text in documents:
        topology = parse_topology(text, source)
        machine = _Machine(topology, flat, source, allowlist, rank + len(machines))
        identity = machine_id_of(topology, source)
        twice = _counted_already(flat, known, identity, machine.host(), source)
        if twice is None:
            machines.append(machine)
        elif not merge_same_host:
            raise twice
        known[identity] = known.get(identity, source)
    before = len(flat)
    for machine in machines:
        machine.add(parent)
    return list(range(before, len(flat)))


def _counted_already(
    flat: FlatGraph, known: dict[str, str], identity: str, host: str, source: str
) -> ReadError | None:
    """Return the error that a machine is there already, None if it is new."""
    if not host:
        raise ReadError("gives no node: no HostName, or node is not allowed", source=source)
    if identity in known:
        return ReadError(
            f"{source} describes the same machine as {known[identity]} "
            f"(machine id {identity}); refusing to count one host twice",
            hint="use --merge-same-host if these are two containers on one node",
        )
    if any(flat.type(row) == "node" for row in flat.rows_named(host)):
        return ReadError(f"the graph has a node {host} already", source=source)
    return None


class _Machine:
    """One topology and the graph it goes to.

    Ids are logical indices: the order of appearance per kind of object, and for OS devices their
    order among *all* of them.
    """

    def __init__(
        self,
        topology: Element,
        flat: FlatGraph,
        source: str | None,
        allowlist: Collection[str] | None,
        rank: int,
    ) -> None:
        self.flat = flat
        self.source = source
        self.allowed = frozenset(allowlist or ())
        self.rank = rank
        self.seen: dict[str, int] = {}
        self.objects = list(topology.named("object"))
        self.flat_caches = _caches_without_structure(self.objects)
        self.items: list[tuple[Item, int]] = []  # (item, its parent's position or -1)
        for element in self.objects:
            self._collect(element, -1, 0)

    def host(self) -> str:
        """Return the name of the host, "" if the text names none."""
        return next((item.name for item, _ in self.items if item.type == "node"), "")

    def add(self, parent: int) -> None:
        """Add the collected items below a vertex, in document order."""
        first = len(self.flat)
        rank = self.rank
        for item, above in self.items:
            row = self.flat.add_vertex(
                item.type,
                item.basename,
                item.id,
                item.name,
                len(self.flat),
                rank if item.type == "node" else -1,
                item.size,
                properties=item.properties,
            )
            rank += item.type == "node"
            source = parent if above < 0 else first + above
            self.flat.add_edge(source, row)
            self.flat.set_path_under(row, "containment", source)

    def _collect(self, element: Element, above: int, depth: int) -> None:
        """Collect an object and what is below it; `above` is the position of the vertex above."""
        if depth > MAX_DEPTH:
            raise self._wrong(element, f"objects are nested deeper than {MAX_DEPTH}")
        item = self._item(element)
        if item is not None and (not self.allowed or item.allowed_as in self.allowed):
            self.items.append((item, above))
            above = len(self.items) - 1
        for child in element.named("object"):
            self._collect(child, above, depth + 1)

    def _item(self, element: Element) -> Item | None:
        """Return what an object stands for; None if for nothing."""
        kind = element.attributes.get("type", "")
        cache = _cache_name(element)
        if kind == "Machine":
            return self._node(element)
        if kind == "OSDev":
            return self._device(element)
        if cache is not None:
            number = self._count(cache)
            if id(element) in self.flat_caches:
                return None
            size = self._integer(element, "cache_size", element.attributes.get("cache_size", "0"))
            return Item("cache", cache, number, f"{cache}{number}", size // 1024)
        if kind in PLAIN_TYPES:
            number = self._count(kind)
            name = PLAIN_TYPES[kind]
            return Item(name, name, number, f"{name}{number}")
        return None

    def _node(self, element: Element) -> Item | None:
        name = infos_of(element).get("HostName")
        if not name:
            return None
        try:
            basename, number = split_hostname(name)
        except ValueError as error:
            raise self._wrong(element, str(error)) from None
        return Item("node", basename, number, name)

    def _device(self, element: Element) -> Item | None:
        number = self._count("OSDev")
        kind = element.attributes.get("osdev_type", "")
        name = element.attributes.get("name", "")
        infos = infos_of(element)
        if kind == COPROCESSOR or (kind == GPU and name.startswith("rsmi")):
            match = _GPU_NUMBER.match(name)
            gpu = int(match[1]) if match else number
            return Item("gpu", "gpu", gpu, f"gpu{gpu}")
        if kind != BLOCK or (self.allowed and "storage" not in self.allowed):
            return None
        size = self._integer(element, "Size", infos.get("Size", "0"))
        if size <= 0:
            raise self._wrong(
                element,
                f"block device {short(name)} has no Size",
                hint="leave storage out of the allow-list if it does not matter",
            )
        properties = {"LinuxDeviceID": infos.get("LinuxDeviceID", "-1")}
        return Item("storage", "storage", number, f"storage{number}", size // 1_000_000, properties)

    def _count(self, kind: str) -> int:
        number = self.seen.get(kind, 0)
        self.seen[kind] = number + 1
        return number

    def _integer(self, element: Element, name: str, text: str) -> int:
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            raise self._wrong(element, f"{name} must be an integer, not {short(text)}")
        return int(text)

    def _wrong(self, element: Element, message: str, hint: str | None = None) -> ReadError:
        return ReadError(
            message, source=self.source, line=element.line, column=element.column, hint=hint
        )


def _cache_name(element: Element) -> str | None:
    """Return L1cache, L2cache, ... of a data or unified cache, else None."""
    kind = element.attributes.get("type", "")
    if kind == "Cache":  # hwloc 1; cache_type 2 is an instruction cache
        level = element.attributes.get("depth", "")
        return None if element.attributes.get("cache_type") == "2" else f"L{level}cache"
    match = _CACHE.match(kind)
    return f"L{match[1]}cache" if match else None


def _caches_without_structure(objects: list[Element]) -> set[int]:
    """Return the `id()` of all caches of a level that only repeats the level above or below.

    A level adds no structure if each of its caches is the only child of its parent, or each has
    exactly one child (hwloc's filter "keep structure").
    """
    levels: dict[str, list[tuple[Element, Element | None]]] = {}
    stack: list[tuple[Element, Element | None]] = [(element, None) for element in objects]
    while stack:
        element, parent = stack.pop()
        name = _cache_name(element)
        if name is not None:
            levels.setdefault(name, []).append((element, parent))
        stack += [(child, element) for child in element.named("object")]
    found: set[int] = set()
    for members in levels.values():
        lone_child = all(parent is not None and _arity(parent) == 1 for _, parent in members)
        one_below = all(_arity(element) == 1 for element, _ in members)
        if lone_child or one_below:
            found.update(id(element) for element, _ in members)
    return found


def _arity(element: Element) -> int:
    """Return the number of child objects that hold processors.

    I/O objects hold none, nor do the memory objects of hwloc 2, NUMA nodes with nothing inside.
    """
    skipped = ("Bridge", "PCIDev", "OSDev", "Misc")
    kinds = [
        (child.attributes.get("type"), next(child.named("object"), None) is None)
        for child in element.named("object")
    ]
    return sum(kind not in skipped and (kind, empty) != ("NUMANode", True) for kind, empty in kinds)
