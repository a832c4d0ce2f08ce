"""All subcommands: where each is, and one line about it. Imports nothing, so that help is quick."""

from typing import NamedTuple


class Command(NamedTuple):
    """`module` of this package has `add_STEM(parser)` and `run_STEM(arguments)`."""

    module: str
    stem: str
    summary: str


COMMANDS: dict[str, Command] = {
    "generate": Command("describing", "generate", "make a graph file (JGF) of a recipe"),
    "info": Command("describing", "info", "count what a machine consists of"),
    "validate": Command("validating", "validate", "check graph files and jobspecs"),
    "find": Command("finding", "find", "show the vertices that satisfy an expression"),
    "allocate": Command("matching", "allocate", "give a job resources now"),
    "reserve": Command("matching", "reserve", "give a job resources now, or as early as possible"),
    "satisfiability": Command("matching", "satisfiability", "could a job ever run here?"),
    "without-allocating": Command("matching", "without", "show what a job would get"),
    "jobs": Command("jobs", "jobs", "list the jobs of a state file"),
    "cancel": Command("jobs", "cancel", "give back all that jobs hold"),
    "release": Command("jobs", "release", "give back a part of what a job holds"),
    "set-status": Command("changing", "set_status", "mark vertices up or down"),
    "set-property": Command("changing", "set_property", "give vertices properties"),
    "draw": Command("drawing", "draw", "draw the machine and its jobs (SVG)"),
    "shell": Command("shell", "shell", "obey resource-query commands on a graph"),
    "completion": Command("completion", "completion", "print what makes a shell complete this"),
}

ALIASES = {"list": "jobs"}

_GROUPS = (
    ("Describe a machine", ("generate", "info", "validate", "find", "draw")),
    ("Ask for resources", ("allocate", "reserve", "satisfiability", "without-allocating")),
    ("Give back, look, change", ("jobs", "cancel", "release", "set-status", "set-property")),
    ("Interactively", ("shell", "completion")),
)


def overview() -> str:
    """Return the text of `fluxion-match --help`."""
    lines = [
        "usage: fluxion-match SUBCOMMAND [OPTIONS]",
        "",
        "Where does a job fit on this machine, now or later?",
    ]
    for title, names in _GROUPS:
        lines += ["", f"{title}:"]
        lines += [f"  {name:<20}{COMMANDS[name].summary}" for name in names]
    lines += [
        "",
        "`fluxion-match SUBCOMMAND --help` has the options and an example. For a start:",
        "",
        "  fluxion-match generate elk.yaml -o elk.json",
        "  fluxion-match info -L elk.json",
        "  fluxion-match allocate -L elk.json --state elk.state -N 3 -n 18 -t 1h -- ./app",
        "",
        "Exit codes: 0 done, 1 bad input, 16 busy now, 19 can never fit.",
        "Without a subcommand it obeys the commands and options of resource-query",
        "(`fluxion-match shell --help` shows them).",
    ]
    return "\n".join(lines) + "\n"
