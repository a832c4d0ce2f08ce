"""What commands work on: the graph of -L, and a matcher that begins with the state of --state."""

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fluxion_py.cli.arguments import GRAPH_VARIABLE
from fluxion_py.errors import FluxionError, InputError
from fluxion_py.graph import ResourceGraph

if TYPE_CHECKING:
    from fluxion_py.match.matcher import Matcher

SLOW_BYTES = 5_000_000
"""Reading a larger file is announced on a terminal."""


def load_graph(path: str | None) -> ResourceGraph:
    """Read the graph of -L, in whatever format. Raises `InputError`."""
    if not path:
        raise InputError(
            "no graph: -L GRAPH is missing", hint=f"or name one in ${GRAPH_VARIABLE}"
        )
    with progress(path):
        return ResourceGraph.from_file(path)


@contextmanager
def progress(path: str) -> Iterator[None]:
    """Say on a terminal that a large file is being read, and take it back afterwards."""
    try:
        size = os.path.getsize(path)
    except (OSError, ValueError):
        size = 0
    if size < SLOW_BYTES or not sys.stderr.isatty():
        yield
        return
    sys.stderr.write(f"reading {path} ({size / 1e6:.0f} MB)...")
    sys.stderr.flush()
    try:
        yield
    finally:
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()


@contextmanager
def open_matcher(arguments: Namespace, *, change: bool) -> "Iterator[Matcher]":
    """Yield the matcher of -L and --state.

    With `change` the state is locked and, unless an error ends the block, written back.
    Raises `InputError` if the state is damaged, of another graph, or made with other options.
    """
    graph = load_graph(arguments.graph)
    if not arguments.state:
        yield _fresh(graph, arguments)
        return
    from fluxion_py.match.state import StateFile

    file = StateFile(arguments.state)
    if not change:
        yield _restored(graph, arguments, file.read())
        return
    with file.locked():
        matcher = _restored(graph, arguments, file.read())
        yield matcher
        file.write(matcher.save())


def require_state(arguments: Namespace) -> None:
    """Raise `InputError` without --state."""
    if not arguments.state:
        raise InputError(
            "--state FILE is missing",
            hint="jobs are remembered in a state file: the one that allocate was given",
        )
