"""`batch` and `alloc`: an instance on the resources of a job, for a script or for you."""

import os
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fluxion_py.cli.arguments import Parser, add_command, at_least_one, example, wants_json
from fluxion_py.cli.tool import DONE
from fluxion_py.console.connection import add_answer, add_connection, open_client, print_json
from fluxion_py.console.submission import add_job, environment, new_job
from fluxion_py.errors import FluxionError, InputError, MatchError

_CONF = {
    "match-policy": "--policy",
    "queue-policy": "--queue-policy",
    "queues": "--queues",
    "grace": "--grace",
}
"""Keys of --conf, and the options of `start` that they are."""

_POLL = 0.02


def _add_instance(parser: Parser) -> None:
    add_job(parser)
    inside = parser.add_argument_group("the instance")
    inside.add_argument(
        "--conf",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help=f"how it schedules: {', '.join(_CONF)}",
    )
    inside.add_argument(
        "--max-size", type=at_least_one, metavar="N", help="the nodes that it may grow to"
    )


def add_batch(parser: Parser) -> None:
    """Add the options of `batch`."""
    _add_instance(parser)
    parser.add_argument(
        "--per-node", action="store_true", help="one instance for each node, not one for all"
    )
    add_connection(parser, output=False)
    add_answer(parser)
    add_command(parser)
    example(
        parser,
        "batch -N 4 -t 2h --job-name sim ./run-sim.sh",
        "batch -N 2 --conf match-policy=low --conf queue-policy=easy ./run-ml.sh",
        "batch -n 8 -- fluxion bulksubmit --watch ./cg {} ::: 1 2 3",
    )


def run_batch(arguments: Namespace) -> int:
    """Submit a job that is an instance, in which the script runs; print its id."""
    from fluxion_py.match.job import format_jobid

    job = batch_job(arguments)
    with open_client(arguments) as client:
        (found,) = client.submit_many([job])
    if isinstance(found, FluxionError):
        raise found
    if wants_json(arguments):
        print_json({"id": found, "f58": format_jobid(found)})
    else:
        print(format_jobid(found))
    return DONE


def batch_job(arguments: Namespace) -> dict[str, Any]:
    """Return the job of `batch`. Raises `InputError`."""
    command = arguments.command or []
    if not command:
        raise InputError("there is no script", hint="options come first, then the script")
    words = [_script(command[0]), *command[1:]]
    return _instance_job(arguments, words, Path(command[0]).name, per_node=arguments.per_node)


def add_alloc(parser: Parser) -> None:
    """Add the options of `alloc`."""
    _add_instance(parser)
    add_connection(parser, output=False)
    add_command(parser, required=False)
    example(parser, "alloc -N 4 -t 1h", "alloc -n 2 -- fluxion run -n 2 hostname")


def run_alloc(arguments: Namespace) -> int:
    """Have an instance for as long as a command (a shell) runs here; end as the command does."""
    from fluxion_py.console.nesting import outside_of_jobs
    from fluxion_py.server.client import URI_VARIABLE

    command = arguments.command or [os.environ.get("SHELL", "/bin/sh")]
    job = _instance_job(arguments, [], Path(command[0]).name, per_node=False)
    with open_client(arguments) as client:
        (found,) = client.submit_many([job])
        if isinstance(found, FluxionError):
            raise found
        try:
            inside = outside_of_jobs({**os.environ, URI_VARIABLE: _wait_for(client, found)})
            code = subprocess.run(command, env=inside, check=False).returncode
        except OSError as error:
            raise InputError(f"{command[0]}: {error.strerror}") from None
        finally:
            client.call("cancel", jobs=[found], note="its command has ended")
    return code if code >= 0 else 128 - code


def _wait_for(client: Any, jobid: int) -> str:  # noqa: ANN401 - a Client, imported late
    """Return the socket of the instance of a job when it is there."""
    while True:
        for child in client.call("overview")["children"]:
            if child["jobid"] == jobid and Path(child["uri"]).exists():
                return str(child["uri"])
        (job,) = client.call("jobs", ids=[jobid])
        if job["state"] in ("CLEANUP", "INACTIVE"):
            why = job["exception"] or _last_words(client, jobid) or f"code {job['returncode']}"
            raise MatchError(f"{job['f58']} has ended before its instance was there: {why}")
        time.sleep(_POLL)


def _last_words(client: Any, jobid: int) -> str:  # noqa: ANN401
    """Return what the instance of a job has said was wrong; empty if nothing."""
    folder = client.call("show", job=jobid)["directory"]
    try:
        with Path(folder or "", "stderr").open(encoding="utf-8", errors="replace") as file:
            told = [line for line in file.read(10_000).splitlines() if line.startswith("error: ")]
    except OSError:
        return ""
    return told[0].removeprefix("error: ") if told else ""


def _instance_job(
    arguments: Namespace, script: list[str], name: str, *, per_node: bool
) -> dict[str, Any]:
    """Return the job whose one task is an instance."""
    if per_node and not arguments.nodes:
        raise InputError("--per-node needs -N, the number of nodes")
    start = [sys.executable, "-P", "-m", "fluxion_py.console", "start"]
    for text in arguments.conf:
        key, equals, value = text.partition("=")
        if key not in _CONF or not equals:
            raise InputError(
                f"--conf {text[:60]}: not KEY=VALUE of a known key", hint=", ".join(_CONF)
            )
        _check_conf(key, value)
        start += [_CONF[key], value]
    if arguments.max_size is not None:
        start += ["--max-size", str(arguments.max_size)]
    arguments.job_name = arguments.job_name or name
    start += ["--name", arguments.job_name, *(["--part", "node"] if per_node else [])]
    plain = not (arguments.tasks or arguments.cores or arguments.gpus or arguments.shape)
    if arguments.nodes and plain:
        arguments.shape, arguments.nodes = f"slot={arguments.nodes}/node", None
    job = new_job(arguments, [*start, *(["--", *script] if script else [])], environment(arguments))
    if not per_node:
        job["jobspec"]["tasks"][0]["count"] = {"total": 1}
    return job


def _check_conf(key: str, value: str) -> None:
    """Raise `InputError` now and not in the job, whose output nobody may look at."""
    from fluxion_py.console.setting import read_queues
    from fluxion_py.duration import parse_duration
    from fluxion_py.match.policy import parse_policy as parse_match_policy
    from fluxion_py.queues.config import parse_policy

    checks: dict[str, Callable[[str], object]] = {
        "match-policy": parse_match_policy,
        "queue-policy": parse_policy,
        "queues": read_queues,
        "grace": parse_duration,
    }
    try:
        checks[key](value)
    except FluxionError as error:
        raise InputError(f"--conf {key}: {error}", hint=getattr(error, "hint", None)) from None


def _script(name: str) -> str:
    """Return a script as a command: a file here need not be in the path. Raises `InputError`."""
    path = Path(name)
    if not path.is_file():
        if "/" in name:
            raise InputError(f"{name}: there is no such file")
        return name
    if not os.access(path, os.X_OK):
        raise InputError(f"{name}: is not executable", hint=f"chmod +x {name}")
    return str(path.absolute())
