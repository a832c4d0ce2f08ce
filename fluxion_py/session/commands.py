"""All commands with their abbreviations and one line of help each (cli.md 3)."""

from dataclasses import dataclass

from fluxion_py.session import asking, changing, matching, releasing, restoring
from fluxion_py.session.session import Ended, Handler, Handlers, Session


@dataclass(frozen=True, slots=True)
class Command:
    """One command; `short` may be empty."""

    name: str
    short: str
    run: Handler
    note: str


def quit_session(session: Session, words: list[str]) -> type[Ended]:
    """`quit`: end the session."""
    return Ended


def help_on(session: Session, words: list[str]) -> None:
    """`help [COMMAND]`."""
    wanted = words[1] if len(words) > 1 else None
    found = [c for c in COMMANDS if wanted is None or wanted in (c.name, c.short)]
    for command in found:
        session.info(f"INFO: {command.name} ({command.short}) -- {command.note}\n")
    if not found:
        session.info(f"ERROR: unknown command: {wanted}\n")


_OPS = "|".join(matching.OPS)

COMMANDS = (
    Command("match", "m", matching.match, f"Match one jobspec: match {_OPS} FILE"),
    Command(
        "multi-match",
        "M",
        matching.multi_match,
        "Match several jobspecs, up to the first that fails: multi-match OP FILE FILE...",
    ),
    Command(
        "update",
        "u",
        restoring.update,
        "Take over an allocation: update allocate|reserve jgf|jgf_shorthand|rv1exec FILE JOBID "
        "START DURATION",
    ),
    Command("attach", "j", changing.attach, "Add the vertices of a JGF file: attach FILE"),
    Command(
        "remove",
        "",
        changing.remove,
        "Remove a part of the graph by path or by ranks: remove PATH true | remove IDSET false",
    ),
    Command(
        "find",
        "f",
        asking.find,
        "Show vertices by their state: find status=down or sched-now=allocated",
    ),
    Command("cancel", "c", releasing.cancel, "Give back all of a job: cancel JOBID [stats]"),
    Command(
        "partial-cancel",
        "pc",
        releasing.partial_cancel,
        "Give some resources of a job back: partial-cancel JOBID jgf|rv1exec FILE [stats]",
    ),
    Command("set-property", "p", changing.set_property, "set-property PATH PROPERTY=VALUE"),
    Command("get-property", "g", asking.get_property, "get-property PATH"),
    Command("set-status", "t", changing.set_status, "set-status PATH up|down"),
    Command("get-status", "e", asking.get_status, "get-status PATH"),
    Command("list", "l", asking.list_jobs, "Show all jobs"),
    Command("info", "i", asking.info, "Show one job: info JOBID"),
    Command("stat", "s", asking.stat, "Show how long matches took"),
    Command("cat", "a", asking.cat, "Print a file: cat FILE"),
    Command("help", "h", help_on, "Show commands: help [COMMAND]"),
    Command("quit", "q", quit_session, "End the session"),
)

HANDLERS: Handlers = {
    word: command.run for command in COMMANDS for word in (command.name, command.short) if word
}
"""What is done for each first word of a line."""
