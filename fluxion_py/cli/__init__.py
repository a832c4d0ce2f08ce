"""fluxion-match: the tool with subcommands, and the resource-query language without one.

Nothing but `main` is here, and it imports only what the command line asks for.
"""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run `fluxion-match` with these arguments (those of the process by default).

    Return the exit code: with a subcommand 0 done, 1 bad input, 16 busy, 19 never, 70 a bug of
    ours; without one that of a session (cli.md 1 and 2).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments and sys.stdin is not None and sys.stdin.isatty():
        arguments = ["--help"]  # somebody who wonders what this is
    first = arguments[0] if arguments else "-"
    if not first.startswith("-") or (
        len(arguments) == 1 and first in ("-h", "--help", "--version")
    ):
        from fluxion_py.cli.tool import run_tool

        return run_tool(first, arguments[1:])
    from fluxion_py.cli.compat import main_compat

    return main_compat(arguments)
