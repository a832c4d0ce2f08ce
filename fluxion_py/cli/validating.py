"""`validate`: whether a file is right, be it a graph in any format or a jobspec."""

import json
import re
import sys
from argparse import Namespace

from fluxion_py.cli.arguments import Parser, add_output, example, wants_json
from fluxion_py.cli.loading import progress
from fluxion_py.cli.tool import BAD_INPUT, DONE, complain, printable
from fluxion_py.errors import InputError
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.jobspec.model import Jobspec

_KEYS = r"""^\s{0,8}["']?(?:%s)["']?\s*:"""
_JOBSPEC_KEY = re.compile(_KEYS % "resources|tasks|attributes", re.MULTILINE)
_RECIPE_KEY = re.compile(_KEYS % "cluster|contains", re.MULTILINE)
_JSON_KEYS = re.compile(r'"(resources|tasks|attributes|graph|R_lite|cluster|contains)"\s*:')
HEAD = 1_000_000
"""Bytes looked at to tell a jobspec from a graph."""


def add_validate(parser: Parser) -> None:
    """Add the options of `validate`."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="graphs and jobspecs, - for stdin")
    parser.add_argument(
        "--lenient", action="store_true", help="accept jobspecs with a command that is one text"
    )
    add_output(parser)
    example(parser, "validate elk.json job.yaml")


def run_validate(arguments: Namespace) -> int:
    """Check every file; the exit code is 1 if one of them is wrong."""
    findings = []
    for path in arguments.files:
        finding: dict[str, object] = {"file": path}
        try:
            finding |= {"ok": True, "message": _check(path, arguments.lenient)}
        except InputError as error:
            finding |= {"ok": False, "message": str(error), "hint": error.hint}
        findings.append(finding)
        if wants_json(arguments):
            continue
        if finding["ok"]:
            sys.stdout.write(printable(f"{path}: {finding['message']}") + "\n")
        else:
            hint = finding["hint"]
            complain(f"error: {finding['message']}", str(hint) if hint else None)
    if wants_json(arguments):
        sys.stdout.write(json.dumps(findings) + "\n")
    return DONE if all(finding["ok"] for finding in findings) else BAD_INPUT


def _check(path: str, lenient: bool) -> str:
    """Return what is right with a file; raises `InputError` for what is wrong."""
    if path == "-":
        data = sys.stdin.buffer.read()
        if is_jobspec(data[:HEAD]):
            return _praise(Jobspec.from_text(data, source=path, lenient=lenient))
        text = data.decode("utf-8-sig", errors="replace")
        return _check_graph(ResourceGraph.from_text(text, source=path))
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", source=path) from None
    if is_jobspec(head):
        return _praise(Jobspec.from_file(path, lenient=lenient))
    with progress(path):
        return _check_graph(ResourceGraph.from_file(path))


def is_jobspec(data: bytes) -> bool:
    """Tell whether a text looks more like a jobspec, broken perhaps, than like a graph."""
    text = data.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return False
    if text.startswith(("{", "[")):
        keys = {match[1] for match in _JSON_KEYS.finditer(text)}
        if keys & {"R_lite", "cluster", "contains"}:
            return False
        return "resources" in keys or ("graph" not in keys and bool(keys))
    return bool(_JOBSPEC_KEY.search(text)) and not _RECIPE_KEY.search(text)


def _check_graph(graph: ResourceGraph) -> str:
    graph.validate()
    others = [name for name in graph.flat.subsystems() if graph.flat.root(name) >= 0]
    roots = "1 root" if len(others) == 1 else f"1 root in each of {', '.join(others)}"
    return f"ok ({roots}, no cycles, every vertex reachable, ids unique per parent)"


def _praise(jobspec: Jobspec) -> str:
    kinds = []
    stack = list(reversed(jobspec.resources))
    while stack:
        resource = stack.pop()
        kinds.append(resource.type)
        stack += reversed(resource.children)
    tasks = f"{len(jobspec.tasks)} task{'' if len(jobspec.tasks) == 1 else 's'}"
    shown = " > ".join(kinds) if len(kinds) <= 8 else f"{len(kinds)} resources"
    return f"ok (jobspec version {jobspec.version}: {shown}; {tasks})"
