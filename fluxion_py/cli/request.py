"""The request of a command line: a jobspec file, standard input, a shape, or the short form."""

import json
import os
import sys
from argparse import Namespace
from dataclasses import replace
from typing import Any

from fluxion_py.cli.arguments import Parser, at_least_one, counted, file_name
from fluxion_py.errors import InputError, JobspecError
from fluxion_py.jobspec.document import MAX_BYTES
from fluxion_py.jobspec.model import Jobspec

NO_COMMAND = ("app",)
"""The command of a short form without one; matching does not look at it."""

_SHAPE_MARKS = ("=", "[", "{", "->", "→", "/")
_SUFFIXES = (".yaml", ".yml", ".json")
_SHORT_FORM = ("nodes", "tasks", "cores", "gpus", "exclusive")


def add_request(parser: Parser) -> None:
    """Add the ways to say what is wanted."""
    parser.set_defaults(takes_command=True)
    parser.add_argument(
        "request",
        type=file_name,
        metavar="REQUEST",
        nargs="?",
        help="a jobspec file, - for standard input, or a shape: rack=2/slot=3/node/core=18",
    )
    short = parser.add_argument_group("short form (instead of REQUEST)")
    short.add_argument("-N", "--nodes", type=at_least_one, metavar="N", help="number of nodes")
    short.add_argument("-n", "--tasks", type=at_least_one, metavar="N", help="number of tasks")
    short.add_argument("-c", "--cores", type=at_least_one, metavar="N", help="cores per task (1)")
    short.add_argument("-g", "--gpus", type=counted, metavar="N", help="gpus per task (0)")
    short.add_argument("-x", "--exclusive", action="store_true", help="whole nodes")
    more = parser.add_argument_group("about the job")
    more.add_argument("-t", "--time", metavar="DURATION", help="90, 30m, 1.5h, 2d; 0: no limit")
    more.add_argument("--cwd", metavar="FOLDER", help="where the command is to run")
    more.add_argument("--queue", metavar="NAME", help="name of the queue, for R")
    more.add_argument(
        "--requires", metavar="CONSTRAINT", help="for example 'fast and -host:elk[0-3]'"
    )
    more.add_argument(
        "-S",
        "--setattr",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a system attribute of the jobspec",
    )
    more.add_argument(
        "--lenient", action="store_true", help="accept a command that is one text, with a warning"
    )


def read_request(arguments: Namespace, warnings: list[str]) -> Jobspec:
    """Return the jobspec that the arguments ask for. Raises `InputError`."""
    text: str | None = arguments.request
    if text is None:
        return _short_form(arguments)
    given = [name for name in _SHORT_FORM if getattr(arguments, name)]
    if given:
        raise InputError(f"--{given[0]} belongs to the short form and does not go with {text[:60]}")
    if not is_file(text):
        jobspec = Jobspec.from_shape(
            text, arguments.command or (), requires=arguments.requires, queue=arguments.queue
        )
    else:
        jobspec = _read(text, arguments, warnings)
    return _with_system(jobspec, _overrides(arguments))


def is_file(text: str | None) -> bool:
    """Tell whether a REQUEST is a jobspec, in a file or on standard input, and no shape."""
    if text is None:
        return False
    shape = not text.endswith(_SUFFIXES) and any(mark in text for mark in _SHAPE_MARKS)
    return text == "-" or not shape or os.path.exists(text)


def _read(path: str, arguments: Namespace, warnings: list[str]) -> Jobspec:
    """Read a jobspec file or standard input."""
    from fluxion_py.jobspec.parser import parse

    if arguments.requires:
        raise InputError(
            "--requires goes with a shape or the short form",
            hint="a jobspec file has its own attributes.system.constraints",
        )
    if arguments.command:
        raise InputError("-- COMMAND goes with a shape or the short form; a jobspec has its tasks")
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise JobspecError(
            f"cannot be read: {error.strerror}",
            source=path,
            hint="REQUEST is a jobspec file, - or a shape such as slot=3/node/core=18",
        ) from None
    return parse(data, source=path, lenient=arguments.lenient, warnings=warnings)


def _short_form(arguments: Namespace) -> Jobspec:
    if not any(getattr(arguments, name) is not None for name in ("nodes", "tasks")):
        raise InputError(
            "nothing is asked for", hint="give a jobspec file, a shape, or -N NODES and -n TASKS"
        )
    return Jobspec.from_command(
        arguments.command or NO_COMMAND,
        num_nodes=arguments.nodes,
        num_tasks=arguments.tasks,
        cores_per_task=1 if arguments.cores is None else arguments.cores,
        gpus_per_task=arguments.gpus or 0,
        exclusive=arguments.exclusive,
        duration=arguments.time or 0,
        cwd=arguments.cwd,
        requires=arguments.requires,
        queue=arguments.queue,
        attributes=system_attributes(arguments.setattr),
    )


def _overrides(arguments: Namespace) -> dict[str, Any]:
    """Return the system attributes that options set on a jobspec or a shape."""
    system = system_attributes(arguments.setattr)
    if arguments.time is not None:
        from fluxion_py.jobspec.shorthand import system_duration

        system["duration"] = system_duration(arguments.time)
    for name in ("queue", "cwd"):
        if getattr(arguments, name) is not None:
            system[name] = getattr(arguments, name)
    return system


def system_attributes(pairs: list[str]) -> dict[str, Any]:
    """Return KEY=VALUE texts as attributes: VALUE is JSON if it can be, KEY may have dots."""
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        steps = key.removeprefix("system.").split(".")
        if not all(steps) or len(steps) > 20:
            raise InputError(f"--setattr {pair[:60]}: write KEY=VALUE")
        try:
            value = json.loads(text, parse_constant=str) if equals else True
        except (ValueError, RecursionError):
            value = text
        inner = found
        for step in steps[:-1]:
            below = inner.setdefault(step, {})
            inner = below if isinstance(below, dict) else inner
        inner[steps[-1]] = value
    return found


def _with_system(jobspec: Jobspec, system: dict[str, Any]) -> Jobspec:
    """Return a jobspec with some system attributes replaced, in its typed fields as well."""
    if not system:
        return jobspec
    from fluxion_py.jobspec.parser import parse_object

    old = jobspec.attributes.get("system") or {}
    attributes = {**jobspec.attributes, "system": {**old, **system}}
    document = replace(jobspec, attributes=attributes).to_dict()
    return parse_object(document)
