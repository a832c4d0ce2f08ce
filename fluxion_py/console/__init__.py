"""`fluxion`: the command line of instances and simulations.

Nothing but `main` is here, and it imports only what the command line asks for.
"""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run `fluxion` with these arguments (those of the process by default); return the exit code.

    0 done, 1 bad input, 16 busy now, 19 can never fit, 70 a bug of ours; `run` and `attach` end as
    the job did, `start -- COMMAND` as the command.
    """
    arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    from fluxion_py.cli.tool import run_tool
    from fluxion_py.console.commands import FLUXION

    return run_tool(arguments[0], arguments[1:], FLUXION)
