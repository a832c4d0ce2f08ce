"""The argument parser of one subcommand, and the options that several share."""

import argparse
import os
import re
import sys
from collections.abc import Callable
from typing import NoReturn

from fluxion_py.errors import InputError
from fluxion_py.jobspec.model import UNLIMITED

GRAPH_VARIABLE = "FLUXION_GRAPH"
"""Environment variable with the graph file to use without -L."""


DEFAULT_POLICY = "low"
"""What people expect: the first free nodes of the list. `first` is faster on large machines."""


class Parser(argparse.ArgumentParser):
    """Reports a mistake as an `InputError`, so that it ends like any other bad input."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting with 2; of an unknown option say which one is nearest."""
        from difflib import get_close_matches  # only for a mistake: commands start at once

        unknown = re.match(r"unrecognized arguments: (--[^\s=]+)", message)
        known = [name for action in self._actions for name in action.option_strings]
        near = get_close_matches(unknown[1], known, n=1) if unknown else []
        asked = f"did you mean {near[0]}? " if near else ""
        raise InputError(message, hint=f"{asked}see {self.prog} --help")


def parse(
    prog: str, summary: str, add: Callable[[Parser], None], words: list[str]
) -> argparse.Namespace | None:
    """Return the checked arguments of a subcommand; None if help was printed instead.

    Where a command may stand, the words after a `--` are it, `arguments.command`; else None. With
    the default `command_last` it begins at the first word that is no option. Raises `InputError`.
    """
    parser = Parser(
        prog=prog,
        description=summary[0].upper() + summary[1:] + ".",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add(parser)
    command = None
    if "--" in words and parser.get_default("takes_command"):
        cut = words.index("--")
        words, command = words[:cut], words[cut + 1 :]
    last = parser.get_default("command_last")
    try:
        arguments = (parser.parse_args if last else parser.parse_intermixed_args)(words)
    except SystemExit:  # --help has printed its text
        return None
    if last:
        command = arguments.words[1:] if arguments.words[:1] == ["--"] else arguments.words
    arguments.command = command
    return arguments


def example(parser: Parser, *lines: str) -> None:
    """Show examples at the end of the help."""
    parser.epilog = "Example:\n" + "\n".join(
        f"  {parser.prog.partition(' ')[0]} {line}" for line in lines
    )


def add_command(parser: Parser, *, required: bool = True) -> None:
    """Have a command come last, from the first word that is no option."""
    parser.set_defaults(command_last=True)
    parser.add_argument(
        "words",
        metavar="COMMAND" if required else "[COMMAND]",
        nargs=argparse.REMAINDER,
        help="the program and its arguments; options come before it",
    )


def add_graph(parser: "Parser | argparse._ArgumentGroup", *, state: bool = True) -> None:
    """Add -L, and --state if wanted."""
    parser.add_argument(
        "-L",
        "--graph",
        type=file_name,
        metavar="GRAPH",
        default=os.environ.get(GRAPH_VARIABLE) or None,
        help="the machine: JGF, recipe, GRUG, GraphML, R or hwloc, seen from the content "
        f"(default: ${GRAPH_VARIABLE})",
    )
    if state:
        parser.add_argument(
            "--state",
            type=file_name,
            metavar="FILE",
            help="keep jobs, status and properties in this file between calls",
        )


def add_output(parser: Parser, *, short: bool = True) -> None:
    """Add -o json; `short=False` where -o names a file, then it is only --json."""
    parser.set_defaults(json=False)
    if short:
        parser.add_argument(
            "-o", "--output", choices=("text", "json"), default="text", help="default: text"
        )
    help = "the same as -o json" if short else "print JSON about what was done"
    parser.add_argument("--json", action="store_true", help=help)


def add_matcher(parser: Parser) -> None:
    """Add the options that say how to match; their defaults are those of the state file."""
    from fluxion_py.match.policy import POLICIES

    known = list(POLICIES)
    if {"-h", "--help"}.intersection(sys.argv):  # looking for packages takes time
        from fluxion_py.plugins import MATCH_POLICIES, names

        known += names(MATCH_POLICIES)
    parser.add_argument(
        "-P",
        "--policy",
        metavar="POLICY",
        help=f"{', '.join(known)} (default: {DEFAULT_POLICY})",
    )
    parser.add_argument(
        "-p",
        "--prune-filters",
        metavar="ANCHOR:TYPE,...",
        help="totals kept to search faster (default: ALL:core,ALL:node)",
    )
    parser.add_argument(
        "--subsystems", metavar="SET", help="CA, C+PA, ... as in resource-query (default: CA)"
    )
    parser.add_argument(
        "--traverser", choices=("simple", "flexible"), help="flexible: sibling slots may be mixed"
    )
    parser.add_argument(
        "--now", type=whole_number, metavar="SECONDS", help="the time on the machine's clock"
    )


def wants_json(arguments: argparse.Namespace) -> bool:
    """Tell whether the answer is for a program."""
    return bool(arguments.json) or getattr(arguments, "output", "text") == "json"


def whole_number(text: str) -> int:
    """Return the number of an option, 0 or more; argparse words the error."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number from 0 to 10^18 - 1")
    return int(text)


def counted(text: str) -> int:
    """Return a number of things, from 0 to the largest count of a jobspec."""
    return _within(text, 0)


def at_least_one(text: str) -> int:
    """Return a number of things, from 1 to the largest count of a jobspec."""
    return _within(text, 1)


def file_name(text: str) -> str:
    """Return the name of a file; an empty one is most likely a shell variable that is not set."""
    if not text:
        raise argparse.ArgumentTypeError("the file name is empty")
    return text


def _within(text: str, least: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number from {least} up")
    if not least <= int(text) <= UNLIMITED:
        raise argparse.ArgumentTypeError(f"{text} is not between {least} and {UNLIMITED}")
    return int(text)
