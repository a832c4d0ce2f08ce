"""What a shell completes, asked of a real bash."""

import shutil
import subprocess

import pytest

from fluxion_py.cli.completion import script
from fluxion_py.cli.tool import MATCH, Tool
from fluxion_py.console.commands import FLUXION

BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None, reason="there is no bash")


def completed(tool: Tool, *words: str) -> list[str]:
    """Return what bash offers for the last word of a line."""
    line = " ".join(f"'{word}'" for word in words)
    ask = (
        f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _{tool.prog.replace('-', '_')}; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [BASH or "", "--norc", "-c", f"{script(tool, 'bash')}\n{ask}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("tool", "words", "offered"),
    [
        (FLUXION, ["fluxion", "su"], ["submit"]),
        (FLUXION, ["fluxion", "queue", "st"], ["stop", "start"]),
        (FLUXION, ["fluxion", "queue", "stop", "--u"], ["--uri"]),
        (FLUXION, ["fluxion", "submit", "--time"], ["--time-limit"]),
        (FLUXION, ["fluxion", "submit", "fi"], []),  # files are completed by default
        (FLUXION, ["fluxion", "nothing", "--"], []),
        (MATCH, ["fluxion-match", "all"], ["allocate"]),
        (MATCH, ["fluxion-match", "allocate", "--gr"], ["--graph"]),
    ],
)
def test_bash_completes(tool: Tool, words: list[str], offered: list[str]) -> None:
    assert completed(tool, *words) == offered


@pytest.mark.parametrize("tool", [FLUXION, MATCH], ids=["fluxion", "fluxion-match"])
def test_every_subcommand_is_offered(tool: Tool) -> None:
    offered = set(completed(tool, tool.prog, ""))
    assert {name.partition(" ")[0] for name in tool.commands} == offered
