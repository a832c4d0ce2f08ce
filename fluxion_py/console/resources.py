"""`resource` and `housekeeping`: nodes by state, drained nodes, growth."""

import sys
import time
from argparse import Namespace
from collections.abc import Iterable
from typing import Any

from fluxion_py.cli.arguments import Parser, example, file_name, wants_json
from fluxion_py.cli.tool import DONE
from fluxion_py.console.columns import clock
from fluxion_py.console.connection import add_connection, open_client, print_json
from fluxion_py.errors import InputError
from fluxion_py.hostlist import Hostlist

MAX_GRAPH = 12 * 2**20


def _ask(arguments: Namespace) -> list[dict[str, Any]]:
    with open_client(arguments) as client:
        found: list[dict[str, Any]] = client.call("resources")
    return found


def _names(nodes: Iterable[dict[str, Any]]) -> str:
    return str(Hostlist(node["name"] for node in nodes))


def add_list(parser: Parser) -> None:
    """Add the options of `resource list`."""
    add_connection(parser)
    example(parser, "resource list")


def run_list(arguments: Namespace) -> int:
    """List nodes as free, allocated or down (drained ones are down)."""
    groups: dict[str, list[dict[str, Any]]] = {"free": [], "allocated": [], "down": []}
    for node in _ask(arguments):
        state = "allocated" if node["jobs"] else node["state"]
        groups[state if state in groups else "down"].append(node)
    if wants_json(arguments):
        print_json({state: _group(nodes) for state, nodes in groups.items()})
        return DONE
    print(f"{'STATE':>10} {'NNODES':>6} {'NCORES':>6} {'NGPUS':>5} NODELIST")
    for state, nodes in groups.items():
        group = _group(nodes)
        numbers = f"{group['nnodes']:>6} {group['ncores']:>6} {group['ngpus']:>5}"
        print(f"{state:>10} {numbers} {group['nodelist']}".rstrip())
    return DONE


def _group(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "nnodes": len(nodes),
        "ncores": sum(node["cores"] for node in nodes),
        "ngpus": sum(node["gpus"] for node in nodes),
        "nodelist": _names(nodes),
    }


def add_status(parser: Parser) -> None:
    """Add the options of `resource status`."""
    add_connection(parser)
    example(parser, "resource status")


