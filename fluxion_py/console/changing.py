"""What changes jobs: `update`, `cancel`, `kill`, `hold`, `release`, `urgency`, `job-event`."""

import json
import signal
from argparse import ArgumentTypeError, Namespace
from typing import Any

from fluxion_py.cli.arguments import Parser, example, wants_json
from fluxion_py.cli.tool import DONE
from fluxion_py.console.connection import (
    add_connection,
    add_jobids,
    open_client,
    print_json,
    report_each,
)
from fluxion_py.console.submission import urgency
from fluxion_py.errors import InputError


def add_update(parser: Parser) -> None:
    """Add the options of `update`."""
    add_jobids(parser, several=False)
    parser.add_argument("changes", metavar="KEY=VALUE", nargs="+", help="duration=2h, +30m or -20m")
    add_connection(parser)
    example(parser, "update ƒ9UisBL3QD6P duration=2h", "update ƒ9UisBL3QD6P duration=-20m")


def run_update(arguments: Namespace) -> int:
    """Change the duration of a pending or running job."""
    for change in arguments.changes:
        key, equals, value = change.partition("=")
        if key not in ("duration", "attributes.system.duration") or not equals or not value:
            raise InputError(f"{change[:60]!r} cannot be updated", hint="write duration=2h or +30m")
        with open_client(arguments) as client:
            told = client.call("update", job=arguments.jobid, duration=value)
        if wants_json(arguments):
            print_json({"updated": arguments.jobid, "message": told})
        else:
            print(told)
    return DONE


def add_cancel(parser: Parser) -> None:
    """Add the options of `cancel`."""
    parser.add_argument("jobids", metavar="JOBID", nargs="*", help="ids: ƒ9Ui..., f9Ui..., 7")
    parser.add_argument("--all", action="store_true", help="all jobs that have not ended")
    parser.add_argument(
        "--states", metavar="STATE,...", default="active", help="with --all: pending, running"
    )
    parser.add_argument("-m", "--message", metavar="TEXT", default="", help="why")
    add_connection(parser)
    example(parser, "cancel ƒ9UisBL3QD6P", "cancel --all --states pending -m 'wrong input'")


def run_cancel(arguments: Namespace) -> int:
    """End jobs: pending ones at once, running ones by SIGTERM, later SIGKILL."""
    if bool(arguments.jobids) == arguments.all:
        raise InputError("name some jobs, or all of them with --all")
    with open_client(arguments) as client:
        jobids = arguments.jobids
        if arguments.all:
            states = arguments.states.split(",")
            jobids = [job["id"] for job in client.call("jobs", states=states, limit=1_000_000)]
        results: list[Any] = []
        for start in range(0, len(jobids), 1000):
            part = jobids[start : start + 1000]
            results += client.call("cancel", jobs=part, note=arguments.message)
    return _report(arguments, jobids, results, "cancelled" if arguments.all else "")


def add_kill(parser: Parser) -> None:
    """Add the options of `kill`."""
    add_jobids(parser)
    parser.add_argument(
        "-s", "--signal", type=_signal, default=15, metavar="SIGNAL", help="a name or number (TERM)"
    )
    add_connection(parser)
    example(parser, "kill -s USR1 ƒ9UisBL3QD6P")


def run_kill(arguments: Namespace) -> int:
    """Send a signal to all processes of running jobs."""
    with open_client(arguments) as client:
        results = client.call("kill", jobs=arguments.jobids, signal=arguments.signal)
    return _report(arguments, arguments.jobids, results)


def _signal(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 64:
        return int(text)
    name = f"SIG{text.upper().removeprefix('SIG')}"
    if name not in signal.Signals.__members__:
        raise ArgumentTypeError(f"{text[:20]!r} is no signal")
    return int(signal.Signals[name])


def add_hold(parser: Parser) -> None:
    """Add the options of `hold`."""
    add_jobids(parser)
    add_connection(parser)
    example(parser, "hold ƒ9UisBL3QD6P")


def run_hold(arguments: Namespace) -> int:
    """Have pending jobs wait."""
    return _set_urgency(arguments, 0)


def add_release(parser: Parser) -> None:
    """Add the options of `release`."""
    add_jobids(parser)
    add_connection(parser)
    example(parser, "release ƒ9UisBL3QD6P")


def run_release(arguments: Namespace) -> int:
    """Give held jobs the default urgency."""
    return _set_urgency(arguments, None)


def add_urgency(parser: Parser) -> None:
    """Add the options of `urgency`."""
    add_jobids(parser, several=False)
    parser.add_argument(
        "value", metavar="URGENCY", type=urgency, help="0 to 31, or hold, default, expedite"
    )
    add_connection(parser)
    example(parser, "urgency ƒ9UisBL3QD6P 20", "urgency ƒ9UisBL3QD6P expedite")


def run_urgency(arguments: Namespace) -> int:
    """Change the urgency of a pending job."""
    arguments.jobids = [arguments.jobid]
    return _set_urgency(arguments, arguments.value)


def _set_urgency(arguments: Namespace, value: int | None) -> int:
    with open_client(arguments) as client:
        results = client.call("urgency", jobs=arguments.jobids, urgency=value)
    return _report(arguments, arguments.jobids, results)


def add_event(parser: Parser) -> None:
    """Add the options of `job-event`."""
    add_jobids(parser, several=False)
    parser.add_argument("name", metavar="NAME", help="of the event; those of the queue are refused")
    parser.add_argument("context", metavar="JSON", nargs="?", default="{}", help="an object")
    add_connection(parser)
    example(parser, """job-event ƒ9UisBL3QD6P checkpoint '{"step": 12}'""")


def run_event(arguments: Namespace) -> int:
    """Write an event into the log of a job."""
    try:
        context = json.loads(arguments.context)
    except (ValueError, RecursionError):
        context = None
    if not isinstance(context, dict):
        raise InputError(f"{arguments.context[:40]!r} is no JSON object", hint="""'{"step": 12}'""")
    with open_client(arguments) as client:
        client.call("memo", job=arguments.jobid, name=arguments.name, context=context)
    if wants_json(arguments):
        print_json({"posted": arguments.name})
    return DONE


def _report(arguments: Namespace, jobids: list[Any], results: list[Any], told: str = "") -> int:
    """Complain about what went wrong; say in JSON, or in a word, what did not."""
    status = report_each(jobids, results)
    good = [jobid for jobid, result in zip(jobids, results, strict=True) if result is None]
    if wants_json(arguments):
        print_json({"changed": good})
    elif told:
        print(f"{told}: {len(good)} jobs")
    return status
