"""R version 1 (RFC 20) and its core, the list `rlite` (matching.md 12)."""

from dataclasses import dataclass, field
from json.encoder import encode_basestring as quoted

from fluxion_py._core.rlite import children_of_nodes, idset_text
from fluxion_py.hostlist import format_hostlist
from fluxion_py.writers.answer import Answer
from fluxion_py.writers.jgf import fragments, graph_object


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
            f'{{"rank": "{idset_text(ranks)}", "children": {children}}}'
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
    if len(execution.hosts) == 1:
        hosts = execution.hosts[0][1]
    else:
        hosts = format_hostlist(host for _, host in sorted(execution.hosts, key=_rank_of))
    nodelist = quoted(hosts) if hosts else ""
    properties = ""
    if execution.properties:
        members = (
            f'{quoted(name)}: "{idset_text(ranks)}"'
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
    for children, row in children_of_nodes(graph, answer.selection.rows, complete):
        rank = graph.rank(row)
        execution.ranks.setdefault(children, []).append(rank)
        execution.hosts.append((rank, graph.name(row)))
        for key, value in graph.properties(row).items():
            name = f"{key}={value}" if value else key
            execution.properties.setdefault(name, []).append(rank)
    return execution


def _rank_of(host: tuple[int, str]) -> int:
    return host[0]


WRITERS = {
    "rlite": write_rlite,
    "rv1": write_rv1,
    "rv1_nosched": write_rv1_nosched,
    "rv1_shorthand": write_rv1_shorthand,
}
"""The writers of this module by format."""
