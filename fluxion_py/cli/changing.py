"""`set-status` and `set-property`: in the state with --state, else in the graph file itself."""

import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fluxion_py.cli.arguments import Parser, add_graph, add_output, example, wants_json
from fluxion_py.cli.loading import load_graph, open_matcher, require_graph
from fluxion_py.cli.paths import paths_of
from fluxion_py.errors import InputError
from fluxion_py.graph.resource_graph import ResourceGraph

if TYPE_CHECKING:
    from fluxion_py.match.matcher import Matcher

_FORBIDDEN = frozenset("!&'\"^`|() \t\n")


def add_set_status(parser: Parser) -> None:
    """Add the options of `set-status`."""
    parser.add_argument("path", metavar="PATH", help="such as /elk/rack1/elk[10-19]")
    parser.add_argument("status", choices=("up", "down"))
    add_graph(parser)
    add_output(parser)
    example(parser, "set-status -L elk.json --state elk.state /elk/rack1/elk[10-12] down")


def run_set_status(arguments: Namespace) -> int:
    """Mark vertices up or down."""
    with _changing(arguments) as (graph, target):
        paths = paths_of(graph, arguments.path)
        for path in paths:
            target.set_status(path, arguments.status == "up")
    return _done(arguments, {"paths": paths, "status": arguments.status})


def add_set_property(parser: Parser) -> None:
    """Add the options of `set-property`."""
    parser.add_argument("path", metavar="PATH", help="such as /elk/rack1/elk[10-19]")
    parser.add_argument("properties", metavar="KEY[=VALUE]", nargs="*")
    parser.add_argument(
        "--remove", metavar="KEY", action="append", default=[], help="take this property away"
    )
    add_graph(parser)
    add_output(parser)
    example(parser, "set-property -L elk.json /elk/rack3/elk40 gpu-model=h200 maintenance")


def run_set_property(arguments: Namespace) -> int:
    """Set and remove properties of vertices."""
    if not arguments.properties and not arguments.remove:
        raise InputError("no property is given", hint="write KEY or KEY=VALUE, or --remove KEY")
    pairs = dict(_pair(text) for text in arguments.properties)
    with _changing(arguments) as (graph, target):
        paths = paths_of(graph, arguments.path)
        for path in paths:
            for key in arguments.remove:
                target.remove_property(path, key)
            for key, value in pairs.items():
                target.set_property(path, key, value)
    return _done(arguments, {"paths": paths, "set": pairs, "removed": arguments.remove})


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    if not key or not _FORBIDDEN.isdisjoint(key):
        raise InputError(
            f"{text[:60]!r} is no property",
            hint="write KEY or KEY=VALUE; a key has no blank and none of ! & ' \" ^ ` | ( )",
        )
    return key, value


def _done(arguments: Namespace, document: dict[str, object]) -> int:
    if wants_json(arguments):
        sys.stdout.write(json.dumps(document) + "\n")
    return 0


@contextmanager
def _changing(arguments: Namespace) -> "Iterator[tuple[ResourceGraph, ResourceGraph | Matcher]]":
    """Yield the graph and what to change; then the state or the graph file is written."""
    if arguments.state:
        with open_matcher(arguments, change=True) as matcher:
            yield matcher.graph, matcher
        return
    from fluxion_py.cli.state_file import file_lock, replace_file
    from fluxion_py.writers.whole_graph import write_whole_jgf

    path = require_graph(arguments.graph)
    _require_jgf(path)
    with file_lock(path):
        graph = load_graph(path)
        yield graph, graph
        replace_file(path, write_whole_jgf(graph.flat))


def _require_jgf(path: str) -> None:
    """Refuse to rewrite a file that is not JGF."""
    from fluxion_py.readers.detect import detect_format

    with open(path, encoding="utf-8-sig", errors="replace") as file:
        kind = detect_format(file.read(), path)
    if kind != "jgf":
        raise InputError(
            f"is no JGF but {kind}, which is not rewritten",
            source=path,
            hint=f"make JGF of it: fluxion-match generate {path} -o NAME.json; or use --state FILE",
        )
