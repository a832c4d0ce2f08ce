"""Help, version, and which mode the first word chooses."""

import re
import subprocess
import sys
from importlib.metadata import version

import pytest

from fluxion_py.cli.commands import COMMANDS
from tests.cli.driver import Tool


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_the_overview_names_every_subcommand(tool: Tool, word: str) -> None:
    text = tool.out(word)
    assert set(COMMANDS) <= set(text.split())
    assert "16 busy now, 19 can never fit" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_subcommand_has_an_example(tool: Tool, name: str) -> None:
    text = tool.out(name, "--help")
    assert text.startswith(f"usage: fluxion-match {name}")
    examples = text.split("Example:\n")[1]
    assert re.search(rf"fluxion-match {name} ", examples)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_subcommand_can_answer_programs(tool: Tool, name: str) -> None:
    assert name in ("shell", "completion") or "--json" in tool.out(name, "--help")


def test_version_is_that_of_the_distribution(tool: Tool) -> None:
    assert tool.out("--version") == f"fluxion-match {version('fluxion-py')}\n"


def test_without_a_subcommand_it_is_a_session(tool: Tool) -> None:
    run = tool("-L", "elk.json", "-f", "jgf", "-d", stdin="match allocate slide.yaml\nquit\n")
    assert run.status == 0
    assert "INFO: JOBID=1\n" in run.out
    assert tool("-L", "absent").status == 1


def test_a_closed_pipe_is_no_error(tool: Tool) -> None:
    program = (
        "import sys; from fluxion_py.cli import main; "
        "sys.exit(main(['info', '-L', 'elk.json', '--format', 'jgf']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_the_overview_imports_nothing_heavy() -> None:
    program = "import sys; from fluxion_py.cli import main; main(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    loaded = set(done.stdout.decode().split())
    assert "fluxion_py.cli.tool" in loaded
    assert loaded.isdisjoint(HEAVY | {"argparse", "fluxion_py._core.engine"})


def test_allocating_on_jgf_imports_nothing_that_it_does_not_need(tool: Tool) -> None:
    program = (
        "import sys; from fluxion_py.cli import main; "
        "main(['allocate', '-L', 'elk.json', '-N', '1', '-q']); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert set(done.stdout.decode().split()).isdisjoint(HEAVY)


HEAVY = {"networkx", "numpy", "rich", "rustworkx", "xml.etree.ElementTree", "yaml"}
