"""YAML text to plain values and their marks, with limits.

The C parser of PyYAML delivers events one after the other, and the values are put together here
without recursion. So a document nested 50,000 levels deep stops at the limit, where PyYAML's own
composer overflows the stack. Aliases are refused: they are the only way to make a small text huge.

Plain scalars follow the YAML 1.2 core schema: `yes` and `on` are strings, `true` is a boolean.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from fluxion_py.jobspec.indentation import explain_syntax
from fluxion_py.jobspec.problem import MAX_DEPTH, MAX_VALUES, Path, Problem, too_deep, too_many

if TYPE_CHECKING:
    import yaml

_CONSTANTS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_SPECIAL = re.compile(r"([-+]?)\.(?:(inf|Inf|INF)|(nan|NaN|NAN))\Z")
_STRING_TAG = "tag:yaml.org,2002:str"


class Mark(NamedTuple):
    """Where a value or key starts (from 1), its text if it is a scalar, and whether in quotes."""

    line: int
    column: int
    text: str | None = None
    quoted: bool = False


@dataclass(slots=True)
class Marks:
    """The marks of the values and of the keys of a document, by path."""

    values: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)


def compose(text: str) -> tuple[Any, Marks]:
    """Return the value of the first YAML document in `text`, and the marks of its parts.

    Raises `Problem` for broken YAML, repeated keys, aliases, tags other than `!!str`, and for
    documents beyond the limits of `problem`. An empty text is None.
    """
    builder = _Builder()
    _feed(builder, text)
    return builder.root, builder.marks


def marks_of(text: str) -> Marks:
    """Return the marks of as much of `text` as is YAML (JSON nearly always is)."""
    builder = _Builder()
    with suppress(Problem):
        _feed(builder, text)
    return builder.marks


def _feed(builder: "_Builder", text: str) -> None:
    import yaml

    loader: Any = None
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        while loader.check_event():
            if builder.take(loader.get_event()):
                return
    except yaml.MarkedYAMLError as error:
        if "nesting depth" in str(error.problem):  # libyaml 0.2.6 looks ahead and has a limit
            raise Problem(f"the document is nested deeper than {MAX_DEPTH} levels") from None
        raise explain_syntax(text, error) from None
    except (yaml.YAMLError, UnicodeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Problem(f"the text is not YAML: {reason}") from None
    finally:
        if loader is not None:
            loader.dispose()


class _Builder:
    """Puts values together from events; the open containers lie on a stack."""

    def __init__(self) -> None:
        self.root: Any = None
        self.marks = Marks()
        self._values = 0
        self._path: Path = ()
        self._key: str | None = None
        self._stack: list[tuple[Any, Path, str | None]] = []
        self._container: Any = None

    def take(self, event: "yaml.Event") -> bool:
        """Take one event; return True at the end of the document."""
        import yaml

        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._open(event, {})
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open(event, [])
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._container, self._path, self._key = self._stack.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise Problem(
                f"the alias *{event.anchor} is not supported",
                position=_position(event),
                hint="write the value out in full",
            )
        return isinstance(event, yaml.DocumentEndEvent)

    def _scalar(self, event: "yaml.ScalarEvent") -> None:
        text = event.value
        line, column = _position(event)
        if isinstance(self._container, dict) and self._key is None:
            self._take_key(text, line, column)
            return
        if event.tag not in (None, "!", _STRING_TAG):
            raise Problem(f"the tag {event.tag} is not supported", position=(line, column))
        quoted = event.style in ("'", '"', "|", ">") or event.tag is not None
        path = self._attach(text if quoted else _resolve(text))
        self.marks.values[path] = Mark(line, column, text, quoted)

    def _take_key(self, text: str, line: int, column: int) -> None:
        path = (*self._path, text)
        if text in self._container:
            first = self.marks.keys[path].line
            raise Problem(
                f"the key `{text}` is given twice (first in line {first})",
                path,
                position=(line, column),
                hint="remove one of the two",
            )
        self._key = text
        self.marks.keys[path] = Mark(line, column, text)

    def _open(
        self, event: "yaml.CollectionStartEvent", container: dict[str, Any] | list[Any]
    ) -> None:
        line, column = _position(event)
        if isinstance(self._container, dict) and self._key is None:
            raise Problem("a key must be a string", self._path, position=(line, column))
        if event.tag is not None:
            raise Problem(f"the tag {event.tag} is not supported", position=(line, column))
        if len(self._stack) >= MAX_DEPTH:
            raise too_deep((line, column))
        path = self._attach(container)
        self.marks.values[path] = Mark(line, column)
        self._stack.append((self._container, self._path, self._key))
        self._container, self._path, self._key = container, path, None

    def _attach(self, value: object) -> Path:
        """Put a value into the open container and return its path."""
        self._values += 1
        if self._values > MAX_VALUES:
            raise too_many()
        path = self._path
        if isinstance(self._container, list):
            path = (*path, len(self._container))
            self._container.append(value)
        elif self._key is not None:
            path = (*path, self._key)
            self._container[self._key] = value
            self._key = None
        else:
            self.root = value
        return path


def _position(event: "yaml.Event") -> tuple[int, int]:
    mark: Any = event.start_mark
    return mark.line + 1, mark.column + 1


def _resolve(text: str) -> object:
    """Return the value of a plain scalar (YAML 1.2 core schema, decimal integers only)."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.match(text):
        return int(text)
    if len(text) <= 64 and _FLOAT.match(text) and not text.lstrip("-+").isdigit():
        return float(text)
    special = _SPECIAL.match(text)
    if special is None:
        return text
    sign, infinite, _ = special.groups()
    return float(sign + "inf") if infinite else float("nan")
