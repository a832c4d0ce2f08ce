"""`completion` of `fluxion`."""

from argparse import Namespace

from fluxion_py.cli.completion import add_completion as add_completion
from fluxion_py.cli.completion import script
from fluxion_py.cli.tool import DONE
from fluxion_py.console.commands import FLUXION


def run_completion(arguments: Namespace) -> int:
    """Print the script."""
    print(script(FLUXION, arguments.shell), end="")
    return DONE
