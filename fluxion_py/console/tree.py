"""`pstree` and `top`: an instance and those in it, at all depths.

Each is asked where it is: a parent knows only where its children are, and hears nothing of their
jobs. One that does not answer is shown as gone.
"""

import time
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fluxion_py.cli.arguments import Parser, example, wants_json
from fluxion_py.cli.tool import DONE
from fluxion_py.console.columns import clock
from fluxion_py.console.connection import add_connection, open_client, print_json
from fluxion_py.errors import FluxionError, InputError

if TYPE_CHECKING:
    from rich.table import Table

MAX_INSTANCES = 10_000
MAX_DEPTH = 64


@dataclass
class Branch:
    """One instance: what it says of itself, its job in its parent, and those in it."""

    told: dict[str, Any]
    f58: str = "."
    since: float | None = None
    gone: bool = False
    below: list["Branch"] = field(default_factory=list)

    @property
    def finished(self) -> int:
        """Jobs that have ended."""
        jobs = self.told.get("jobs", {})
        return int(jobs.get("completed", 0) + jobs.get("failed", 0))

    @property
    def total(self) -> int:
        """Jobs there have been."""
        jobs = self.told.get("jobs", {})
        return self.finished + int(jobs.get("running", 0) + jobs.get("pending", 0))

    def used(self) -> tuple[int, int]:
        """Return the cores that are given to jobs, and all."""
        return int(self.told.get("cores_used", 0)), int(self.told.get("cores", 0))

    def to_dict(self) -> dict[str, Any]:
        """Return it as data."""
        own = {key: value for key, value in self.told.items() if key != "children"}
        below = [branch.to_dict() for branch in self.below]
        return {**own, "f58": self.f58, "gone": self.gone, "children": below}


def look(client: Any, depth: int = 0) -> Branch:  # noqa: ANN401 - a Client
    """Return an instance with all below it."""
    return _branch(client.call("overview"), [MAX_INSTANCES], depth)


def _branch(told: dict[str, Any], left: list[int], depth: int) -> Branch:
    found = Branch(told)
    for child in told.get("children", ()):
        left[0] -= 1
        if left[0] < 0 or depth >= MAX_DEPTH:
            raise InputError(f"there are more than {MAX_INSTANCES} instances, or {MAX_DEPTH} deep")
        inside = _ask(child) if child.get("uri") else child
        branch = Branch(child, gone=True) if inside is None else _branch(inside, left, depth + 1)
        branch.f58, branch.since = child["f58"], child["since"]
        where = {key: child.get(key) for key in ("jobid", "part", "uri", "pid")}
        name = branch.told.get("name") or child["name"]
        branch.told = {**branch.told, **where, "name": name}
        found.below.append(branch)
    return found


