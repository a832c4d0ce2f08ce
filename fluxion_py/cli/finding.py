"""`find`: the vertices that satisfy an expression."""

import json
import sys
from argparse import Namespace

from fluxion_py.cli.arguments import Parser, add_graph, add_output, example, wants_json
from fluxion_py.cli.find_expression import find_rows
from fluxion_py.cli.loading import open_matcher
from fluxion_py.cli.paths import compressed
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.graph.vertex import Vertex


def add_find(parser: Parser) -> None:
    """Add the options of `find`."""
    parser.add_argument(
        "expression",
        metavar="EXPRESSION",
        nargs="+",
        help="KEY=VALUE joined by and, or, not and parentheses. Keys: type, name, id, rank, path, "
        "property, any type (rack=rack1: in rack1), status=up|down, sched-now=free|allocated, "
        "sched-future=free|reserved, jobid-alloc=ID, jobid-reserved=ID, names=HOSTS",
    )
    add_graph(parser)
    add_output(parser)
    example(
        parser,
        "find -L elk.json 'type=node and rack=rack1'",
        "find -L elk.json --state elk.state 'type=node and sched-now=free'",
    )


def run_find(arguments: Namespace) -> int:
    """Print the paths of the vertices, those below one parent in one line."""
    with open_matcher(arguments, change=False) as matcher:
        graph: ResourceGraph = matcher.graph
        rows = find_rows(
            graph,
            " ".join(arguments.expression),
            lambda term: {vertex.row for vertex in matcher.find(term)},
        )
        vertices = [Vertex(graph.flat, row) for row in rows]
    if wants_json(arguments):
        sys.stdout.write(json.dumps([vertex_object(vertex) for vertex in vertices]) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in compressed([v.path for v in vertices]))
    return 0


def vertex_object(vertex: Vertex) -> dict[str, object]:
    """Return what is known about a vertex as JSON-able values."""
    return {
        "path": vertex.path,
        "type": vertex.type,
        "name": vertex.name,
        "id": vertex.id,
        "rank": vertex.rank,
        "size": vertex.size,
        "unit": vertex.unit,
        "status": "up" if vertex.up else "down",
        "properties": vertex.properties,
    }
