"""R version 1 (RFC 20) and its core, the list `rlite` (matching.md 12)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from json.encoder import encode_basestring as quoted

from fluxion_py.graph.vertex import TARGET_TYPES
from fluxion_py.hostlist import format_hostlist
from fluxion_py.idset import format_idset
from fluxion_py.writers.answer import Answer
from fluxion_py.writers.jgf import fragments, graph_object

CHILD_TYPES = ("core", "gpu")
"""Types that R_lite lists below a node, in this order."""


@dataclass(slots=True)
class Execution:
    """The execution part of R: entries of R_lite, hosts by rank, and ranks by property."""

    ranks: dict[str, list[int]] = field(default_factory=dict)
    hosts: list[tuple[int, str]] = field(default_factory=list)
    properties: dict[str, list[int]] = field(default_factory=dict)

    @property
    def rlite(self) -> str:
        """The JSON array of R_lite, sorted by the text of the children."""
        entries = (
            f'{{"rank": "{_ranks_text(ranks)}", "children": {children}}}'
            for children, ranks in sorted(self.ranks.items())
        )
        return f"[{', '.join(entries)}]"


def write_rlite(answer: Answer, *, complete: bool = False) -> str:
    """Return the R_lite array as one line; nothing if no node with a core or gpu is in it.

    `complete` keeps nodes without core and gpu, with empty `children`; the reference drops them.
    """
    execution = collect(answer, complete=complete)
    return execution.rlite + "\n" if execution.ranks else ""


def write_rv1_nosched(answer: Answer, *, complete: bool = False) -> str:
    """Return R without the scheduling key as one line; `complete` as in `write_rlite`."""
    execution = collect(answer, complete=complete)
    if not execution.ranks and not (complete and answer.selection.vertices):
        return ""
    return f'{{"version": 1, "execution": {execution_object(execution, answer)}}}\n'


def write_rv1(answer: Answer, *, complete: bool = False) -> str:
    """Return R with the selection as JGF under `scheduling`; `complete` as in `write_rlite`."""
    return _write_scheduled(answer, complete, shorthand=False)


def write_rv1_shorthand(answer: Answer, *, complete: bool = False) -> str:
    """Return R with the shorthand JGF under `scheduling`; `complete` as in `write_rlite`."""
    return _write_scheduled(answer, complete, shorthand=True)


def _write_scheduled(answer: Answer, complete: bool, *, shorthand: bool) -> str:
    execution = collect(answer, complete=complete)
    if not execution.ranks and not (complete and answer.selection.vertices):
        return ""
    scheduling = graph_object(fragments(answer, shorthand=shorthand))
    return scheduled_line(execution, answer, scheduling, answer.queue)


def scheduled_line(execution: Execution, answer: Answer, scheduling: str, queue: str | None) -> str:
    """Return the line of R from its parts; `scheduling` is a JSON text."""
    attributes = ""
    if queue:
        attributes = f', "attributes": {{"system": {{"scheduler": {{"queue": {quoted(queue)}}}}}}}'
    body = f'"execution": {execution_object(execution, answer)}, "scheduling": {scheduling}'
    return f'{{"version": 1, {body}{attributes}}}\n'


def execution_object(execution: Execution, answer: Answer) -> str:
    """Return the JSON object of the key `execution`."""
    hosts = format_hostlist(host for _, host in sorted(execution.hosts, key=_rank_of))
    nodelist = quoted(hosts) if hosts else ""
    properties = ""
    if execution.properties:
        members = (
            f'{quoted(name)}: "{_ranks_text(ranks)}"'
            for name, ranks in sorted(execution.properties.items())
        )
        properties = f', "properties": {{{", ".join(members)}}}'
    return (
        f'{{"R_lite": {execution.rlite}, "nodelist": [{nodelist}]{properties}, '
        f'"starttime": {answer.at}, "expiration": {answer.expiration}}}'
    )


def collect(answer: Answer, *, complete: bool = False) -> Execution:
    """Gather ranks, hosts and properties: cores and gpus count for the next node after them."""
    graph = answer.graph
    execution = Execution()
    pending: dict[str, set[int]] = {}
    for row, _, _, _ in answer.selection.vertices:
        kind = graph.type(row)
        if kind in CHILD_TYPES:
            pending.setdefault(kind, set()).add(graph.id(row))
        elif kind in TARGET_TYPES and (pending or complete):
            rank = graph.rank(row)
            execution.ranks.setdefault(_children_object(pending), []).append(rank)
            execution.hosts.append((rank, graph.name(row)))
            for key, value in graph.properties(row).items():
                name = f"{key}={value}" if value else key
                execution.properties.setdefault(name, []).append(rank)
            pending = {}
    return execution


def _children_object(children: dict[str, set[int]]) -> str:
    members = (
        f'"{kind}": "{_ranks_text(children[kind])}"' for kind in CHILD_TYPES if kind in children
    )
    return "{" + ", ".join(members) + "}"


def _rank_of(host: tuple[int, str]) -> int:
    return host[0]


def _ranks_text(numbers: Iterable[int]) -> str:
    """Return numbers as an idset; those that an idset cannot hold (-1: none) stand alone."""
    distinct = set(numbers)
    negative = [str(number) for number in sorted(distinct) if number < 0]
    text = format_idset(number for number in distinct if number >= 0)
    return ",".join([*negative, text] if text else negative)


WRITERS = {
    "rlite": write_rlite,
    "rv1": write_rv1,
    "rv1_nosched": write_rv1_nosched,
    "rv1_shorthand": write_rv1_shorthand,
}
"""The writers of this module by format."""
