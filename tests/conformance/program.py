"""The program under test: run as a process, or called inside this one."""

import contextlib
import io
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Result:
    """What one run wrote. `output` is the -t file, None if the options name none.

    A negative `status` is the signal that ended the process.
    """

    status: int
    stdout: str
    stderr: str
    output: str | None

    @property
    def answer(self) -> str:
        """The text that the matches and finds went to: the -t file or standard output."""
        return self.stdout if self.output is None else self.output

    def stream(self, name: str | None) -> str:
        """Return one stream by its name in a check; None is the answer."""
        streams = {
            None: self.answer,
            "stdout": self.stdout,
            "stderr": self.stderr,
            "stdout+stderr": self.stdout + self.stderr,
        }
        return streams[name]


class Program(Protocol):
    """Anything that can be run with the options and commands of the reference."""

    def run(self, options: Sequence[str], commands: str, folder: Path) -> Result:
        """Run in `folder` with `commands` as standard input."""


@dataclass(frozen=True, slots=True)
class Process:
    """A program that is started anew for each run; it hangs if it needs `timeout` seconds."""

    command: tuple[str, ...]
    timeout: float = 300

    def run(self, options: Sequence[str], commands: str, folder: Path) -> Result:
        """Run in `folder`; raises subprocess.TimeoutExpired when it hangs."""
        done = subprocess.run(
            [*self.command, *options],
            cwd=folder,
            input=commands.encode(),
            capture_output=True,
            timeout=self.timeout,
            check=False,
        )
        stdout, stderr = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
        return Result(done.returncode, stdout, stderr, _output(options, folder))


@dataclass(frozen=True, slots=True)
class InProcess:
    """The compatible command line of this package, called as a function.

    `engine` is "core" (compiled) or "oracle" (the plain one of tests.oracles).
    """

    engine: str = "core"

    def run(self, options: Sequence[str], commands: str, folder: Path) -> Result:
        """Run in `folder`; an exception of the program passes through."""
        from fluxion_py.cli.compat import main_compat

        stdout, stderr = io.StringIO(), io.StringIO()
        streams: dict[str, Any] = {
            "stdin": io.StringIO(commands),
            "stdout": stdout,
            "stderr": stderr,
        }
        if self.engine == "oracle":
            streams["engine_factory"] = _oracle_factory()
        with _inside(folder):
            status = main_compat(list(options), **streams)
        return Result(status, stdout.getvalue(), stderr.getvalue(), _output(options, folder))


def _oracle_factory() -> Callable[..., Any]:
    from tests.oracles.engine import OracleEngine

    factory: Callable[..., Any] = OracleEngine
    return factory


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    previous = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(previous)


def _output(options: Sequence[str], folder: Path) -> str | None:
    if "-t" not in options:
        return None
    path = folder / options[options.index("-t") + 1]
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def installed(timeout: float = 300) -> Process:
    """Return the `fluxion-match` of this environment, or the command in $FLUXION_MATCH.

    Raises FileNotFoundError if the package is not installed.
    """
    if chosen := os.environ.get("FLUXION_MATCH"):
        return Process(tuple(shlex.split(chosen)), timeout)
    beside = Path(sys.executable).with_name("fluxion-match")
    command = str(beside) if beside.exists() else shutil.which("fluxion-match")
    if command is None:
        raise FileNotFoundError("fluxion-match is not installed in this environment")
    return Process((command,), timeout)
