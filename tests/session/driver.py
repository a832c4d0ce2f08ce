"""Run the compatible command line in this process on the small machine of matching.md 15."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from fluxion_py.cli.compat import main_compat
from fluxion_py.writers.whole_graph import write_whole
from tests.machines import mini

BAR = "INFO: =============================\n"


@dataclass(frozen=True)
class Run:
    """What one session wrote."""

    status: int
    out: str
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Driver:
    """A folder with the machine, to which files are added and in which sessions run."""

    folder: Path

    def put(self, name: str, content: object) -> None:
        """Write a file: a text as it is, anything else as JSON."""
        text = content if isinstance(content, str) else json.dumps(content)
        (self.folder / name).write_text(text, encoding="utf-8")

    def run(self, *commands: str, options: tuple[str, ...] = (), machine: bool = True) -> Run:
        """Run a session with results on a -t file of its own and without prompt."""
        load = ("-L", "mini.json", "-f", "jgf", "-P", "low") if machine else ()
        (self.folder / "out.txt").unlink(missing_ok=True)
        status, stdout, stderr = start(*load, "-d", "-t", "out.txt", *options, lines=commands)
        path = self.folder / "out.txt"
        return Run(status, path.read_text() if path.exists() else "", stdout, stderr)


def start(*argv: str, lines: tuple[str, ...] = ()) -> tuple[int, str, str]:
    """Call the program; return the exit code, stdout and stderr."""
    stdout, stderr = io.StringIO(), io.StringIO()
    stdin = io.StringIO("".join(f"{line}\n" for line in lines))
    status = main_compat(list(argv), stdin=stdin, stdout=stdout, stderr=stderr)
    return status, stdout.getvalue(), stderr.getvalue()


def jobspec(
    resources: list[Mapping[str, object]], duration: float = 100, **system: object
) -> dict[str, object]:
    """Return a jobspec with these resources."""
    return {
        "version": 9999,
        "resources": resources,
        "tasks": [{"command": ["app"], "slot": "s", "count": {"per_slot": 1}}],
        "attributes": {"system": {"duration": duration, **system}},
    }


def slot(count: int, *inside: Mapping[str, object]) -> Mapping[str, object]:
    """Return a slot of resources."""
    return {"type": "slot", "count": count, "label": "s", "with": list(inside)}


def some(kind: str, count: int = 1, *inside: Mapping[str, object]) -> Mapping[str, object]:
    """Return a resource, with what is inside it if anything."""
    found: dict[str, object] = {"type": kind, "count": count}
    return found | {"with": list(inside)} if inside else found


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """A folder with the machine as mini.json and some jobspecs, as working directory."""
    monkeypatch.chdir(tmp_path)
    made = Driver(tmp_path)
    made.put("mini.json", "".join(write_whole("jgf", mini())))
    made.put("core.json", jobspec([slot(1, some("core", 2))]))
    made.put("node.json", jobspec([slot(1, some("node"))]))
    made.put("nodes3.json", jobspec([slot(3, some("node"))]))
    made.put("queued.json", jobspec([slot(1, some("core"))], queue="batch"))
    made.put("memory.json", jobspec([slot(1, some("memory"))]))
    made.put("bad.yaml", "version: 9999\nresources: {}\ntasks: []\nattributes:\n")
    return made
