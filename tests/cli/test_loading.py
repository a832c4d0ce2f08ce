"""Large files are announced on a terminal, and only there."""

import io
import sys

import pytest

from fluxion_py.cli import loading
from tests.cli.driver import Tool


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_slow_load_is_announced_on_a_terminal(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    loading.load_graph("elk.json")
    assert terminal.getvalue() == ""
    monkeypatch.setattr(loading, "SLOW_BYTES", 10)
    loading.load_graph("elk.json")
    assert terminal.getvalue() == "reading elk.json (0 MB)...\r\033[K"


def test_nothing_is_announced_elsewhere(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "SLOW_BYTES", 10)
    assert tool("info", "-L", "elk.json").err == ""
