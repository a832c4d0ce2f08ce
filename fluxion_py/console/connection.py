"""The options that all commands of a running instance share, and the connection."""

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fluxion_py.cli.arguments import Parser, add_output
from fluxion_py.cli.tool import BAD_INPUT, DONE, complain

if TYPE_CHECKING:
    from fluxion_py.server.client import Client


def add_connection(parser: Parser, *, output: bool = True) -> None:
    """Add --uri, and -o json if wanted."""
    parser.add_argument(
        "--uri",
        metavar="SOCKET",
        help="the instance to talk to (default: $FLUXION_URI, else fluxion.instance/socket here)",
    )
    if output:
        add_output(parser)


def add_answer(parser: Parser) -> None:
    """Add -o json where --output is a file of the job's."""
    parser.add_argument(
        "-o",
        metavar="json",
        dest="output",
        choices=("text", "json"),
        default="text",
        help="text or json",
    )
    parser.add_argument("--json", action="store_true", help="the same as -o json")


def add_jobids(parser: Parser, *, several: bool = True) -> None:
    """Add JOBID, or one and more."""
    if several:
        parser.add_argument("jobids", metavar="JOBID", nargs="+", help="ids: ƒ9Ui..., f9Ui..., 7")
    else:
        parser.add_argument("jobid", metavar="JOBID", help="an id: ƒ9Ui..., f9Ui... or a number")


def open_client(arguments: Namespace) -> "Client":
    """Connect. Raises `InputError` if there is no instance."""
    from fluxion_py.server.client import Client

    return Client(arguments.uri)


def print_json(value: object) -> None:
    """Print data for a program."""
    json.dump(value, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")


def report_each(names: Sequence[str], results: Sequence[Any]) -> int:
    """Complain about those jobs of a call for several that went wrong; return the exit code."""
    wrong = [result for result in results if result is not None]
    for result in wrong:
        complain(f"error: {result['error']}", result.get("hint"))
    return BAD_INPUT if wrong else DONE
