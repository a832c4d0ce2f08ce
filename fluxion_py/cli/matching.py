"""`allocate`, `reserve`, `satisfiability`, `without-allocating`: the commands that ask."""

import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fluxion_py.cli.answer_text import answer_object, explanation_object, format_answer, format_line
from fluxion_py.cli.arguments import (
    Parser,
    add_graph,
    add_matcher,
    add_output,
    example,
    wants_json,
    whole_number,
)
from fluxion_py.cli.loading import open_matcher
from fluxion_py.cli.request import add_request, is_file, read_request
from fluxion_py.cli.tool import BUSY, DONE, NEVER, complain
from fluxion_py.errors import Busy, JobspecError, Unsatisfiable
from fluxion_py.writers import FORMATS

if TYPE_CHECKING:
    from fluxion_py.allocation import Allocation
    from fluxion_py.jobspec.model import Jobspec
    from fluxion_py.match.matcher import Matcher


def _add_asking(parser: Parser, *, state: bool) -> None:
    add_request(parser)
    add_graph(parser, state=state)
    add_matcher(parser)
    add_output(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="one line, or none")
    parser.add_argument(
        "--dry-run", action="store_true", help="print the jobspec that was built, and stop"
    )


def _add_format(parser: Parser) -> None:
    parser.add_argument(
        "-F",
        "--format",
        metavar="FORMAT",
        choices=FORMATS,
        help=f"print only the resource set: {', '.join(FORMATS)}",
    )


def add_allocate(parser: Parser) -> None:
    """Add the options of `allocate`."""
    _add_asking(parser, state=True)
    _add_format(parser)
    parser.add_argument("--jobid", type=whole_number, metavar="ID", help="default: the next one")
    example(
        parser,
        "allocate -L elk.json --state elk.state job.yaml",
        "allocate -L elk.json -N 3 -n 18 -t 1h -F rv1_nosched -- ./app",
        "allocate -L elk.json 'cluster/rack=2/slot=3/node/socket=2/core=18' -t 1h -q",
    )


def run_allocate(arguments: Namespace) -> int:
    """Give resources now; 16 if they are not free now, 19 if they never can be."""
    return _book(arguments, "allocate")


def add_reserve(parser: Parser) -> None:
    """Add the options of `reserve`."""
    _add_asking(parser, state=True)
    _add_format(parser)
    parser.add_argument("--jobid", type=whole_number, metavar="ID", help="default: the next one")
    example(parser, "reserve -L elk.json --state elk.state -q job.yaml")


def run_reserve(arguments: Namespace) -> int:
    """Give resources now or from the earliest possible time on."""
    return _book(arguments, "reserve")


def _book(arguments: Namespace, verb: str) -> int:
    jobspec = _request(arguments)
    if jobspec is None:
        return DONE
    try:
        with _asking(arguments, change=True) as matcher:
            book = matcher.allocate if verb == "allocate" else matcher.reserve
            allocation = book(jobspec, jobid=arguments.jobid)
    except (Busy, Unsatisfiable) as refusal:
        return _refuse(arguments, refusal)
    _print(arguments, allocation, matcher)
    return DONE


def add_satisfiability(parser: Parser) -> None:
    """Add the options of `satisfiability`."""
    _add_asking(parser, state=True)
    example(
        parser, "satisfiability -L elk.json job.yaml", "satisfiability -L elk.json -N 100 -n 100"
    )


def run_satisfiability(arguments: Namespace) -> int:
    """Tell whether the machine, were it empty, could run the job: 0 or 19."""
    jobspec = _request(arguments)
    if jobspec is None:
        return DONE
    with _asking(arguments, change=False) as matcher:
        if not matcher.satisfiable(jobspec):
            explanation = matcher.explain(jobspec)
            return _refuse(arguments, Unsatisfiable(str(explanation), explanation))
    if wants_json(arguments):
        sys.stdout.write(json.dumps({"verdict": "satisfiable"}) + "\n")
    elif not arguments.quiet:
        sys.stdout.write("satisfiable\n")
    return DONE


def add_without(parser: Parser) -> None:
    """Add the options of `without-allocating`."""
    _add_asking(parser, state=True)
    _add_format(parser)
    parser.add_argument(
        "--future", action="store_true", help="if it does not fit now, at the earliest time"
    )
    example(parser, "without-allocating -L elk.json --state elk.state --future job.yaml")


def run_without(arguments: Namespace) -> int:
    """Show what the job would get; nothing is booked."""
    jobspec = _request(arguments)
    if jobspec is None:
        return DONE
    try:
        with _asking(arguments, change=False) as matcher:
            allocation = matcher.without_allocating(jobspec, future=arguments.future)
    except (Busy, Unsatisfiable) as refusal:
        return _refuse(arguments, refusal)
    _print(arguments, allocation, matcher)
    return DONE


@contextmanager
def _asking(arguments: Namespace, *, change: bool) -> "Iterator[Matcher]":
    """Yield the matcher; a jobspec that it refuses is named."""
    with open_matcher(arguments, change=change) as matcher:
        try:
            yield matcher
        except JobspecError as error:
            if is_file(arguments.request):
                error.source = arguments.request
            raise


def _request(arguments: Namespace) -> "Jobspec | None":
    """Return the jobspec; None if it was only to be printed."""
    warnings: list[str] = []
    jobspec = read_request(arguments, warnings)
    for warning in warnings:
        complain(f"warning: {warning}")
    if arguments.dry_run:
        sys.stdout.write(jobspec.to_json() + "\n")
        return None
    return jobspec


def _print(arguments: Namespace, allocation: "Allocation", matcher: "Matcher") -> None:
    if wants_json(arguments):
        text = json.dumps(answer_object(allocation)) + "\n"
    elif arguments.format is not None:
        text = allocation.write(arguments.format)
    elif arguments.quiet:
        text = format_line(allocation)
    else:
        text = format_answer(allocation, matcher.now)
    sys.stdout.write(text)


def _refuse(arguments: Namespace, refusal: Busy | Unsatisfiable) -> int:
    """Say why not: one line for people, an object for programs."""
    never = isinstance(refusal, Unsatisfiable)
    if wants_json(arguments):
        document = {"verdict": "never" if never else "busy", "message": str(refusal)}
        sys.stdout.write(json.dumps(document | explanation_object(refusal.explanation)) + "\n")
    else:
        complain(str(refusal))
    return NEVER if never else BUSY
