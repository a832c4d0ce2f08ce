"""R version 1 (RFC 20) -> a resource set, and a resource set -> vertices (resource-graph.md 5)."""

import re
from array import array
from collections.abc import Mapping
from dataclasses import dataclass

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import FormatError, ReadError, short
from fluxion_py.hostlist import parse_hostlist
from fluxion_py.idset import parse_idset
from fluxion_py.readers.json_text import parse_json
from fluxion_py.readers.limits import MAX_VERTICES

INT64 = 2**63
MAX_RANK = 2**31 - 1
_TRAILING_DIGITS = re.compile(r"(.*?)([0-9]+)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ResourceSet:
    """What an R says, checked.

    `entries` are the R_lite entries in order: ranks ascending, and ids by child type in the order
    of the file. `hosts` maps a rank to its host: the k-th smallest rank has the k-th name.
    `properties` maps a property to its ranks. Times are seconds since the epoch, 0 means unset.
    `scheduling` is the object of the scheduler that wrote R, if there is one.
    """

    entries: list[tuple[list[int], dict[str, list[int]]]]
    hosts: dict[int, str]
    properties: dict[str, list[int]]
    starttime: int
    expiration: int
    scheduling: Mapping[str, object] | None

    @property
    def ranks(self) -> list[int]:
        """All ranks, ascending."""
        return sorted(self.hosts)


def parse_r(data: str | Mapping[str, object], source: str | None = None) -> ResourceSet:
    """Return the checked content of an R, given as text or as parsed JSON.

    Needed: version 1, execution.R_lite, execution.nodelist. Raises `ReadError` with the place of
    anything else: a rank that is no idset text, fewer hosts than ranks, a bad property.
    """
    reader = _Reader(source)
    top = reader.mapping(parse_json(data, source) if isinstance(data, str) else data, "R")
    version = top.get("version")
    if version != 1 or isinstance(version, bool):
        raise reader.wrong("version", f"must be 1, not {short(version)}")
    execution = reader.mapping(top.get("execution"), "execution")
    entries = reader.entries(execution)
    ranks = sorted({rank for ids, _ in entries for rank in ids})
    hosts = reader.hosts(execution)
    if len(hosts) != len(ranks):
        raise reader.wrong(
            "execution.nodelist", f"names {len(hosts)} hosts for {len(ranks)} ranks of R_lite"
        )
    scheduling = top.get("scheduling")
    return ResourceSet(
        entries,
        dict(zip(ranks, hosts, strict=True)),
        reader.properties(execution, set(ranks)),
        reader.seconds(execution, "starttime"),
        reader.seconds(execution, "expiration"),
        None if scheduling is None else reader.mapping(scheduling, "scheduling"),
    )


def parse_ranks(data: str | Mapping[str, object], source: str | None = None) -> list[int]:
    """Return the ranks of an R, ascending; only R_lite is looked at (matching.md 10)."""
    reader = _Reader(source)
    top = reader.mapping(parse_json(data, source) if isinstance(data, str) else data, "R")
    execution = reader.mapping(top.get("execution"), "execution")
    return sorted({rank for ids, _ in reader.entries(execution, children=False) for rank in ids})


def reader_of(r: Mapping[str, object], source: str | None = None) -> str:
    """Return the format in which the content of an R is to be read back (matching.md 9).

    "rv1exec" without a scheduling object; else "jgf" or "jgf_shorthand" by its `writer`. Raises
    `ReadError` for the writer of another scheduler.
    """
    scheduling = r.get("scheduling")
    if scheduling is None:
        return "rv1exec"
    writer = _Reader(source).mapping(scheduling, "scheduling").get("writer", "fluxion")
    scheme, _, path = writer.partition(":") if isinstance(writer, str) else (None, "", "")
    if scheme != "fluxion":
        message = "unsupported scheduling.writer scheme (not fluxion)"
    elif path in ("", "jgf"):
        return "jgf"
    elif path == "jgf_shorthand":
        return "jgf_shorthand"
    else:
        message = "unsupported fluxion scheduling.writer format"
    raise ReadError(
        f"{message}: {short(writer)}",
        source=source,
        where="scheduling.writer",
        hint="known: fluxion:jgf, fluxion:jgf_shorthand; or leave the key scheduling out",
        reference_text=message,
    )


def split_hostname(name: str) -> tuple[str, int]:
    """Return (basename, id): "elk12" -> ("elk", 12).

    Without digits at the end the id is -1; a name of digits only is its own basename. `ValueError`
    for an id beyond 64 bits.
    """
    match = _TRAILING_DIGITS.match(name)
    if match is None:
        return name, -1
    if len(match[2]) > 19 or int(match[2]) >= INT64:
        raise ValueError(f"the number of host {short(name)} does not fit 64 bits")
    return match[1] or name, int(match[2])


def read_rv1(text: str, flat: FlatGraph, source: str | None = None) -> None:
    """Fill an empty graph from an R: cluster0, its nodes, their children; raises `ReadError`."""
    resources = parse_r(text, source)
    total = sum(
        len(ranks) * (1 + sum(map(len, kids.values()))) for ranks, kids in resources.entries
    )
    if total >= MAX_VERTICES:
        raise ReadError(f"R stands for more than {MAX_VERTICES} vertices", source=source)
    by_rank: dict[int, dict[str, str]] = {}
    for name, ranks in resources.properties.items():
        for rank in ranks:
            by_rank.setdefault(rank, {})[name] = ""
    flat.reserve(total + 1)
    root = flat.add_vertex("cluster", "cluster", 0, "cluster0", 0)
    flat.set_root("containment", root)
    flat.set_path_under(root, "containment", -1)
    done: set[int] = set()
    for position, (ranks, children) in enumerate(resources.entries):
        numbers = {kind: array("q", ids) for kind, ids in children.items()}
        for rank in ranks:
            if rank in done:
                raise ReadError(
                    f"rank {rank} occurs twice",
                    source=source,
                    where=f"execution.R_lite[{position}]",
                    reference_text="found duplicate vertex in graph",
                )
            done.add(rank)
            _add_node(flat, root, rank, resources.hosts[rank], by_rank.get(rank), numbers)


def _add_node(
    flat: FlatGraph,
    root: int,
    rank: int,
    host: str,
    properties: dict[str, str] | None,
    children: dict[str, "array[int]"],
) -> None:
    basename, number = split_hostname(host)
    node = flat.add_vertex("node", basename, number, host, len(flat), rank, properties=properties)
    flat.add_edge(root, node)
    flat.set_path_under(node, "containment", root)
    for kind, ids in children.items():
        for row in flat.add_children([node], len(ids), kind, kind, ids, 1, "", "containment"):
            flat.set_rank(row, rank)


class _Reader:
    """Checks the parts of an R; knows the file for messages."""

    def __init__(self, source: str | None) -> None:
        self.source = source

    def wrong(self, where: str, message: str) -> ReadError:
        return ReadError(message, source=self.source, where=where)

    def mapping(self, value: object, where: str) -> Mapping[str, object]:
        if value is None:
            raise self.wrong(where, "is missing")
        if not isinstance(value, Mapping):
            raise self.wrong(where, f"must be an object, not {short(value)}")
        return value

    def ids(self, value: object, where: str) -> list[int]:
        if not isinstance(value, str):
            raise self.wrong(where, f'must be an idset text such as "0-3", not {short(value)}')
        try:
            return parse_idset(value)
        except FormatError as error:
            raise self.wrong(where, error.message) from None

    def entries(
        self, execution: Mapping[str, object], *, children: bool = True
    ) -> list[tuple[list[int], dict[str, list[int]]]]:
        listed = execution.get("R_lite")
        if not isinstance(listed, list):
            raise self.wrong("execution.R_lite", f"must be an array, not {short(listed)}")
        found = []
        for position, value in enumerate(listed):
            where = f"execution.R_lite[{position}]"
            entry = self.mapping(value, where)
            ranks = self.ids(entry.get("rank"), f"{where}.rank")
            if ranks and ranks[-1] > MAX_RANK:
                raise self.wrong(f"{where}.rank", f"rank {ranks[-1]} is larger than {MAX_RANK}")
            kids: dict[str, list[int]] = {}
            if children:
                inner = f"{where}.children"
                for kind, ids in self.mapping(entry.get("children"), inner).items():
                    kids[kind] = self.ids(ids, f"{inner}.{kind}")
            found.append((ranks, kids))
        return found

    def hosts(self, execution: Mapping[str, object]) -> list[str]:
        listed = execution.get("nodelist")
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            raise self.wrong(
                "execution.nodelist", f"must be an array of hostlist texts, not {short(listed)}"
            )
        try:
            hosts = [host for text in listed for host in parse_hostlist(text)]
            for host in hosts:
                split_hostname(host)
        except FormatError as error:
            raise self.wrong("execution.nodelist", error.message) from None
        except ValueError as error:
            raise self.wrong("execution.nodelist", str(error)) from None
        return hosts

    def properties(self, execution: Mapping[str, object], ranks: set[int]) -> dict[str, list[int]]:
        given = execution.get("properties")
        if given is None:
            return {}
        where = "execution.properties"
        found = {
            name: self.ids(ids, f"{where}.{name}")
            for name, ids in self.mapping(given, where).items()
        }
        for name, ids in found.items():
            strange = [rank for rank in ids if rank not in ranks]
            if strange:
                raise self.wrong(f"{where}.{name}", f"rank {strange[0]} is not in R_lite")
        return found

    def seconds(self, execution: Mapping[str, object], key: str) -> int:
        value = execution.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            raise self.wrong(f"execution.{key}", f"must be seconds, not {short(value)}")
        return int(value)
