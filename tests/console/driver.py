"""`fluxion` in this process, talking to an instance in a process of its own."""

import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from fluxion_py.console import main
from tests.conftest import ROOT

PATIENCE = 60.0
ELK = ROOT / "resources" / "elk.yaml"
ID = re.compile(r"ƒ[1-9A-Za-z]{8,11}")


@dataclass(frozen=True)
class Run:
    """What one call returned and wrote."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Shell:
    """A folder, which is the working directory; `fluxion.instance` there is the instance."""

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

    def refused(self, *argv: str, status: int = 1) -> str:
        """Call the program, which must refuse in one line, perhaps with a hint; return the line."""
        run = self(*argv)
        lines = run.err.splitlines()
        assert (run.status, run.out) == (status, ""), run
        assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("  hint: ")), run.err
        return lines[0].removeprefix("error: ")

    def process(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Call the program as a process of its own."""
        return subprocess.run(
            [sys.executable, "-P", "-m", "fluxion_py.console", *argv],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if name != "FLUXION_URI"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def start(self, *argv: str) -> str:
        """Start an instance in the background; return what it says."""
        done = self.process("start", "--daemon", *argv)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    @property
    def pid(self) -> int:
        """The number of the instance's process."""
        return int((self.folder / "fluxion.pid").read_text())

    def submit(self, *argv: str) -> str:
        """Submit one job and return its id."""
        return self.out("submit", *argv).strip()

    def until(self, jobid: str, name: str) -> None:
        """Wait for an event of a job."""
        from fluxion_py.server.client import Client

        with Client() as client:
            watch = client.watch(jobid, since=0)
            while (found := watch.next(PATIENCE)) is not None:
                if found[1]["name"] == name:
                    return
        raise AssertionError(f"{jobid}: no {name}")
