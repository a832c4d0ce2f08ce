"""`generate` makes a graph file, `info` tells what a graph consists of."""

import json
import sys
from argparse import Namespace

from fluxion_py.cli.arguments import Parser, add_graph, add_output, example, file_name, wants_json
from fluxion_py.cli.inventory import take_inventory
from fluxion_py.cli.loading import load_graph, progress, read_state, restored
from fluxion_py.cli.table_text import format_table
from fluxion_py.errors import InputError
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.match.pruning import DEFAULT_FILTERS


def add_generate(parser: Parser) -> None:
    """Add the options of `generate`."""
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe, or a graph in another format")
    parser.add_argument(
        "-o", dest="file", type=file_name, metavar="FILE", help="default: standard output"
    )
    parser.add_argument(
        "--add-hwloc",
        metavar="XML,...",
        action="append",
        default=[],
        help="add the machines of these hwloc files (lstopo --of xml)",
    )
    parser.add_argument("--under", metavar="PATH", help="add them below this vertex (the root)")
    parser.add_argument(
        "--allowlist",
        metavar="TYPE,...",
        help="of hwloc files take these types only: node,socket,core,gpu (all)",
    )
    parser.add_argument(
        "--merge-same-host",
        action="store_true",
        help="count a host once that several hwloc files describe",
    )
    add_output(parser, short=False)
    example(
        parser,
        "generate elk.yaml -o elk.json",
        "generate elk.yaml --add-hwloc elk40.xml,elk41.xml --under /elk/rack3 -o elk.json",
    )


def run_generate(arguments: Namespace) -> int:
    """Read a recipe, add machines, write JGF; say how large it became."""
    from fluxion_py.cli.state_file import replace_file
    from fluxion_py.writers.whole_graph import write_whole_jgf

    allowlist = [word for word in (arguments.allowlist or "").split(",") if word]
    graph = load_graph(arguments.recipe, allowlist)
    files = [name for text in arguments.add_hwloc for name in text.split(",") if name]
    if files:
        _add_machines(graph, files, arguments, allowlist)
    elif arguments.under is not None:
        raise InputError("--under says where --add-hwloc adds, but no file is added")
    graph.validate()
    numbers = {"vertices": len(graph), "edges": graph.flat.edge_count}
    if arguments.file is None:
        sys.stdout.writelines(write_whole_jgf(graph.flat))
        return 0
    replace_file(arguments.file, write_whole_jgf(graph.flat), arguments.file)
    if wants_json(arguments):
        document = {"file": arguments.file, "format": "jgf", **numbers, "counts": graph.counts()}
        sys.stdout.write(json.dumps(document) + "\n")
        return 0
    edges = "containment edges" if graph.flat.subsystems() == ["containment"] else "edges"
    vertices = f"{numbers['vertices']} vertices, {numbers['edges']} {edges}"
    sys.stdout.write(f"{arguments.file}: JGF, {vertices}\n")
    return 0


def _add_machines(
    graph: ResourceGraph, files: list[str], arguments: Namespace, allowlist: list[str]
) -> None:
    from fluxion_py.readers import add_hwloc

    flat = graph.flat
    parent = flat.root()
    under: str | None = arguments.under
    if under is not None:
        if under not in graph:
            raise InputError(f"--under {graph.missing(under)}")
        parent = graph[under].row
    documents = [(name, _read_text(name)) for name in files]
    merge: bool = arguments.merge_same_host
    add_hwloc(flat, parent, documents, allowlist=allowlist, merge_same_host=merge)


def _read_text(path: str) -> str:
    with progress(path), open(path, encoding="utf-8-sig", errors="replace") as file:
        return file.read()


def add_info(parser: Parser) -> None:
    """Add the options of `info`."""
    add_graph(parser)
    parser.add_argument(
        "--format",
        choices=("table", "json", "dot", "graphml", "jgf"),
        default="table",
        help="dot, graphml and jgf write the whole graph (default: table)",
    )
    add_output(parser)
    example(parser, "info -L elk.json", "info -L elk.json --format dot | dot -Tsvg > elk.svg")


def run_info(arguments: Namespace) -> int:
    """Print the inventory of a graph, or the graph itself."""
    graph = load_graph(arguments.graph)
    filters = DEFAULT_FILTERS
    if (state := read_state(arguments)) is not None:
        restored(graph, arguments, state)
        filters = state["prune_filters"] or DEFAULT_FILTERS
    if arguments.format in ("dot", "graphml", "jgf"):
        from fluxion_py.writers.whole_graph import write_whole

        sys.stdout.writelines(write_whole(arguments.format, graph.flat))
        return 0
    inventory = take_inventory(graph)
    if wants_json(arguments) or arguments.format == "json":
        document = inventory.to_dict() | {"prune_filters": filters}
        sys.stdout.write(json.dumps(document) + "\n")
        return 0
    rows = [(kind.type, kind.count, kind.up, kind.down, kind.names) for kind in inventory.kinds]
    sys.stdout.write(f"{inventory.name}  ({inventory.type})\n")
    sys.stdout.write(
        format_table(
            ("TYPE", "COUNT", "UP", "DOWN", "NAMES"),
            rows,
            right=("COUNT",),
            widths=(len(inventory.type),),
        )
    )
    subsystems = ", ".join(inventory.subsystems)
    sys.stdout.write(
        f"subsystems: {subsystems}   depth: {inventory.depth}   prune filters: {filters}\n"
    )
    return 0
