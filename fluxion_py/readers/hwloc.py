"""hwloc XML (`lstopo --of xml`) -> vertices of one machine (resource-graph.md 6, errata G20).

Reads the XML of hwloc 1 and 2 directly, without libhwloc. Objects that no vertex stands for, or
that the allow-list leaves out, are transparent: what is below them hangs at the nearest vertex
above.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.readers.failure import MAX_DEPTH, ReadError, short
from fluxion_py.readers.markup import Element, parse_xml
from fluxion_py.readers.rv1 import split_hostname

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
_IDENTITY_INFOS = ("DMIProductUUID", "DMIProductSerial", "DMIBoardSerial")


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

    `documents` holds (file name, XML text) pairs. Ranks go on from the largest in the graph. Two
    files of one machine (see `machine_id`) are refused with `ReadError`, so that no host is counted
    twice; with `merge_same_host` the second one is left out. All files are checked before the graph
    is changed.
    """
    known: dict[str, str] = {}
    machines: list[_Machine] = []
    rank = max(flat.ranks(), default=-1) + 1
    for source, text in documents:
        topology = parse_topology(text, source)
        identity = machine_id_of(topology, source)
        if identity in known:
            if merge_same_host:
                continue
            raise ReadError(
                f"{source} describes the same machine as {known[identity]} "
                f"(machine id {identity}); refusing to count one host twice",
                hint="use --merge-same-host if these are two containers on one node",
            )
        known[identity] = source
        machine = _Machine(topology, flat, source, allowlist, rank + len(machines))
        if not machine.has_node():
            raise ReadError("names no host (no HostName of its Machine)", source=source)
        machines.append(machine)
    before = len(flat)
    for machine in machines:
        machine.add(parent)
    return list(range(before, len(flat)))


def machine_id(text: str, source: str | None = None) -> str:
    """Return 16 hex digits that are equal for two hwloc texts of one physical machine.

    Taken from the first of these that the text has: product UUID, product or board serial number,
    the GUIDs of its InfiniBand adapters, the serial numbers of its disks, the host name.
    """
    return machine_id_of(parse_topology(text, source), source)


def machine_id_of(topology: Element, source: str | None) -> str:
    """Return the machine id of a parsed text; see `machine_id`."""
    machine = _infos(_first_object(topology, source))
    identity = next((machine[key] for key in _IDENTITY_INFOS if machine.get(key)), "")
    if not identity:
        devices = _device_infos(topology)
        for key in ("NodeGUID", "SerialNumber"):
            identity = identity or " ".join(sorted(set(devices.get(key, ()))))
    identity = identity or machine.get("HostName", "")
    if not identity:
        raise ReadError("nothing identifies the machine (no HostName, no serial)", source=source)
    return sha256(identity.encode()).hexdigest()[:16]


def parse_topology(text: str, source: str | None) -> Element:
    """Return the <topology> element of a hwloc text."""
    topology = parse_xml(text, source)
    if topology.tag != "topology":
        raise ReadError(
            f"the root element is <{topology.tag}>, not <topology>",
            source=source,
            line=topology.line,
            column=topology.column,
        )
    _first_object(topology, source)
    return topology


def _first_object(topology: Element, source: str | None) -> Element:
    first = next(topology.named("object"), None)
    if first is None:
        raise ReadError("<topology> has no <object>", source=source, line=topology.line)
    return first


def _infos(element: Element) -> dict[str, str]:
    return {
        info.attributes.get("name", ""): info.attributes.get("value", "")
        for info in element.named("info")
    }


def _device_infos(topology: Element) -> dict[str, list[str]]:
    """Return the infos of all OS devices, by name."""
    found: dict[str, list[str]] = {}
    stack = [topology]
    while stack:
        element = stack.pop()
        stack += element.named("object")
        if element.attributes.get("type") == "OSDev":
            for key, value in _infos(element).items():
                found.setdefault(key, []).append(value)
    return found


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

    def has_node(self) -> bool:
        """Say whether the text names a host."""
        return any(item.type == "node" for item, _ in self.items)

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
        name = _infos(element).get("HostName")
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
        infos = _infos(element)
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
