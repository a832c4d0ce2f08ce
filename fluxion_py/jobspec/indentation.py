"""What to say when text is not YAML: mostly, which lines stand in the wrong column."""

import re
from typing import TYPE_CHECKING

from fluxion_py.jobspec.problem import Problem

if TYPE_CHECKING:
    import yaml

_ITEM = re.compile(r"( *)(- +)([^\s:#]+):(.*)\Z")
_KEY = re.compile(r"( *)([^\s:#-][^\s:#]*):(?:\s|\Z)")
_EXAMPLE = "Compare examples/slide.yaml"


def explain_syntax(text: str, error: "yaml.MarkedYAMLError") -> Problem:
    """Return the problem that a YAML syntax error stands for, with the reference's text for it."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    problem = error.problem or "broken YAML"
    found: tuple[str, str | None] | None = None
    if "'-' indicator" in problem:
        found = _key_under_dash(lines, line)
    elif problem.startswith("mapping values are not allowed"):
        found = _too_deep_key(lines, line)
    if found is None:
        found = _general(error, lines, line, column)
    message, hint = found
    reference = f"yaml-cpp: error at line {line}, column {column}: {_reference_words(error)}"
    return Problem(message, position=(line, column), hint=hint, reference_text=reference)


def _reference_words(error: "yaml.MarkedYAMLError") -> str:
    """Return the reference's words for a syntax error, as far as they are known (errata G21)."""
    context, problem = error.context or "", error.problem or ""
    if context == "while parsing a flow mapping":
        return "end of map flow not found"
    if context == "while parsing a flow sequence":
        return "end of sequence flow not found"
    if problem.startswith("mapping values are not allowed"):
        return "illegal map value"
    if context == "while parsing a block collection":
        return "end of sequence not found"
    if context == "while parsing a block mapping":
        return "end of map not found"
    return problem


def _general(
    error: "yaml.MarkedYAMLError", lines: list[str], line: int, column: int
) -> tuple[str, str | None]:
    if line <= len(lines) and "\t" in lines[line - 1][:column]:
        return "a tab stands in the indentation", "indent with spaces only"
    context, problem = error.context or "", error.problem or "broken YAML"
    if context.startswith("while parsing a flow") and error.context_mark:
        start = error.context_mark
        bracket = "{" if "mapping" in context else "["
        opened = f"`{bracket}` opened in line {start.line + 1}, column {start.column + 1}"
        return f"{opened} is not closed before this point", "close it, or add the missing comma"
    return f"this is not YAML: {problem}" + (f" {context}" if context else ""), None


def _key_under_dash(lines: list[str], line: int) -> tuple[str, str | None] | None:
    """Explain `key:` written below the dash of an item instead of below the item's first key."""
    key = _KEY.match(lines[line - 1]) if line <= len(lines) else None
    if key is None:
        return None
    column = len(key[1])
    above = _item_above(lines, line, column)
    if above is None:
        return (
            f"`{key[2]}` stands in the column of the dashes above; a list item starts with `- `",
            f"indent `{key[2]}` like the keys of the item it belongs to. {_EXAMPLE}",
        )
    number, item = above
    shift = len(item[2])
    message = (
        f"`{key[2]}` stands under the dash of line {number} (`{lines[number - 1].strip()}`),"
        f" not under `{item[3]}`"
    )
    last, misplaced = _extent(lines, line, column)
    which = f"line {line}" if last == line else f"lines {line}-{last}"
    columns = {1: "one more column", 2: "two more columns"}.get(shift, f"{shift} more columns")
    hint = f"indent {which} by {columns}"
    if misplaced is not None:
        hint += f" and put `{misplaced[1]}` (line {misplaced[0]}) under `{misplaced[2]}`"
    return message, f"{hint}. {_EXAMPLE}"


def _item_above(lines: list[str], line: int, column: int) -> tuple[int, re.Match[str]] | None:
    """Return the nearest earlier `- key:` line whose dash stands in `column`."""
    for number in range(line - 1, 0, -1):
        item = _ITEM.match(lines[number - 1])
        if item is not None and len(item[1]) == column:
            return number, item
        if lines[number - 1].strip() and _indent(lines[number - 1]) < column:
            return None
    return None


def _extent(lines: list[str], line: int, column: int) -> tuple[int, tuple[int, str, str] | None]:
    """Return the last line of the block that is shifted, and a key at its end that is misplaced.

    The block goes on while lines are indented at least to `column`. The misplaced key is a line
    after an `- key: value` line that does not start below that key: (line, key, first key).
    """
    last = line
    for number in range(line + 1, len(lines) + 1):
        content = lines[number - 1]
        if content.strip() and _indent(content) < column:
            break
        if content.strip():
            last = number
    if last <= line:
        return last, None
    item, key = _ITEM.match(lines[last - 2]), _KEY.match(lines[last - 1])
    if item is None or key is None or not item[4].strip():
        return last, None
    if len(key[1]) == len(item[1]) + len(item[2]):
        return last, None
    return last - 1, (last, key[2], item[3])


def _too_deep_key(lines: list[str], line: int) -> tuple[str, str | None] | None:
    """Explain `key: value` indented deeper than the finished `key: value` above it."""
    key = _KEY.match(lines[line - 1]) if 1 < line <= len(lines) else None
    if key is None:
        return None
    above = lines[line - 2]
    item = _ITEM.match(above)
    other = _KEY.match(above)
    name = item[3] if item else other[2] if other else None
    if name is None:
        return None
    column = (len(item[1]) + len(item[2])) if item else _indent(above)
    if _indent(lines[line - 1]) <= column:
        return None
    return (
        f"`{key[2]}` is indented deeper than `{name}` of line {line - 1}, which has a value",
        f"put `{key[2]}` in column {column + 1}, under `{name}`. {_EXAMPLE}",
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
