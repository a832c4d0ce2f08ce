"""`draw`: the machine as a picture, what jobs hold in colour."""

import json
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from fluxion_py.cli.arguments import Parser, add_graph, add_output, example, file_name, wants_json
from fluxion_py.cli.loading import open_matcher
from fluxion_py.errors import GraphError
from fluxion_py.writers.drawing import Hold, write_svg

if TYPE_CHECKING:
    from fluxion_py.match.matcher import Matcher


def add_draw(parser: Parser) -> None:
    """Add the options of `draw`."""
    parser.add_argument(
        "-o", dest="file", type=file_name, metavar="FILE.svg", help="default: standard output"
    )
    add_graph(parser)
    add_output(parser, short=False)
    example(parser, "draw -L elk.json --state elk.state -o elk.svg")


def run_draw(arguments: Namespace) -> int:
    """Write an SVG picture; a vertex has the colour of the job that owns it."""
    with open_matcher(arguments, change=False) as matcher:
        flat = matcher.graph.flat
        if flat.root() < 0:
            raise GraphError("the graph has no containment root", source=arguments.graph)
        pieces = write_svg(flat, _holds(matcher))
        if arguments.file is None:
            sys.stdout.writelines(pieces)
            return 0
        from fluxion_py.cli.state_file import replace_file

        replace_file(arguments.file, pieces)
    if wants_json(arguments):
        sys.stdout.write(json.dumps({"file": arguments.file, "vertices": flat.vertex_count}) + "\n")
    else:
        sys.stdout.write(f"{arguments.file}: SVG, {flat.vertex_count} vertices\n")
    return 0


def _holds(matcher: "Matcher") -> dict[int, list[Hold]]:
    """Return the jobs that own each vertex, those that run before those that wait."""
    found: dict[int, list[Hold]] = {}
    for job in matcher.jobs():
        hold = Hold(job.id, job.state.value == "RESERVED")
        for row, _, exclusive, _ in job.allocation.selection.vertices:
            if exclusive:
                found.setdefault(row, []).append(hold)
    for mine in found.values():
        mine.sort(key=lambda hold: hold.reserved)
    return found
