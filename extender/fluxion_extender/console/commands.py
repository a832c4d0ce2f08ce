"""All subcommands of `fluence`: where each is, and one line about it. Help is quick this way."""

from fluxion_py.cli.commands import Command
from fluxion_py.cli.tool import Tool

COMMANDS: dict[str, Command] = {
    "config": Command("configuration", "config", "write the configuration of a kube-scheduler"),
    "doctor": Command("doctor", "doctor", "check the cluster, the rights and the configuration"),
    "serve": Command("serving", "serve", "answer kube-scheduler where pods go"),
    "status": Command("asking", "status", "list groups of pods and where they are"),
    "explain": Command("asking", "explain", "say why a pod waits, or where it is planned"),
    "render": Command("rendering", "render", "show the jobspec that is made of a manifest"),
    "replay": Command("replaying", "replay", "rehearse offline: which pod would go where"),
}


def overview() -> str:
    """Return the text of `fluence --help`."""
    lines = [
        "usage: fluence SUBCOMMAND [OPTIONS]",
        "",
        "An unmodified kube-scheduler places pods and gangs by a resource graph.",
        "",
    ]
    lines += [f"  {name:<10}{command.summary}" for name, command in COMMANDS.items()]
    lines += [
        "",
        "`fluence SUBCOMMAND --help` has the options and an example. For a start:",
        "",
        "  fluence config > scheduler.yaml     # for kube-scheduler --config",
        "  fluence serve",
        "",
        "Exit codes: 0 done, 1 bad input, 16 it would have to wait, 19 it can never fit.",
    ]
    return "\n".join(lines) + "\n"


FLUENCE = Tool("fluence", "fluxion_extender.console", COMMANDS, {}, overview)
