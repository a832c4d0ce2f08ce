"""`start`: an instance for a command, in the foreground, or in the background."""

import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from fluxion_py.cli.arguments import (
    Parser,
    add_command,
    add_graph,
    at_least_one,
    example,
    file_name,
)
from fluxion_py.errors import FluxionError, InputError
from fluxion_py.server.client import DEFAULT_FOLDER

PID_FILE = "fluxion.pid"

Ready = Callable[[str], None]
"""Takes the line that says what was started."""


def add_start(parser: Parser) -> None:
    """Add the options of `start`."""
    machine = parser.add_argument_group("what it has")
    add_graph(machine, state=False)
    machine.add_argument(
        "-P",
        "--policy",
        metavar="POLICY",
        help="match policy: low, high, ... (default: low)",
    )
    machine.add_argument(
        "--test-size", type=at_least_one, metavar="N", help="N nodes that are all this computer"
    )
    queues = parser.add_argument_group("who is next")
    queues.add_argument(
        "--queue-policy",
        metavar="POLICY",
        help="fcfs, easy, hybrid:K or conservative (default: easy)",
    )
    queues.add_argument(
        "--queues", metavar="FILE", help="several queues: a list of tables in TOML, YAML or JSON"
    )
    machine.add_argument(
        "--size", type=at_least_one, metavar="N", help="have only the first N of its nodes for now"
    )
    machine.add_argument(
        "--max-size", type=at_least_one, metavar="N", help="the most that `resource resize` gives"
    )
    machine.add_argument(
        "--part", choices=("node",), help="inside a job: only the node of this task"
    )
    machine.add_argument(
        "--claim", type=file_name, metavar="R", help="inside a job: only what this R names"
    )
    life = parser.add_argument_group("its life")
    life.add_argument(
        "--dir",
        metavar="FOLDER",
        help=f"its folder: socket, journal, output (default: {DEFAULT_FOLDER}; with a COMMAND a "
        "temporary one)",
    )
    life.add_argument(
        "--recovery",
        nargs="?",
        const="",
        metavar="FILE.tar",
        help="go on with the jobs in the folder, or with a dump",
    )
    life.add_argument("--daemon", action="store_true", help="in the background, see --pidfile")
    life.add_argument("--pidfile", metavar="FILE", help=f"with --daemon (default: {PID_FILE})")
    life.add_argument("--name", help="a name for it")
    jobs = parser.add_argument_group("its jobs")
    jobs.add_argument(
        "--housekeeping", metavar="COMMAND", help="run this on each node of a job that has ended"
    )
    jobs.add_argument(
        "--release-after",
        metavar="DURATION",
        help="give nodes back together, this long after the first is clean (default: one by one)",
    )
    jobs.add_argument("--grace", metavar="DURATION", help="from SIGTERM to SIGKILL (default: 5s)")
    add_command(parser, required=False)
    example(
        parser,
        "start -- bash                        # for as long as the shell; all is gone then",
        "start ./my-batch-of-jobs.sh          # the same for a script; its exit code",
        "start -L elk.json --daemon           # until `fluxion shutdown`; folder fluxion.instance",
        "start --test-size=4 -- fluxion run -N 4 hostname",
        "start --recovery --daemon            # go on after a shutdown or a crash",
        "batch -N 2 ./my-batch-of-jobs.sh    # one on two nodes of the instance here",
        "start --recovery night.tar -L small4.json --daemon",
    )


def run_start(arguments: Namespace) -> int:
    """Start an instance and, unless it is a daemon, stay until its end.

    As a task of a job of another instance it is on the resources of that job.
    """
    from fluxion_py.console.nesting import nested_folder

    if arguments.daemon and arguments.command:
        raise InputError("--daemon and a command do not go together")
    inside = nested_folder(arguments)
    if inside is not None:
        return _run(arguments, inside)
    temporary = bool(arguments.command) and arguments.dir is None and arguments.recovery is None
    if temporary:
        import tempfile

        with tempfile.TemporaryDirectory(prefix="fluxion-", ignore_cleanup_errors=True) as scratch:
            return _run(arguments, Path(scratch))
    folder = Path(arguments.dir or DEFAULT_FOLDER).absolute()
    new = not folder.exists()
    if arguments.daemon:
        from fluxion_py.console.daemon import in_background

        pidfile = Path(arguments.pidfile or PID_FILE).absolute()
        log = folder / "instance.log"
        folder.mkdir(parents=True, exist_ok=True)
        return in_background(pidfile, log, lambda ready: _run(arguments, folder, ready, new=new))
    return _run(arguments, folder, new=new)


def _run(
    arguments: Namespace, folder: Path, ready: Ready | None = None, *, new: bool = False
) -> int:
    """Run the instance until its end; a `new` folder goes again if it cannot be started."""
    from fluxion_py.console.hosting import Hosting

    started = False

    def begin() -> None:
        nonlocal started
        if ready is None:
            print(hosting.greeting(), flush=True)
        else:
            ready(hosting.greeting())
        started = True

    try:
        hosting = Hosting.prepare(arguments, folder)
        try:
            command = arguments.command
            if not command and ready is None and sys.stdin.isatty() and sys.stdout.isatty():
                command = [os.environ.get("SHELL", "/bin/sh")]
            return hosting.serve_for(command) if command else hosting.serve(begin)
        finally:
            hosting.close()
    except (FluxionError, OSError):
        if new and not started:
            shutil.rmtree(folder, ignore_errors=True)
        raise
