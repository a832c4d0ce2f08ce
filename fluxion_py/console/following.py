"""`watch` and `attach`: what happens, and what jobs print, while it happens."""

import sys
import time
from argparse import Namespace
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from fluxion_py.cli.arguments import Parser, example, wants_json, whole_number
from fluxion_py.cli.tool import BAD_INPUT, DONE, complain
from fluxion_py.console.connection import add_connection, add_jobids, open_client, print_json
from fluxion_py.errors import InputError
from fluxion_py.match.job import format_jobid

if TYPE_CHECKING:
    from fluxion_py.server.client import Client

_LOOK_EVERY = 0.1
"""Seconds between looks at a job's output."""


# ---- watch ----


def add_watch(parser: Parser) -> None:
    """Add the options of `watch`."""
    parser.add_argument("jobid", metavar="JOBID", nargs="?", help="only this job, until its end")
    parser.add_argument(
        "--since",
        type=whole_number,
        metavar="N",
        help="from after event N on (0: from the beginning; default: now, a job's from the start)",
    )
    parser.add_argument("--count", type=whole_number, metavar="N", help="end after N events")
    add_connection(parser)
    example(parser, "watch", "watch ƒ9UisBL3QD6P", "watch --since 0 -o json | grep alloc")


def run_watch(arguments: Namespace) -> int:
    """Print events until the job or the instance ends, or an interrupt comes."""
    since = arguments.since
    if since is None and arguments.jobid is not None:
        since = 0
    with open_client(arguments) as client:
        left = arguments.count
        for seq, event in client.watch(arguments.jobid, since=since):
            if wants_json(arguments):
                print_json({"seq": seq, **event})
            else:
                print(event_line(event))
            sys.stdout.flush()
            if left is not None and (left := left - 1) <= 0:
                break
    return DONE


def event_line(event: dict[str, Any]) -> str:
    """Return an event as a line for people: time, job, name, what belongs to it."""
    at = time.strftime("%b%d %H:%M:%S", time.localtime(event["timestamp"]))
    who = format_jobid(event["jobid"]) if event["jobid"] else "instance"
    context = event.get("context") or {}
    told = " ".join(f"{key}={_word(value)}" for key, value in context.items())
    return f"{at} {who:<12} {event['name']:<17} {told}".rstrip()


def _word(value: object) -> str:
    text = str(value)
    shown = text if len(text) <= 60 else text[:57] + "..."
    return repr(shown) if " " in shown or not shown.isprintable() else shown


# ---- attach ----


def add_attach(parser: Parser) -> None:
    """Add the options of `attach`."""
    add_jobids(parser, several=False)
    add_connection(parser, output=False)
    example(parser, "attach ƒ9UisBL3QD6P; echo $?")


def run_attach(arguments: Namespace) -> int:
    """Show a job's output and end as it does; an interrupt leaves it alone."""
    with open_client(arguments) as client:
        jobid = client.call("show", job=arguments.jobid)["job"]["id"]
        try:
            return follow_output(client, jobid)
        except KeyboardInterrupt:
            complain(f"detached from {format_jobid(jobid)}, which goes on")
            raise


def follow_output(client: "Client", jobid: int) -> int:
    """Print a job's output as it comes until it ends; return its exit code."""
    watch = client.watch(jobid, since=0)
    shown = client.call("show", job=jobid)
    files = [_Tail(path, stream) for path, stream in _output_files(shown)]
    while not watch.ended:
        watch.next(_LOOK_EVERY)
        for file in files:
            file.copy()
    for file in files:
        file.copy()
    return _ending(client.call("jobs", ids=[jobid])[0])


class _Tail:
    """A file that grows, and the stream that it is copied to."""

    def __init__(self, path: str, stream: Any) -> None:  # noqa: ANN401 - a text stream
        self._path = path
        self._stream = stream
        self._done = 0

    def copy(self) -> None:
        """Copy what is new."""
        try:
            with open(self._path, "rb") as file:
                file.seek(self._done)
                while data := file.read(65536):
                    self._done += len(data)
                    self._stream.flush()
                    self._stream.buffer.write(data)
                    self._stream.buffer.flush()
        except FileNotFoundError:  # nothing of it runs yet
            return


def _output_files(shown: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the files with a job's output; not those that its options name."""
    folder = shown["directory"]
    if folder is None:
        raise InputError("this instance keeps no output")
    system = shown["jobspec"]["attributes"].get("system", {})
    named = system.get("shell", {}).get("options", {}).get("output", {})
    found = []
    if "stdout" not in named:
        found.append((f"{folder}.stdout", sys.stdout))
        if "stderr" not in named:
            found.append((f"{folder}.stderr", sys.stderr))
    return found


def _ending(job: dict[str, Any]) -> int:
    """Say why a job failed, if not by itself; return its exit code."""
    if job["exception"]:
        complain(f"{job['f58']}: {job['exception']}")
    code: int | None = job["returncode"]
    if code is None or (code == 0 and job["result"] != "COMPLETED"):
        return BAD_INPUT
    return code


# ---- waiting for many ----


def wait_for_jobs(
    client: "Client", jobids: Collection[int], since: int, arguments: Namespace
) -> int:
    """Wait until jobs have ended; return the highest exit code."""
    left = set(jobids)
    worst = DONE
    with _progress(len(left), arguments.progress) as advance:
        watch = client.watch(since=since)
        failed: list[int] = []
        while left:
            found = watch.next()
            event = found[1] if found else {}
            if event.get("name") != "clean" or event["jobid"] not in left:
                continue
            left.discard(event["jobid"])
            advance()
            if arguments.watch:
                worst = max(worst, follow_output(client, event["jobid"]))
            else:
                failed.append(event["jobid"])
    for start in range(0, len(failed), 1000):
        for job in client.call("jobs", ids=failed[start : start + 1000]):
            worst = max(worst, _ending(job) if job["result"] != "COMPLETED" else DONE)
    return worst


class _progress:
    """A bar on a terminal: `with _progress(total, wanted) as advance`."""

    def __init__(self, total: int, wanted: bool) -> None:
        self._bar: Any = None
        if wanted and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

            columns = ("jobs", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._task = self._bar.add_task("jobs", total=total)

    def __enter__(self) -> Any:  # noqa: ANN401
        if self._bar is None:
            return lambda: None
        self._bar.start()
        return lambda: self._bar.advance(self._task)

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.stop()
