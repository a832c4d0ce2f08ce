"""Run the tool in this process, in a folder of its own, and keep what it wrote."""

import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copy

import pytest

from fluxion_py.cli import main
from tests.conftest import ROOT

ELK = ROOT / "resources" / "elk.yaml"
SLIDE = ROOT / "jobspec" / "examples" / "slide.yaml"


@dataclass(frozen=True)
class Run:
    """What one call returned and wrote."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Tool:
    """A folder with elk.yaml, elk.json and slide.yaml, which is the working directory."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def __call__(self, *argv: str, stdin: str = "") -> Run:
        """Call the program with these words."""
        self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        self.capture.readouterr()
        status = main(list(argv))
        written = self.capture.readouterr()
        return Run(status, written.out, written.err)

    def out(self, *argv: str, stdin: str = "") -> str:
        """Call the program, which must succeed and say nothing on stderr; return stdout."""
        run = self(*argv, stdin=stdin)
        assert (run.status, run.err) == (0, "")
        return run.out

    def refused(self, *argv: str, stdin: str = "") -> str:
        """Call the program, which must find bad input; return the line, without its hint.

        The form is checked: one line `error: ...`, at most one more with the hint, nothing else.
        """
        run = self(*argv, stdin=stdin)
        lines = run.err.splitlines()
        assert (run.status, run.out) == (1, ""), run
        assert lines[0].startswith("error: ")
        assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("  hint: ")), run.err
        assert "Traceback" not in run.err
        return lines[0].removeprefix("error: ")

    def put(self, name: str, text: str) -> str:
        """Write a file and return its name."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return name


@pytest.fixture
def tool(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Tool]:
    """The tool in a fresh folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLUXION_GRAPH", raising=False)
    copy(ELK, tmp_path / "elk.yaml")
    copy(SLIDE, tmp_path / "slide.yaml")
    made = Tool(tmp_path, capsys, monkeypatch)
    made.out("generate", "elk.yaml", "-o", "elk.json")
    yield made
    for name in tmp_path.iterdir():
        assert not name.name.endswith((".tmp", ".lock")), f"{name} was left behind"
