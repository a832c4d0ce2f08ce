"""`queue`: list, stop, start, disable, enable, drain, idle."""

import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from fluxion_py.cli.arguments import Parser, example, wants_json
from fluxion_py.cli.table_text import format_table
from fluxion_py.cli.tool import DONE
from fluxion_py.console.connection import add_connection, open_client, print_json
from fluxion_py.errors import InputError

if TYPE_CHECKING:
    from fluxion_py.server.client import Client


def add_list(parser: Parser) -> None:
    """Add the options of `queue list`."""
    add_connection(parser)
    example(parser, "queue list")


def run_list(arguments: Namespace) -> int:
    """List the queues."""
    with open_client(arguments) as client:
        queues = client.call("queues")
    if wants_json(arguments):
        print_json({"queues": queues})
        return DONE
    titles = ("QUEUE", "POLICY", "SUBMIT", "START", "PENDING", "RESERVED", "RUNNING", "REASON")
    rows = [
        (
            queue["name"],
            queue["policy"],
            "enabled" if queue["enabled"] else "disabled",
            "started" if queue["started"] else "stopped",
            queue["pending"],
            queue["reserved"],
            queue["running"],
            queue["reason"],
        )
        for queue in queues
    ]
    sys.stdout.write(format_table(titles, rows, right=("PENDING", "RESERVED", "RUNNING")))
    return DONE


def _add_change(parser: Parser, verb: str) -> None:
    parser.add_argument("queue", metavar="QUEUE", nargs="?", help="(default: all queues)")
    if verb == "disable":
        parser.add_argument("-m", "--message", metavar="REASON", default="", help="told to users")
    add_connection(parser)
    example(parser, f"queue {verb}", f"queue {verb} batch")


def _change(arguments: Namespace, action: str) -> int:
    reason = getattr(arguments, "message", "")
    with open_client(arguments) as client:
        client.call("queue-change", action=action, queue=arguments.queue, reason=reason)
    if wants_json(arguments):
        print_json({"queue": arguments.queue, "action": action})
    return DONE


def add_stop(parser: Parser) -> None:
    """Add the options of `queue stop`."""
    _add_change(parser, "stop")


def run_stop(arguments: Namespace) -> int:
    """Start no more jobs; they are still taken in."""
    return _change(arguments, "stop")


def add_start(parser: Parser) -> None:
    """Add the options of `queue start`."""
    _add_change(parser, "start")


def run_start(arguments: Namespace) -> int:
    """Start jobs again."""
    return _change(arguments, "start")


def add_disable(parser: Parser) -> None:
    """Add the options of `queue disable`."""
    _add_change(parser, "disable")


def run_disable(arguments: Namespace) -> int:
    """Take no more jobs in."""
    return _change(arguments, "disable")


def add_enable(parser: Parser) -> None:
    """Add the options of `queue enable`."""
    _add_change(parser, "enable")


def run_enable(arguments: Namespace) -> int:
    """Take jobs in again."""
    return _change(arguments, "enable")


def _add_wait(parser: Parser, verb: str) -> None:
    parser.add_argument("queue", metavar="QUEUE", nargs="?", help="(default: all queues)")
    parser.add_argument("--timeout", metavar="DURATION", help="give up after this time, status 1")
    add_connection(parser)
    example(parser, f"queue {verb}", f"queue {verb} --timeout 10m")


def add_drain(parser: Parser) -> None:
    """Add the options of `queue drain`."""
    _add_wait(parser, "drain")


def run_drain(arguments: Namespace) -> int:
    """Wait until nothing is pending and nothing runs."""
    return _wait(arguments, ("pending", "running"))


def add_idle(parser: Parser) -> None:
    """Add the options of `queue idle`."""
    _add_wait(parser, "idle")


def run_idle(arguments: Namespace) -> int:
    """Wait until nothing runs."""
    return _wait(arguments, ("running",))


def _wait(arguments: Namespace, numbers: tuple[str, ...]) -> int:
    from fluxion_py.duration import parse_duration

    timeout = None if arguments.timeout is None else parse_duration(arguments.timeout)
    with open_client(arguments) as client:
        wait_until_empty(client, numbers, arguments.queue, timeout)
    if wants_json(arguments):
        print_json({"queue": arguments.queue, "empty": True})
    return DONE


def wait_until_empty(
    client: "Client", numbers: tuple[str, ...], queue: str | None, timeout: float | None
) -> None:
    """Wait until a queue (all) has no jobs of these kinds. Raises `InputError` at the time-out."""
    import time

    end = None if timeout is None else time.monotonic() + timeout
    watch = client.watch()
    while True:
        queues: list[dict[str, Any]] = client.call("queues")
        chosen = [entry for entry in queues if queue in (None, entry["name"])]
        if not chosen:
            raise InputError(f"there is no queue {queue!r}")
        left = sum(entry[number] for entry in chosen for number in numbers)
        if not left:
            return
        if end is not None and time.monotonic() >= end:
            raise InputError(f"{left} jobs are still there")
        _next_end(watch, end)


def _next_end(watch: Any, end: float | None) -> None:  # noqa: ANN401 - a Watch
    """Wait for an event after which a job may be gone."""
    import time

    while True:
        pause = None if end is None else max(0.0, end - time.monotonic())
        found = watch.next(pause)
        if found is None or found[1]["name"] == "clean":
            return
