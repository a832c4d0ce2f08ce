"""`fluence`: the command line of the Kubernetes service.

Nothing but `main` is here, and it imports only what the command line asks for.
"""

import sys
from collections.abc import Sequence

EXTRA = ("fastapi", "kubernetes", "uvicorn")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `fluence` with these arguments (those of the process by default); return the exit code.

    0 done, 1 bad input, 16 it would have to wait, 19 it can never fit, 70 a bug of ours.
    """
    arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    from fluxion_extender.console.commands import FLUENCE
    from fluxion_py.cli.tool import run_tool

    try:
        return run_tool(arguments[0], arguments[1:], FLUENCE)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA:
            raise
        sys.stderr.write(f"error: {error.name} is missing: pip install 'fluxion-py[extender]'\n")
        return 1
