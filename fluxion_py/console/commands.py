"""All subcommands of `fluxion`: where each is, and one line about it. Help is quick this way."""

from collections.abc import Callable, Sequence

from fluxion_py.cli.commands import Command
from fluxion_py.cli.tool import Tool

COMMANDS: dict[str, Command] = {
    "start": Command("starting", "start", "start an instance: a batch system on this machine"),
    "shutdown": Command("saving", "shutdown", "end an instance; its running jobs go on"),
    "dump": Command("saving", "dump", "save an instance to a file, to go on elsewhere"),
    "submit": Command("submitting", "submit", "hand jobs in and print their ids"),
    "run": Command("submitting", "run", "hand a job in, wait for it, show its output"),
    "batch": Command("spawning", "batch", "hand in a script that gets an instance of its own"),
    "alloc": Command("spawning", "alloc", "have an instance on some resources, for a shell"),
    "bulksubmit": Command("bulk", "bulksubmit", "hand in one job for each of many inputs"),
    "jobs": Command("listing", "jobs", "list jobs"),
    "pstree": Command("tree", "pstree", "show the instances in the instance"),
    "top": Command("tree", "top", "watch what they use"),
    "watch": Command("following", "watch", "show what happens, as it happens"),
    "attach": Command("following", "attach", "show the output of a job until it ends"),
    "job-event": Command("changing", "event", "write an event into the log of a job"),
    "update": Command("changing", "update", "change the duration of a job"),
    "cancel": Command("changing", "cancel", "end jobs"),
    "kill": Command("changing", "kill", "send a signal to running jobs"),
    "hold": Command("changing", "hold", "have pending jobs wait until they are released"),
    "release": Command("changing", "release", "let held jobs go on"),
    "urgency": Command("changing", "urgency", "have jobs wait less or more than others"),
    "queue list": Command("queues", "list", "list the queues"),
    "queue stop": Command("queues", "stop", "start no more jobs"),
    "queue start": Command("queues", "start", "start jobs again"),
    "queue disable": Command("queues", "disable", "take no more jobs in"),
    "queue enable": Command("queues", "enable", "take jobs in again"),
    "queue drain": Command("queues", "drain", "wait until the queues are empty"),
    "queue idle": Command("queues", "idle", "wait until no job runs"),
    "resource list": Command("resources", "list", "list nodes by what they are used for"),
    "resource status": Command("resources", "status", "list nodes by whether they may be used"),
    "resource drain": Command("resources", "drain", "take nodes out of use; list those that are"),
    "resource undrain": Command("resources", "undrain", "put nodes into use again"),
    "resource resize": Command("resources", "resize", "have more or fewer nodes"),
    "resource attach": Command("resources", "attach", "add vertices to the machine"),
    "resource detach": Command("resources", "detach", "take vertices out of the machine"),
    "housekeeping list": Command("resources", "cleaning", "list jobs whose nodes are cleaned"),
    "simulate": Command("simulate", "simulate", "run a trace of jobs through queue and matcher"),
    "bench throughput": Command("throughput", "throughput", "measure jobs per second, by children"),
    "completion": Command("completion", "completion", "print what makes a shell complete this"),
}

_GROUPS = (
    ("An instance", ("start", "shutdown", "dump")),
    ("Jobs in", ("submit", "run", "batch", "alloc", "bulksubmit")),
    ("Looking", ("jobs", "pstree", "top", "watch", "attach")),
    (
        "Changing jobs",
        ("update", "cancel", "kill", "hold", "release", "urgency", "job-event"),
    ),
    ("Queues and machine (`fluxion queue --help` and so on)", ("queue", "resource")),
    ("", ("housekeeping",)),
    ("Planning", ("simulate", "bench")),
    ("Typing less", ("completion",)),
)

_SUMMARIES = {
    "queue": "list, stop, start, disable, enable, drain, idle",
    "resource": "list, status, drain, undrain, resize, attach, detach",
    "housekeeping": "list",
    "bench": "throughput",
}


def overview() -> str:
    """Return the text of `fluxion --help`."""
    lines = [
        "usage: fluxion SUBCOMMAND [OPTIONS]",
        "",
        "A batch system: submit jobs, wait, follow them, lose nothing.",
    ]
    for title, names in _GROUPS:
        lines += ["", f"{title}:"] if title else []
        lines += _lines(names)
    lines += [
        "",
        "`fluxion SUBCOMMAND --help` has the options and an example. For a start:",
        "",
        "  fluxion start -- bash              # this machine, for as long as the shell",
        "  fluxion run -n 1 hostname",
        "  fluxion bulksubmit --watch echo {} ::: a b c",
        "  fluxion jobs -a",
        "",
        "Exit codes: 0 done, 1 bad input, 16 busy now, 19 can never fit.",
    ]
    return "\n".join(lines) + "\n"


def _lines(names: Sequence[str]) -> list[str]:
    return [f"  {name:<20}{_SUMMARIES.get(name) or COMMANDS[name].summary}" for name in names]


def _group(name: str) -> Callable[[], str]:
    def text() -> str:
        names = [command for command in COMMANDS if command.startswith(f"{name} ")]
        lines = [f"usage: fluxion {name} SUBCOMMAND [OPTIONS]", ""]
        lines += [f"  {command:<20}{COMMANDS[command].summary}" for command in names]
        lines += ["", f"`fluxion {names[0]} --help` has its options and an example."]
        return "\n".join(lines) + "\n"

    return text


FLUXION = Tool(
    "fluxion",
    "fluxion_py.console",
    COMMANDS,
    {"ps": "jobs"},
    overview,
    {name: _group(name) for name in _SUMMARIES},
)