def _ask(child: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a child says at its socket, None if it does not answer."""
    from fluxion_py.server.client import Client

    try:
        with Client(child["uri"]) as client:
            found: dict[str, Any] = client.call("overview")
            return found
    except (FluxionError, OSError):
        return None


def levels(tree: Branch) -> list[dict[str, int]]:
    """Return, by depth, how many instances there are, and cores, used cores and jobs in all."""
    found: list[dict[str, int]] = []
    rank = [tree]
    while rank:
        used, cores = (sum(numbers) for numbers in zip(*(b.used() for b in rank), strict=True))
        jobs = sum(branch.total for branch in rank)
        level = {"depth": len(found), "instances": len(rank), "cores": cores, "cores_used": used}
        found.append({**level, "jobs": jobs})
        rank = [inner for branch in rank for inner in branch.below]
    return found


# ---- pstree ----


def add_pstree(parser: Parser) -> None:
    """Add the options of `pstree`."""
    parser.add_argument(
        "--details",
        choices=("names", "progress"),
        default="progress",
        help="only the names, or with tasks, jobs, progress and cores (the default)",
    )
    add_connection(parser)
    example(parser, "pstree", "pstree --details=names", "pstree -o json")


def run_pstree(arguments: Namespace) -> int:
    """Show the tree."""
    with open_client(arguments) as client:
        tree = look(client)
    if wants_json(arguments):
        print_json({**tree.to_dict(), "levels": levels(tree)})
        return DONE
    rows = list(_rows(tree, "", ""))
    if arguments.details == "names":
        for _, label in rows:
            print(label)
        return DONE
    width = max(12, *(len(branch.f58) for branch, _ in rows))
    print(f"{'JOBID':>{width}} {'NTASKS':>6} {'NJOBS':>6} {'PROG':>5} {'CORE%':>6} {'RUNTIME':>10}")
    for branch, label in rows:
        print(f"{branch.f58:>{width}} {_details(branch)} {label}")
    return DONE


def _rows(branch: Branch, first: str, rest: str) -> Iterator[tuple[Branch, str]]:
    name = str(branch.told.get("name") or "fluxion")
    yield branch, f"{first}{name}{' (does not answer)' if branch.gone else ''}"
    for place, inner in enumerate(branch.below):
        last = place == len(branch.below) - 1
        yield from _rows(
            inner, rest + ("└── " if last else "├── "), rest + ("    " if last else "│   ")
        )


def _details(branch: Branch) -> str:
    if branch.gone:
        return f"{'-':>6} {'-':>6} {'-':>5} {'-':>6} {'-':>10}"
    tasks = branch.told.get("tasks", 0)
    return (
        f"{tasks:>6} {branch.total:>6} {_percent(branch.finished, branch.total, 0):>5} "
        f"{_percent(*branch.used(), 1):>6} {_runtime(branch):>10}"
    )


def _percent(part: int, whole: int, digits: int) -> str:
    return f"{100 * part / whole:.{digits}f}%" if whole else "-"


def _runtime(branch: Branch) -> str:
    since = branch.told.get("started") if branch.since is None else branch.since
    return "-" if since is None else clock(max(0.0, time.time() - float(since)))


# ---- top ----


def add_top(parser: Parser) -> None:
    """Add the options of `top`."""
    parser.add_argument(
        "--interval", type=_interval, default=1.0, metavar="SECONDS", help="between looks (1)"
    )
    parser.add_argument("--once", action="store_true", help="look once; the default off a terminal")
    add_connection(parser)
    example(parser, "top", "top --once", "top -o json")


def _interval(text: str) -> float:
    from argparse import ArgumentTypeError

    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0.1 <= seconds <= 3600:
        raise ArgumentTypeError(f"{text[:40]!r} is no number of seconds from 0.1 to 3600")
    return seconds


def run_top(arguments: Namespace) -> int:
    """Show use by depth and by instance, again and again on a terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)
    with open_client(arguments) as client:
        if wants_json(arguments):
            tree = look(client)
            print_json({**tree.to_dict(), "levels": levels(tree)})
        elif arguments.once or not console.is_terminal:
            console.print(_table(look(client)))
        else:
            _show_live(console, client, arguments.interval)
    return DONE


def _show_live(console: Any, client: Any, interval: float) -> None:  # noqa: ANN401
    from contextlib import suppress

    from rich.live import Live

    with suppress(KeyboardInterrupt), Live(console=console, screen=True) as live:
        while True:
            live.update(_table(look(client)), refresh=True)
            time.sleep(interval)


def _table(tree: Branch) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("INSTANCE", no_wrap=True)
    for name in ("JOBID", "NODES", "CORES", "USED", "USED%", "RUN", "WAIT", "DONE", "FAIL"):
        table.add_column(name, justify="right", no_wrap=True)
    for branch, label in _rows(tree, "", ""):
        used, cores = branch.used()
        jobs = branch.told.get("jobs", {})
        numbers = [jobs.get(key, 0) for key in ("running", "pending", "completed", "failed")]
        sizes = [branch.told.get("size", 0), cores, used, _percent(used, cores, 1)]
        table.add_row(label, branch.f58, *map(str, sizes), *map(str, numbers))
    table.add_section()
    for level in levels(tree):
        used, cores = level["cores_used"], level["cores"]
        number = f"depth {level['depth']}: {level['instances']} instances"
        table.add_row(number, "", "", str(cores), str(used), _percent(used, cores, 1))
    return table
