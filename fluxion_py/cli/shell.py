"""`shell`: the resource-query language on a graph in any format (cli.md 2 and 3)."""

import sys
from argparse import Namespace

from fluxion_py.cli.arguments import DEFAULT_POLICY, Parser, add_graph, add_matcher
from fluxion_py.cli.compat_usage import USAGE
from fluxion_py.cli.loading import load_graph, refusals_named
from fluxion_py.writers import FORMATS

_EPILOG = """Example:
  printf 'match allocate job.yaml\\nlist\\n' | fluxion-match shell -L elk.json

`help` lists the commands; nothing is kept when it ends. Without the word `shell` the options
are those of resource-query, as follows, and so are its known wrong answers.

"""


def add_shell(parser: Parser) -> None:
    """Add the options of `shell`."""
    add_graph(parser, state=False)
    add_matcher(parser)
    parser.add_argument("-F", "--format", choices=FORMATS, metavar="FORMAT", default="simple")
    parser.epilog = _EPILOG + USAGE


def run_shell(arguments: Namespace) -> int:
    """Obey the commands of standard input until its end."""
    from fluxion_py._core.engine import Engine
    from fluxion_py.match.policy import parse_policy
    from fluxion_py.match.pruning import parse_filters
    from fluxion_py.match.subsystems import parse_subsystems
    from fluxion_py.session.commands import HANDLERS
    from fluxion_py.session.session import Session, SessionOptions, Streams

    graph = load_graph(arguments.graph)
    subsystems = parse_subsystems(arguments.subsystems or "CA")
    with refusals_named(graph):
        engine = Engine(
            graph.flat,
            subsystems=subsystems,
            policy=parse_policy(arguments.policy or DEFAULT_POLICY),
            filters=parse_filters(arguments.prune_filters or ""),
            flexible=arguments.traverser == "flexible",
        )
    options = SessionOptions(
        format=arguments.format,
        strict=False,
        prompt=sys.stdin.isatty(),
        dominant=subsystems[0],
    )
    session = Session(engine, options, Streams(sys.stdout, sys.stdout, sys.stderr))
    session.now = arguments.now or 0
    session.run(sys.stdin, HANDLERS)
    return 0
