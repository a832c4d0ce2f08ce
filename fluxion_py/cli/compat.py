"""A resource-query session as a program: start-up, streams, exit codes (cli.md 1 and 2).

`main_compat` is what `fluxion-match` does without a subcommand. The modules of a session are
imported when it starts, so that `--help` and a wrong option answer at once.
"""

import io
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, TextIO

from fluxion_py.cli.compat_options import Options, StartError, parse_options
from fluxion_py.cli.compat_usage import USAGE
from fluxion_py.cli.streams import accept_any_bytes, discard_output
from fluxion_py.errors import FluxionError, GraphError, InputError

if TYPE_CHECKING:
    from fluxion_py._core.flatgraph import FlatGraph
    from fluxion_py.match.protocol import MatchEngine

EngineFactory = Callable[..., "MatchEngine"]


def main_compat(
    argv: Sequence[str],
    *,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    engine_factory: EngineFactory | None = None,
) -> int:
    """Run a session with the options `argv`; return the exit code.

    The streams default to those of the process. `engine_factory` makes the engine and defaults to
    the compiled one. 0 after a session, whatever its commands did; 1 if it could not start.
    """
    stdin = stdin or sys.stdin or io.StringIO()  # a closed descriptor makes None
    stdout = stdout or sys.stdout or io.StringIO()
    stderr = stderr or sys.stderr or io.StringIO()
    for stream in (stdin, stdout, stderr):
        accept_any_bytes(stream)
    try:
        options = parse_options(argv)
        if options.help:
            stderr.write(USAGE)
            return 0
        stderr.writelines(options.warnings)
        _run(options, stdin, stdout, stderr, engine_factory)
        stdout.flush()
        return 0
    except StartError as error:
        stderr.write(f"{error}\n\n{USAGE if error.usage else ''}")
        return 1
    except BrokenPipeError:
        _discard(stdout)
        return 0
    except OSError as error:  # a full disk, for example
        stderr.write(f"[ERROR] output could not be written: {error}\n")
        _discard(stdout)
        return 1
    except KeyboardInterrupt:
        return 130


def _discard(stdout: TextIO) -> None:
    """Drop what is still buffered, if it is the process's own output."""
    if stdout is sys.stdout:
        discard_output()


def _run(
    options: Options,
    stdin: TextIO,
    stdout: TextIO,
    stderr: TextIO,
    engine_factory: EngineFactory | None,
) -> None:
    """Load the graph, make the engine, obey the commands; raises `StartError`."""
    from fluxion_py.session.commands import HANDLERS
    from fluxion_py.session.session import Session, SessionOptions, Streams

    started = time.perf_counter()
    graph = _load(options)
    load_time = time.perf_counter() - started
    engine = _make_engine(options, graph, engine_factory)
    if options.graph_output:
        _write_graph(options, graph)
    if options.elapsed:
        stdout.write(_statistics(graph, load_time))
    session_options = SessionOptions(
        format=options.match_format,
        strict=options.strict,
        elapsed=options.elapsed,
        prompt=options.prompt,
        dominant=options.subsystems[0],
    )
    with ExitStack() as stack:
        out = stdout
        if options.test_output:
            out = stack.enter_context(_open_output(options.test_output))
        session = Session(engine, session_options, Streams(out, stdout, stderr))
        session.run(stdin, HANDLERS)


def _load(options: Options) -> "FlatGraph":
    from fluxion_py.readers import read_file

    try:
        return read_file(
            options.load_file,
            options.load_format,
            allowlist=options.allowlist or None,
            keep_units=not options.strict,
        )
    except GraphError as error:
        raise _load_failure(error.reference_text or str(error)) from None
    except UnicodeError as error:  # half a surrogate pair in JSON
        raise _load_failure(str(error)) from None


def _load_failure(reason: str) -> StartError:
    return StartError(
        f": Runtime error: resource_query_t: ERROR: {reason}\n\nERROR: error generating resources"
    )


def _make_engine(
    options: Options, graph: "FlatGraph", engine_factory: EngineFactory | None
) -> "MatchEngine":
    from fluxion_py.match.policy import parse_policy
    from fluxion_py.match.pruning import parse_filters

    if engine_factory is None:
        from fluxion_py._core.engine import Engine

        engine_factory = Engine
    try:
        policy = parse_policy(options.policy)
    except InputError:
        raise StartError(": Runtime error: resource_query_t: ERROR: can't create matcher") from None
    failed = ": Runtime error: initialize_matchers_and_traversers: ERROR: "
    if any(graph.root(subsystem) < 0 for subsystem in options.subsystems):
        raise StartError(f"{failed}can't initialize traverser")
    try:
        return engine_factory(
            graph,
            subsystems=options.subsystems,
            policy=policy,
            filters=parse_filters(",".join(options.filters)),
            flexible=options.flexible,
            reference_ties=True,
            strict=options.strict,
        )
    except (FluxionError, ValueError) as error:
        raise StartError(f"{failed}{error}") from None


def _open_output(path: str) -> TextIO:
    try:
        return open(path, "w", encoding="utf-8", errors="backslashreplace", newline="")
    except (OSError, ValueError):
        raise StartError(f"[ERROR] can't open --test-output: {path}", usage=True) from None


def _write_graph(options: Options, graph: "FlatGraph") -> None:
    from fluxion_py.writers.whole_graph import write_whole

    path = f"{options.graph_output}.{options.graph_format}"
    try:
        with open(path, "w", encoding="utf-8", errors="replace") as stream:
            stream.writelines(write_whole(options.graph_format, graph))
    except (OSError, ValueError):
        raise StartError(f"[ERROR] can't open --graph-output: {path}", usage=True) from None


def _statistics(graph: "FlatGraph", load_time: float) -> str:
    """Return the lines that -e prints at the start."""
    types, names, paths = graph.index_sizes()
    ranks = "".join(
        f"INFO: number of vertices with rank {rank}: {count}\n"
        for rank, count in sorted(graph.ranks().items())
    )
    return (
        f"INFO: Graph Load Time: {load_time:.6f}\n"
        f"INFO: Vertex Count: {graph.vertex_count}\n"
        f"INFO: Edge Count: {graph.edge_count}\n"
        f"INFO: by_type Key-Value Pairs: {types}\n"
        f"INFO: by_name Key-Value Pairs: {names}\n"
        f"INFO: by_path Key-Value Pairs: {paths}\n"
        f"{ranks}"
    )
