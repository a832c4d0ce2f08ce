"""What the README and docs/ show is what happens: their examples are run.

Every `console` and `python` block is run, in a folder with copies of the galleries, unless
`<!-- not run: REASON -->` stands before it. In a console block `$ ` begins a command, `> ` goes on
with it, the rest is its output; `...` stands for any text in a line, and as a line for any lines.
A command without output shown must end well and may print anything. Python blocks with `>>>` are
doctests; any other one must run to its end.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(
    r"(?P<skip><!-- not run: [^>]+ -->\n)?^```(?P<kind>console|python)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
DOCUMENTS = [
    path
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if any(not match["skip"] for match in BLOCK.finditer(path.read_text(encoding="utf-8")))
]


@dataclass(slots=True)
class Command:
    """A command of a console block and the output that is shown for it."""

    text: str
    shown: list[str] = field(default_factory=list)


def commands(block: str) -> Iterator[Command]:
    """Yield the commands of a console block."""
    current: Command | None = None
    for line in block.splitlines():
        if line.startswith("$ "):
            if current is not None:
                yield current
            current = Command(line[2:])
        elif current is None:
            raise ValueError(f"a console block begins with `$ `, not with {line!r}")
        elif line.startswith("> ") and not current.shown:
            current.text += "\n" + line[2:]
        else:
            current.shown.append(line)
    if current is not None:
        yield current


def agrees(shown: list[str], printed: str) -> bool:
    """Say whether the output is as shown, `...` standing for any number of lines."""
    parts = []
    for line in shown:
        inside = ".*".join(map(re.escape, line.rstrip().split("...")))
        parts.append(r"(?:.*\n)*?" if line == "..." else inside + "\n")
    trimmed = "".join(line.rstrip() + "\n" for line in printed.splitlines())
    return re.fullmatch("".join(parts), trimmed) is not None


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run with the programs of this environment first; errors go to the output."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )


def check_console(block: str, folder: Path) -> None:
    """Run a block's commands one after the other."""
    for command in commands(block):
        done = run(["bash", "-c", command.text], folder)
        if command.shown:
            shown = "\n".join(command.shown)
            assert agrees(command.shown, done.stdout), (
                f"$ {command.text}\nprints:\n{done.stdout}\nshown:\n{shown}"
            )
        else:
            assert done.returncode == 0, f"$ {command.text}\n{done.stdout}"


def check_python(block: str, folder: Path) -> None:
    """Run a block as a doctest or as a script."""
    file = folder / "example.txt"
    file.write_text(block, encoding="utf-8")
    doctest = [sys.executable, "-P", "-m", "doctest", "-o", "ELLIPSIS", file.name]
    done = run(doctest if ">>> " in block else [sys.executable, "-P", file.name], folder)
    assert done.returncode == 0, f"{block}\n{done.stdout}"


def place(folder: Path) -> Path:
    """Put copies of the galleries into a folder."""
    for name in ("jobspec", "resources"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of_a_document_do_what_they_show(document: Path, tmp_path: Path) -> None:
    place(tmp_path)
    for match in BLOCK.finditer(document.read_text(encoding="utf-8")):
        if match["skip"]:
            continue
        check = check_console if match["kind"] == "console" else check_python
        check(match["text"], tmp_path)


def test_the_demo_shows_an_allocation_a_reservation_and_a_refusal(tmp_path: Path) -> None:
    done = run(["bash", str(ROOT / "docs" / "demo.sh")], place(tmp_path))
    assert done.returncode == 0, done.stdout
    for sign in ("ALLOCATED", "RESERVED", "busy: ", "never: "):
        assert sign in done.stdout, done.stdout


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_an_output_that_differs_is_noticed(tmp_path: Path) -> None:
    check_console("$ printf 'a\\nb\\nc\\n'\na\n...\nc\n", tmp_path)
    with pytest.raises(AssertionError):
        check_console("$ echo a\nb\n", tmp_path)
    with pytest.raises(AssertionError):
        check_console("$ false\n", tmp_path)
    with pytest.raises(AssertionError):
        check_python(">>> 1 + 1\n3\n", tmp_path)


def test_files_named_in_the_contributors_lists_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:fluxion_py|tests|jobspec|resources|docs|\.ci)/[^`\s]+)`", text))
    missing = {name for name in named if "NAME" not in name and not (ROOT / name).exists()}
    assert len(named) > 30
    assert missing == set()
