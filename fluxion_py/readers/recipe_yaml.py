"""YAML text -> a tree of nodes that know their line and column.

Built from the parser's events, without recursion: nesting has a limit, and anchors and aliases are
refused, so that no short text becomes a large tree.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fluxion_py.errors import ReadError
from fluxion_py.readers.limits import require_unicode

if TYPE_CHECKING:
    from yaml.events import Event

MAX_NESTING = 64
"""The deepest nesting of mappings and lists in a recipe."""

MAX_CHARACTERS = 16_000_000
"""The longest recipe."""

_INTEGER = re.compile(r"-?[0-9][0-9_]{0,25}\Z")


@dataclass(slots=True)
class Scalar:
    """A word or number; `plain` if it was written without quotes."""

    text: str
    plain: bool
    line: int | None = None
    column: int | None = None

    @property
    def integer(self) -> int | None:
        """The value of a plain integer, else None."""
        return int(self.text) if self.plain and _INTEGER.match(self.text) else None


@dataclass(slots=True)
class Listing:
    """A sequence."""

    items: list["Tree"] = field(default_factory=list)
    line: int | None = None
    column: int | None = None


@dataclass(slots=True)
class Table:
    """A mapping with text keys; `keys` holds the key nodes, for their places."""

    values: dict[str, "Tree"] = field(default_factory=dict)
    keys: dict[str, Scalar] = field(default_factory=dict)
    line: int | None = None
    column: int | None = None


Tree = Scalar | Listing | Table


def wrong(tree: Tree, message: str, source: str | None, hint: str | None = None) -> ReadError:
    """Return the error that something is wrong at the place of `tree`."""
    return ReadError(message, source=source, line=tree.line, column=tree.column, hint=hint)


def parse_yaml(text: str, source: str | None) -> Tree:
    """Return the tree of a YAML text with one document; raises `ReadError` with line and column."""
    import yaml

    if len(text) > MAX_CHARACTERS:
        raise ReadError(f"recipe is longer than {MAX_CHARACTERS} characters", source=source)
    require_unicode(text, source)
    builder = _Builder(source)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = f"not YAML: {error.problem or error.context}"
        if "nesting depth" in str(error.problem):  # libyaml 0.2.6 looks ahead and has a limit
            what = f"nested deeper than {MAX_NESTING} levels"
        raise ReadError(
            what,
            source=source,
            line=None if mark is None else mark.line + 1,
            column=None if mark is None else mark.column + 1,
        ) from None
    except yaml.YAMLError as error:
        raise ReadError(f"not YAML: {' '.join(str(error).split())}", source=source) from None
    if builder.root is None:
        raise ReadError("the recipe is empty", source=source)
    return builder.root


class _Builder:
    """Collects events into a tree; `stack` holds the open containers, `pending` their keys."""

    def __init__(self, source: str | None) -> None:
        self.source = source
        self.root: Tree | None = None
        self.stack: list[Listing | Table] = []
        self.pending: list[Scalar | None] = []

    def take(self, event: "Event") -> None:
        import yaml

        mark = event.start_mark
        line = None if mark is None else mark.line + 1
        column = None if mark is None else mark.column + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            place = Scalar("", True, line, column)
            raise wrong(place, "anchors and aliases are not accepted", self.source)
        if isinstance(event, yaml.ScalarEvent):
            self.put(Scalar(event.value, event.implicit[0], line, column))
        elif isinstance(event, yaml.SequenceStartEvent):
            self.open(Listing(line=line, column=column))
        elif isinstance(event, yaml.MappingStartEvent):
            self.open(Table(line=line, column=column))
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            self.stack.pop()
            self.pending.pop()

    def open(self, container: Listing | Table) -> None:
        if len(self.stack) >= MAX_NESTING:
            raise wrong(container, f"nested deeper than {MAX_NESTING} levels", self.source)
        self.put(container)
        self.stack.append(container)
        self.pending.append(None)

    def put(self, tree: Tree) -> None:
        """Hang a node into the innermost open container."""
        if not self.stack:
            if self.root is not None:
                raise wrong(tree, "there is a second YAML document", self.source)
            self.root = tree
            return
        container = self.stack[-1]
        if isinstance(container, Listing):
            container.items.append(tree)
            return
        key = self.pending[-1]
        if key is not None:
            container.values[key.text] = tree
            self.pending[-1] = None
        elif not isinstance(tree, Scalar):
            raise wrong(tree, "a key must be a word", self.source)
        elif tree.text in container.values:
            raise wrong(tree, f"key {tree.text!r} is used twice", self.source)
        else:
            container.keys[tree.text] = tree
            self.pending[-1] = tree


def tree_of(value: object, depth: int = 0) -> Tree:
    """Return Python mappings, lists, texts and numbers as a tree without places."""
    if depth > MAX_NESTING:
        raise ReadError(f"nested deeper than {MAX_NESTING} levels")
    if isinstance(value, Mapping):
        table = Table()
        for key, inner in value.items():
            table.keys[str(key)] = Scalar(str(key), True)
            table.values[str(key)] = tree_of(inner, depth + 1)
        return table
    if isinstance(value, (list, tuple)):
        return Listing([tree_of(item, depth + 1) for item in value])
    return Scalar("" if value is None else str(value), not isinstance(value, str))
