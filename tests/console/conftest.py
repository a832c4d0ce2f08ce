from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest

from tests.console.driver import ELK, Shell


@pytest.fixture
def alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    """A folder without an instance."""
    monkeypatch.chdir(tmp_path)
    for name in ("FLUXION_URI", "FLUXION_GRAPH", "FLUXION_R"):
        monkeypatch.delenv(name, raising=False)
    return Shell(tmp_path, capsys, monkeypatch)


@pytest.fixture
def shell(alone: Shell) -> Iterator[Shell]:
    """An instance on the 40 nodes of elk."""
    copy(ELK, alone.folder / "elk.yaml")
    alone.start("-L", "elk.yaml", "--grace", "1s")
    yield alone
    alone("shutdown", "--kill")
