"""The options of jobs, and the job that they describe."""

import os
from argparse import Namespace
from collections.abc import Sequence
from fnmatch import fnmatch
from typing import Any

from fluxion_py.cli.arguments import Parser, at_least_one, counted
from fluxion_py.errors import InputError

URGENCIES = {"hold": 0, "default": 16, "expedite": 31}


def add_job(parser: Parser) -> None:
    """Add what is the same for `submit`, `run` and `bulksubmit`."""
    sizes = parser.add_argument_group("what it needs")
    sizes.add_argument("-N", "--nodes", type=at_least_one, metavar="N", help="number of nodes")
    sizes.add_argument("-n", "--tasks", type=at_least_one, metavar="N", help="number of tasks (1)")
    sizes.add_argument("-c", "--cores", type=at_least_one, metavar="N", help="cores per task (1)")
    sizes.add_argument("-g", "--gpus", type=counted, metavar="N", help="gpus per task (0)")
    sizes.add_argument("-x", "--exclusive", action="store_true", help="whole nodes")
    sizes.add_argument("--shape", metavar="SHAPE", help="instead of these: slot=3/node/core=18")
    sizes.add_argument("-t", "--time-limit", metavar="DURATION", help="90, 30m, 1.5h; 0: no limit")
    sizes.add_argument("--requires", metavar="CONSTRAINT", help="'fast and -host:elk[0-3]'")
    queueing = parser.add_argument_group("how it waits")
    queueing.add_argument("-q", "--queue", metavar="NAME", help="the queue")
    queueing.add_argument(
        "--urgency", type=urgency, default=16, metavar="N", help="0 (hold) to 31 (expedite); 16"
    )
    queueing.add_argument(
        "--dependency",
        action="append",
        default=[],
        metavar="SCHEME:ID",
        help="afterok:, afterany:, afternotok:, after: and a job id; begin-time:SECONDS; singleton",
    )
    running = parser.add_argument_group("how it runs")
    running.add_argument("--job-name", "--name", metavar="NAME", help="(default: the program)")
    running.add_argument("--cwd", metavar="FOLDER", help="where it runs (default: here)")
    running.add_argument(
        "--env", action="append", default=[], metavar="NAME=VALUE", help="set a variable"
    )
    running.add_argument(
        "--env-remove", action="append", default=[], metavar="PATTERN", help="leave variables out"
    )
    running.add_argument("--output", metavar="FILE", dest="stdout", help="{{id}}: the job's id")
    running.add_argument("--error", metavar="FILE", dest="stderr", help="(default: as --output)")
    running.add_argument(
        "--setattr",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a system attribute; exec.test.run_duration=5s: only pretend to run",
    )
    running.add_argument("--taskmap", metavar="SCHEME", help="block, cyclic:N, manual:[[0,4,1,4]]")


def urgency(text: str) -> int:
    """Return the number of an urgency; argparse words the error."""
    from argparse import ArgumentTypeError

    number = URGENCIES.get(text, int(text) if text.isascii() and text.isdigit() else -1)
    if not 0 <= number <= 31:
        raise ArgumentTypeError(f"{text[:40]!r} is no urgency from 0 to 31, hold or expedite")
    return number


def environment(arguments: Namespace) -> dict[str, str]:
    """Return the variables that a job gets: those here, but for what belongs to another job."""
    found = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLUX_", "FLUXION_"))
        and not any(fnmatch(name, pattern) for pattern in arguments.env_remove)
    }
    for pair in arguments.env:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise InputError(f"--env {pair[:60]}: write NAME=VALUE")
        found[name] = value
    return found


def new_job(
    arguments: Namespace, command: Sequence[str], variables: dict[str, str]
) -> dict[str, Any]:
    """Return a job as `server.messages.NewJob` has it. Raises `InputError`."""
    if not command:
        raise InputError("there is no command", hint="options come first, then the command")
    system = {**_attributes(arguments.setattr), **_shell_options(arguments)}
    job: dict[str, Any] = {"jobspec": _document(arguments, command, variables, system)}
    if arguments.urgency != 16:
        job["urgency"] = arguments.urgency
    if arguments.dependency:
        job["depends"] = arguments.dependency
    if arguments.queue:
        job["queue"] = arguments.queue
    if arguments.job_name:
        job["name"] = arguments.job_name
    return job


def _document(
    arguments: Namespace, command: Sequence[str], variables: dict[str, str], system: dict[str, Any]
) -> dict[str, Any]:
    from fluxion_py.jobspec.model import Jobspec

    cwd = os.path.abspath(arguments.cwd or ".")
    if arguments.shape:
        document = Jobspec.from_shape(
            arguments.shape, command, requires=arguments.requires, queue=arguments.queue
        ).to_dict()
        inner = document["attributes"].setdefault("system", {})
        inner.update(cwd=cwd, environment=variables, **system)
        if arguments.time_limit:
            from fluxion_py.jobspec.shorthand import system_duration

            inner["duration"] = system_duration(arguments.time_limit)
        return document
    return Jobspec.from_command(
        command,
        num_nodes=arguments.nodes,
        num_tasks=arguments.tasks,
        cores_per_task=arguments.cores or 1,
        gpus_per_task=arguments.gpus or 0,
        exclusive=arguments.exclusive,
        duration=arguments.time_limit or 0,
        requires=arguments.requires,
        queue=arguments.queue,
        cwd=cwd,
        environment=variables,
        attributes=system,
    ).to_dict()


def _attributes(pairs: list[str]) -> dict[str, Any]:
    if not pairs:
        return {}
    from fluxion_py.cli.request import system_attributes

    return system_attributes(pairs)


def _shell_options(arguments: Namespace) -> dict[str, Any]:
    """Return where the output goes and how tasks are mapped, as attributes."""
    output = {
        name: {"type": "file", "path": os.path.abspath(path)}
        for name, path in (("stdout", arguments.stdout), ("stderr", arguments.stderr))
        if path
    }
    options: dict[str, Any] = {"output": output} if output else {}
    if arguments.taskmap:
        from fluxion_py.execution.taskmap import check_scheme

        check_scheme(arguments.taskmap)
        scheme, _, value = arguments.taskmap.partition(":")
        options["taskmap"] = {"scheme": scheme, "value": value}
    return {"shell": {"options": options}} if options else {}
