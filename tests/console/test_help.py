"""Help of every subcommand, and refusals of what is mistyped."""

import subprocess
import sys

import pytest

from fluxion_py.console.commands import COMMANDS
from tests.console.driver import Shell

HEAVY = {
    "asyncio",
    "concurrent.futures",
    "fluxion_py._core.engine",
    "multiprocessing",
    "networkx",
    "rich",
    "rustworkx",
    "sqlite3",
    "yaml",
}


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"], []])
def test_the_overview_names_every_subcommand(alone: Shell, words: list[str]) -> None:
    text = alone.out(*words)
    named = set(text.replace(",", " ").split())
    assert {word for name in COMMANDS for word in name.split()} <= named
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("group", sorted({name.split()[0] for name in COMMANDS if " " in name}))
def test_a_group_lists_its_subcommands(alone: Shell, group: str) -> None:
    text = alone.out(group)
    assert text == alone.out(group, "--help")
    assert all(name in text for name in COMMANDS if name.startswith(f"{group} "))


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "simulate"])
def test_help_of_every_subcommand_has_an_example(alone: Shell, name: str) -> None:
    text = alone.out(*name.split(), "--help")
    assert text.startswith(f"usage: fluxion {name}")
    assert f"fluxion {name}" in text.split("Example:\n")[1]
    assert name in ("start", "run", "alloc", "attach", "completion") or "json" in text


def test_the_nearest_option_is_named(alone: Shell) -> None:
    done = alone.process("jobs", "--al")
    assert done.returncode == 1
    assert "hint: did you mean --all? see fluxion jobs --help" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sumbit", "x"], "no subcommand 'sumbit'; did you mean submit?"),
        (["queue", "lst"], "no subcommand 'queue lst'; did you mean queue list?"),
        (["jobs", "--al"], "unrecognized arguments: --al"),
        (["submit", "-n", "0", "x"], "argument -n/--tasks: 0 is not between 1 and 4294967295"),
        (["submit"], "there is no command"),
        (["run", "-n", "2"], "there is no command"),
        (["submit", "--env", "X", "x"], "--env X: write NAME=VALUE"),
        (
            ["submit", "-t", "soon", "x"],
            "duration: bad duration 'soon': it is no number with a unit",
        ),
        (["submit", "--taskmap", "odd", "x"], "unknown task map 'odd'"),
        (["submit", "--urgency", "32", "x"], "argument --urgency: '32' is no urgency from 0 to 31"),
        (["update", "f1", "name=x"], "'name=x' cannot be updated"),
        (["cancel"], "name some jobs, or all of them with --all"),
        (["kill", "-s", "NOPE", "f1"], "argument -s/--signal: 'NOPE' is no signal"),
        (["job-event", "f1", "x", "[]"], "'[]' is no JSON object"),
        (["start", "--recovery"], "there is nothing to recover in"),
        (["start", "--daemon", "sleep", "1"], "--daemon and a command do not go together"),
        (["start", "-L", "absent.json"], "absent.json"),
        (["start", "--queue-policy", "odd"], "unknown queue policy 'odd'"),
        (["start", "--recovery", "absent.tar"], "absent.tar"),
        (["jobs"], "there is no instance at fluxion.instance/socket"),
        (["bulksubmit", "x", "{1}", ":::", "a"], "{1} in '{1}': there are 1 lists of inputs"),
    ],
)
def test_what_is_wrong_is_one_line(alone: Shell, words: list[str], told: str) -> None:
    assert told in alone.refused(*words)


def test_asking_for_jobs_imports_nothing_heavy(shell: Shell) -> None:
    program = (
        "import sys; from fluxion_py.console import main; "
        "main(['submit', '-n', '1', 'true']); main(['jobs']); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, check=True, cwd=shell.folder
    )
    assert set(done.stdout.decode().split()).isdisjoint(HEAVY)
