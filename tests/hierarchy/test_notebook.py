"""The cells of docs/hierarchy.md as a notebook runs them: an event loop is there already.

As IPython does it: each cell is compiled with await allowed outside of functions, and runs in the
main thread, in the loop that goes on from cell to cell; the value of its last line is shown.
"""

import ast
import asyncio
import inspect
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

CELL = re.compile(
    r"<!-- not run: cells of a notebook, [^>]+ -->\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


def cells() -> list[str]:
    """The cells that the documentation shows."""
    return CELL.findall((ROOT / "docs" / "hierarchy.md").read_text(encoding="utf-8"))


async def run_cell(text: str, variables: dict[str, Any]) -> object:
    """Run a cell; return the value of its last line, if that is an expression."""
    tree = ast.parse(text)
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        tree.body[-1] = ast.Assign([ast.Name("_", ast.Store())], last.value)
        ast.fix_missing_locations(tree)
    code = compile(tree, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    value = eval(code, variables)
    if inspect.iscoroutine(value):
        await value
    return variables.get("_") if isinstance(last, ast.Expr) else None


async def notebook(texts: list[str]) -> tuple[list[object], int]:
    """Run cells; return their values, and how often the loop was free during the second."""
    variables: dict[str, Any] = {"__name__": "__main__"}
    values: list[object] = []
    turns = 0
    for text in texts:
        cell = asyncio.ensure_future(run_cell(text, variables))
        while not cell.done():
            await asyncio.sleep(0.01)
            turns += len(values) == 1
        values.append(cell.result())
    return values, turns


def test_the_cells_of_the_documentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert threading.current_thread() is threading.main_thread()
    texts = cells()
    assert len(texts) == 3
    (_, codes, _), turns = asyncio.run(notebook(texts))
    assert codes == [0, 1, 2]
    assert turns >= 5  # others were not kept from their work
    left = [thread.name for thread in threading.enumerate() if "fluxion" in thread.name]
    assert not left
