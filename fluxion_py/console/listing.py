"""`jobs`: a table, lines of a format of one's own, JSON, numbers, or a live table."""

import sys
import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from fluxion_py.cli.arguments import Parser, at_least_one, example
from fluxion_py.cli.table_text import format_table
from fluxion_py.cli.tool import DONE
from fluxion_py.console.columns import FIELDS, compile_format, text_of
from fluxion_py.console.connection import add_connection, open_client, print_json
from fluxion_py.errors import InputError

if TYPE_CHECKING:
    from fluxion_py.server.client import Client

_TABLE = {
    "JOBID": "id",
    "QUEUE": "queue",
    "USER": "username",
    "NAME": "name",
    "ST": "status_abbrev",
    "NTASKS": "ntasks",
    "NNODES": "nnodes",
    "TIME": "time",
    "INFO": "info",
}
_RIGHT = ("ST", "NTASKS", "NNODES", "TIME")
_ENDED = ("completed", "failed", "canceled", "timeout")
_GROUPS = ("pending", "running", "active", "inactive")
_STATES = ("depend", "priority", "sched", "run", "cleanup")


def add_jobs(parser: Parser) -> None:
    """Add the options of `jobs`."""
    parser.add_argument("jobids", metavar="JOBID", nargs="*", help="only these")
    parser.add_argument("-a", "--all", action="store_true", help="also those that have ended")
    parser.add_argument(
        "-f",
        "--filter",
        metavar="STATE,...",
        help=f"{', '.join((*_GROUPS, *_ENDED))}, or a state: {', '.join(_STATES)}",
    )
    parser.add_argument("-u", "--user", metavar="USER", help="a name, a number, or all")
    parser.add_argument("--queue", metavar="NAME", help="of this queue")
    parser.add_argument("--name", metavar="NAME", help="with this name")
    parser.add_argument("--hosts", metavar="HOSTLIST", help="that run on one of these nodes")
    parser.add_argument("--since", metavar="DURATION", help="ended not longer ago than this")
    parser.add_argument(
        "-c", "--count", type=at_least_one, default=1000, metavar="N", help="at most (1000)"
    )
    parser.add_argument("-n", "--no-header", action="store_true", help="no titles")
    parser.add_argument("--stats-only", action="store_true", help="only how many there are")
    parser.add_argument("--live", action="store_true", help="a table that stays current")
    parser.add_argument("--why", action="store_true", help="say why each pending job waits")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FORMAT",
        default="text",
        help="json, or a line such as '{id} {name:<10} {t_remaining}' with fields from: "
        + " ".join(FIELDS),
    )
    parser.add_argument("--json", action="store_true", help="the same as -o json")
    add_connection(parser, output=False)
    example(
        parser,
        "jobs",
        "jobs -a --filter=failed --since 1h",
        "jobs -o '{id} {name} {t_remaining}' --filter=running --hosts elk7",
        "jobs --stats-only",
    )


def run_jobs(arguments: Namespace) -> int:
    """List jobs."""
    with open_client(arguments) as client:
        if arguments.stats_only:
            _print_numbers(client, arguments)
        elif arguments.live and sys.stdout.isatty():
            _live(client, arguments)
        else:
            _print(arguments, _ask(client, arguments))
            if arguments.why:
                _print_reasons(client, arguments)
    return DONE


def _ask(client: "Client", arguments: Namespace) -> list[dict[str, Any]]:
    states, results = _wanted(arguments)
    found: list[dict[str, Any]] = client.call(
        "jobs",
        ids=arguments.jobids,
        states=states,
        user=_userid(arguments.user),
        queue=arguments.queue,
        name=arguments.name,
        hosts=arguments.hosts,
        since=_since(arguments.since),
        limit=min(arguments.count, 1_000_000),
    )
    if results:
        found = [job for job in found if job["result"] in (None, *results)]
    return found


def _wanted(arguments: Namespace) -> tuple[list[str], set[str]]:
    """Return the states to ask for, and the results that ended jobs must have, if any."""
    if not arguments.filter:
        ended = ["inactive"] if arguments.all or arguments.since else []
        return ["pending", "running", *ended], set()
    names = [name.strip().lower() for name in arguments.filter.split(",")]
    known = (*_GROUPS, *_ENDED, *_STATES)
    for name in names:
        if name not in known:
            raise InputError(f"--filter {name[:40]!r} is no state", hint=", ".join(known))
    results = {name.upper() for name in names if name in _ENDED}
    states = [name for name in names if name not in _ENDED]
    if results and "inactive" not in states:
        return [*states, "inactive"], results
    return states, set()


def _userid(user: str | None) -> int | None:
    if user is None or user == "all":
        return None
    if user.isascii() and user.isdigit():
        return int(user)
    import pwd

    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        raise InputError(f"there is no user {user[:40]!r}") from None


def _since(text: str | None) -> float | None:
    from fluxion_py.duration import parse_duration

    return None if text is None else time.time() - parse_duration(text)


def _print(arguments: Namespace, jobs: list[dict[str, Any]]) -> None:
    if arguments.json or arguments.output == "json":
        print_json({"jobs": jobs})
    elif arguments.output != "text":
        line = compile_format(arguments.output)
        sys.stdout.writelines(line(job) + "\n" for job in jobs)
    else:
        text = format_table(list(_TABLE), _rows(jobs), right=_RIGHT)
        sys.stdout.write(text.partition("\n")[2] if arguments.no_header else text)


def _rows(jobs: list[dict[str, Any]]) -> list[list[str]]:
    cut = {"NAME": 20, "USER": 12, "QUEUE": 10}
    return [
        [text_of(job, field)[: cut.get(title, 200)] for title, field in _TABLE.items()]
        for job in jobs
    ]


def _print_numbers(client: "Client", arguments: Namespace) -> None:
    numbers = client.call("numbers")
    if arguments.json or arguments.output == "json":
        print_json(numbers)
        return
    names = ("running", "completed", "failed", "pending")
    print(", ".join(f"{numbers[name]} {name}" for name in names))


def _print_reasons(client: "Client", arguments: Namespace) -> None:
    for job in _ask(client, arguments):
        if job["t_run"] is None and job["result"] is None:
            print(f"{job['f58']}: {client.call('show', job=job['id'])['why']}")


def _live(client: "Client", arguments: Namespace) -> None:
    """Show a table until an interrupt, new after each event, four times a second at most."""
    from rich.live import Live
    from rich.table import Table

    watch = client.watch()

    def table() -> Table:
        found = Table(box=None, pad_edge=False)
        for title in _TABLE:
            found.add_column(title, justify="right" if title in _RIGHT else "left", no_wrap=True)
        for row in _rows(_ask(client, arguments)):
            found.add_row(*row)
        return found

    with Live(table(), auto_refresh=False, screen=True) as live:
        while not watch.ended:
            watch.next(1.0)
            time.sleep(0.25)
            while watch.next(0) is not None:
                pass
            live.update(table(), refresh=True)