def run_status(arguments: Namespace) -> int:
    """List nodes as available, draining, drained or down."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for node in _ask(arguments):
        state = node["state"] if node["state"] in ("draining", "drained", "down") else "avail"
        groups.setdefault(state, []).append(node)
    shown = [name for name in ("avail", "draining", "drained", "down") if name in groups]
    if wants_json(arguments):
        print_json({state: _group(groups[state]) for state in shown})
        return DONE
    print(f"{'STATE':>12} UP {'NNODES':>6} NODELIST")
    for state in shown:
        mark = "✗" if state == "down" else "✔"
        nodes = groups[state]
        print(f"{state:>12}  {mark} {len(nodes):>6} {_names(nodes)}")
    return DONE


def add_drain(parser: Parser) -> None:
    """Add the options of `resource drain`."""
    parser.add_argument("hosts", metavar="HOSTLIST", nargs="?", help="such as elk[7-9]")
    parser.add_argument("reason", metavar="REASON", nargs="*", help="why")
    add_connection(parser)
    example(parser, 'resource drain elk[7-9] "DIMM replacement INC-4711"', "resource drain")


def run_drain(arguments: Namespace) -> int:
    """Take nodes out of use: their jobs go on, no new ones come. Without nodes: list them."""
    if arguments.hosts is None:
        return _list_drained(arguments)
    with open_client(arguments) as client:
        client.call("drain", hosts=arguments.hosts, reason=" ".join(arguments.reason))
    if wants_json(arguments):
        print_json({"drained": arguments.hosts})
    return DONE


def _list_drained(arguments: Namespace) -> int:
    groups: dict[tuple[float, str, str], list[dict[str, Any]]] = {}
    for node in _ask(arguments):
        if node["since"] is not None:
            key = (node["since"], node["state"], node["reason"])
            groups.setdefault(key, []).append(node)
    rows = sorted(groups.items(), key=lambda group: (group[0][0], group[0][1] != "draining"))
    if wants_json(arguments):
        print_json(
            {
                "drained": [
                    {"since": at, "state": state, "reason": reason, "nodelist": _names(nodes)}
                    for (at, state, reason), nodes in rows
                ]
            }
        )
        return DONE
    width = max([6, *(len(reason) for _, _, reason in groups)]) + 1
    print(f"{'TIMESTAMP':<12} {'STATE':<8} {'REASON':<{width}} NODELIST")
    for (at, state, reason), nodes in rows:
        stamp = time.strftime("%b%d %H:%M", time.localtime(at))
        print(f"{stamp:<12} {state:<8} {reason:<{width}} {_names(nodes)}")
    return DONE


def add_undrain(parser: Parser) -> None:
    """Add the options of `resource undrain`."""
    parser.add_argument("hosts", metavar="HOSTLIST", help="such as elk[7-9]")
    add_connection(parser)
    example(parser, "resource undrain elk[7-9]")


def run_undrain(arguments: Namespace) -> int:
    """Put nodes into use again."""
    with open_client(arguments) as client:
        client.call("undrain", hosts=arguments.hosts)
    if wants_json(arguments):
        print_json({"undrained": arguments.hosts})
    return DONE


def add_attach(parser: Parser) -> None:
    """Add the options of `resource attach`."""
    parser.add_argument("graph", type=file_name, metavar="FILE", help="JGF with the new vertices")
    parser.add_argument(
        "--under",
        metavar="PATH",
        help="FILE is a machine of any format, and comes below this vertex, with ranks of its own",
    )
    add_connection(parser)
    example(parser, "resource attach more.json", "resource attach rack4.yaml --under /elk")


def run_attach(arguments: Namespace) -> int:
    """Add vertices to the machine."""
    with open(arguments.graph, encoding="utf-8") as file:
        try:
            text = file.read(MAX_GRAPH + 1)
        except UnicodeDecodeError:
            raise InputError("is no text", source=arguments.graph) from None
    if len(text) > MAX_GRAPH:
        raise InputError(f"has more than {MAX_GRAPH} characters", source=arguments.graph)
    with open_client(arguments) as client:
        told = client.call("attach", graph=text, source=arguments.graph, under=arguments.under)
    return _tell(arguments, told)


def add_resize(parser: Parser) -> None:
    """Add the options of `resource resize`."""
    parser.add_argument("size", type=int, metavar="N", help="the number of nodes")
    parser.add_argument(
        "--requeue", action="store_true", help="have the jobs on nodes that go wait again"
    )
    add_connection(parser)
    example(parser, "resource resize 3", "resource resize 3 --requeue")


def run_resize(arguments: Namespace) -> int:
    """Have more or fewer nodes: declared ones, or those that the parent gives."""
    with open_client(arguments) as client:
        told = client.call("resize", size=arguments.size, requeue=arguments.requeue)
    return _tell(arguments, told)


def add_detach(parser: Parser) -> None:
    """Add the options of `resource detach`."""
    parser.add_argument("path", metavar="PATH", help="of a vertex: it and all below it go")
    parser.add_argument("--force", action="store_true", help="fail the jobs that run there")
    add_connection(parser)
    example(parser, "resource detach /elk/rack0")


def run_detach(arguments: Namespace) -> int:
    """Take vertices out of the machine."""
    with open_client(arguments) as client:
        told = client.call("detach", path=arguments.path, force=arguments.force)
    return _tell(arguments, told)


def _tell(arguments: Namespace, told: str) -> int:
    if wants_json(arguments):
        print_json({"message": told})
    else:
        print(told)
    return DONE


def add_cleaning(parser: Parser) -> None:
    """Add the options of `housekeeping list`."""
    add_connection(parser)
    example(parser, "housekeeping list")


def run_cleaning(arguments: Namespace) -> int:
    """List the jobs that have ended and whose nodes are not yet back."""
    with open_client(arguments) as client:
        jobs = client.call("housekeeping")
    if wants_json(arguments):
        print_json({"housekeeping": jobs})
        return DONE
    width = max([8, *(len(job["f58"]) for job in jobs)])
    sys.stdout.write(f"{'JOBID':<{width}} {'NNODES':>6} {'#ACTIVE':>7} {'RUNTIME':>8} NODELIST\n")
    for job in jobs:
        minutes, seconds = divmod(int(job["runtime"]), 60)
        spent = f"{minutes}:{seconds:02}" if minutes < 60 else clock(job["runtime"])
        sys.stdout.write(
            f"{job['f58']:<{width}} {job['nnodes']:>6} {job['active']:>7} {spent:>8} "
            f"{job['nodelist']}\n"
        )
    return DONE
