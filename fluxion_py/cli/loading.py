"""What commands work on: the graph of -L, and a matcher that begins with the state of --state."""

import os
import sys
from argparse import Namespace
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fluxion_py.cli.arguments import DEFAULT_POLICY, GRAPH_VARIABLE
from fluxion_py.errors import FluxionError, InputError
from fluxion_py.graph.resource_graph import ResourceGraph

if TYPE_CHECKING:
    from fluxion_py.match.matcher import Matcher

SLOW_BYTES = 5_000_000
"""Reading a larger file is announced on a terminal."""


def load_graph(path: str | None, allowlist: Collection[str] = ()) -> ResourceGraph:
    """Read the graph of -L, in whatever format; of hwloc only the types of the allow-list, if any.

    Raises `InputError`.
    """
    path = require_graph(path)
    with progress(path):
        return ResourceGraph.from_file(path, allowlist=allowlist or None)


def require_graph(path: str | None) -> str:
    """Return the path of -L; raises `InputError` if there is none."""
    if not path:
        raise InputError("no graph: -L GRAPH is missing", hint=f"or name one in ${GRAPH_VARIABLE}")
    return path


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
    if not arguments.state or not change:
        yield restored(graph, arguments, read_state(arguments))
        return
    from fluxion_py.cli.state_file import StateFile

    file = StateFile(arguments.state)
    with file.locked():
        matcher = restored(graph, arguments, file.read())
        yield matcher
        file.write(matcher.save())


def require_state(arguments: Namespace) -> None:
    """Raise `InputError` without --state."""
    if not arguments.state:
        raise InputError(
            "--state FILE is missing",
            hint="jobs are remembered in a state file: the one that allocate was given",
        )


def read_state(arguments: Namespace) -> dict[str, Any] | None:
    """Return what the state file of --state holds, to look at; None if there is none."""
    from fluxion_py.cli.state_file import StateFile

    return StateFile(arguments.state).read() if arguments.state else None


def restored(graph: ResourceGraph, arguments: Namespace, state: dict[str, Any] | None) -> "Matcher":
    """Return the matcher of a state, or a new one; then let the time of --now come."""
    from fluxion_py.match.matcher import Matcher

    if state is None:
        with refusals_named(graph):
            matcher = Matcher(
                graph,
                _given(arguments, "policy") or DEFAULT_POLICY,
                prune_filters=_given(arguments, "prune_filters"),
                subsystems=_given(arguments, "subsystems") or "containment",
                traverser=_given(arguments, "traverser") or "simple",
            )
    else:
        matcher = _load(graph, arguments.state, state)
        _require_same(arguments, state, matcher)
    now = getattr(arguments, "now", None)
    if now is not None:
        matcher.now = now
    return matcher


@contextmanager
def refusals_named(graph: ResourceGraph) -> Iterator[None]:
    """Say which file it is that the engine refuses."""
    try:
        yield
    except FluxionError:
        raise
    except ValueError as error:
        raise InputError(str(error), source=graph.source) from None


def _given(arguments: Namespace, name: str) -> str | None:
    value: str | None = getattr(arguments, name, None)
    return value


def _require_same(arguments: Namespace, state: dict[str, Any], matcher: "Matcher") -> None:
    """Raise `InputError` if an option says otherwise than the state how to match."""
    from fluxion_py.match.policy import POLICIES, parse_policy

    was = {name: state[name] for name in ("prune_filters", "subsystems", "traverser")}
    names = [name for name, policy in POLICIES.items() if policy == matcher.policy]
    policy = _given(arguments, "policy")
    if policy is not None and parse_policy(policy) != matcher.policy:
        was["policy"] = names[0] if names else "another policy"
    for name, value in was.items():
        given = _given(arguments, name)
        if given is not None and given != value:
            raise InputError(
                f"--{name.replace('_', '-')} {given} does not go with this state, which was begun "
                f"with {value or 'the default'}",
                source=arguments.state,
                hint="leave the option out, or begin a new state file",
            )


def _load(graph: ResourceGraph, source: str, state: dict[str, Any]) -> "Matcher":
    """Return the matcher of a state; raises `InputError` if the two do not fit together."""
    from fluxion_py.match.matcher import Matcher

    try:
        return Matcher.load(graph, state)
    except InputError as error:
        raise InputError(
            error.message, source=source, where=error.where, hint=error.hint or _OTHER
        ) from None
    except FluxionError as error:
        raise InputError(str(error), source=source, hint=_OTHER) from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise InputError("is a damaged state file", source=source, hint=_OTHER) from None


_OTHER = "name another state file; a new state is made where there is none"
