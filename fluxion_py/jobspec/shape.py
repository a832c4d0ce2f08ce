"""Requests in one line, `cluster/rack=2/slot=3/node/socket=2/core=18` (RFC 46)."""

import json
import re
from collections.abc import Sequence
from typing import NoReturn

from fluxion_py.errors import FormatError, JobspecError
from fluxion_py.jobspec.counts import format_count, parse_count
from fluxion_py.jobspec.model import SLOT_TYPES, Count, Jobspec, Resource, Task, open_end
from fluxion_py.jobspec.requires import parse_requires
from fluxion_py.jobspec.shorthand import system_duration

DEFAULT_LABEL = "default"
MAX_TEXT = 65_536
"""The longest shape, in characters."""

MAX_DEPTH = 100
"""How many levels a shape may have."""

_ARROW = re.compile(r"\s*(?:->|→)\s*")
_ARROW_LEVEL = re.compile(r"([A-Za-z][A-Za-z0-9_]*)(?:\[([^\]]*)\])?((?:\{[^}]*\})?)\Z")
_PLURALS = {
    "blades": "blade",
    "clusters": "cluster",
    "cores": "core",
    "gpus": "gpu",
    "nodes": "node",
    "numanodes": "numanode",
    "pdus": "pdu",
    "racks": "rack",
    "slots": "slot",
    "sockets": "socket",
    "ssds": "ssd",
    "switches": "switch",
}
_PLAIN = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*\Z")
_NAME = re.compile(r"[^\s=/{}\[\];:,\"+]+")
_COUNT = re.compile(r"\[[^\]]*\]|[0-9][0-9,:*^+-]*")
_VALUE = re.compile(r"[^,}\s]+")


def parse_shape(text: str) -> tuple[Resource, ...]:
    """Return the resources of an RFC 46 shape.

    `/` goes down a level, `=` gives a count (number, idset or range), `[a;b]` lists several
    resources of one level, `{...}` holds a slot's label and further keys (`x`, `-x`, `unit:GB`).
    A single slot may go without a label and is called "default". Also accepted is the arrow form
    `cluster->racks[2]->slot[3]->node[1]`, with plurals. Raises `JobspecError` with the column.
    """
    if len(text) > MAX_TEXT:
        raise JobspecError(f"the shape is longer than {MAX_TEXT} characters")
    stripped = text.strip()
    parser = _Parser(_from_arrows(stripped) if _ARROW.search(stripped) else stripped)
    return parser.parse()


def from_shape(
    text: str,
    command: Sequence[str] = (),
    *,
    duration: float | str = 0,
    queue: str | None = None,
    requires: str | None = None,
) -> Jobspec:
    """Return the jobspec of a shape; `command`, if given, runs once per slot of the first label.

    `duration`, `queue` and `requires` as in `shorthand.from_command`. Raises `JobspecError`.
    """
    resources = parse_shape(text)
    labels = [label for resource in resources for label in slot_labels(resource)]
    if command and not labels:
        raise JobspecError("a command needs a slot to run in", hint="put slot/ into the shape")
    tasks = (Task(tuple(command), labels[0], ("per_slot", 1)),) if command else ()
    seconds = system_duration(duration)
    system: dict[str, object] = {"duration": seconds}
    if queue is not None:
        system["queue"] = queue
    constraints = parse_requires(requires) if requires else None
    if constraints:
        system["constraints"] = constraints
    return Jobspec(1, resources, tasks, {"system": system}, seconds, queue, constraints)


def slot_labels(resource: Resource) -> list[str]:
    """Return the labels of the slots in a request tree, in order."""
    own = [resource.label] if resource.type in SLOT_TYPES and resource.label else []
    return own + [label for child in resource.children for label in slot_labels(child)]


def _from_arrows(text: str) -> str:
    levels = []
    for number, level in enumerate(_ARROW.split(text), start=1):
        match = _ARROW_LEVEL.match(level)
        if match is None:
            raise JobspecError(
                f"bad level {number} of the shape: {level[:40]!r}", hint="write it like racks[2]"
            )
        name, count, keys = match.groups()
        levels.append(_PLURALS.get(name, name) + (f"={count}" if count is not None else "") + keys)
    return "/".join(levels)


class _Parser:
    """Recursive descent over the characters of a shape."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._unlabelled: list[int] = []
        self._slots = 0

    def parse(self) -> tuple[Resource, ...]:
        resources = self._list(1)
        if self._at < len(self._text):
            self._fail(f"{self._text[self._at]!r} is not expected here")
        if self._unlabelled and self._slots > 1:
            self._at = self._unlabelled[0]
            self._fail("several slots need labels", "write slot{work}/...")
        return resources

    def _fail(self, reason: str, hint: str | None = None) -> NoReturn:
        raise JobspecError(
            f"bad shape: {reason}",
            line=1,
            column=self._at + 1,
            hint=hint or "write it like rack=2/slot=3/node or slot/[core=4;gpu]",
        )

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _accept(self, character: str) -> bool:
        found = self._peek() == character
        self._at += found
        return found

    def _take(self, pattern: re.Pattern[str], what: str) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            self._fail(f"{what} is missing")
        self._at = match.end()
        return match[0]

    def _list(self, depth: int) -> tuple[Resource, ...]:
        if depth > MAX_DEPTH:
            self._fail(f"it has more than {MAX_DEPTH} levels")
        if not self._accept("["):
            return (self._vertex(depth),)
        resources = [self._vertex(depth)]
        while self._accept(";"):
            resources.append(self._vertex(depth))
        if not self._accept("]"):
            self._fail("a ']' is missing")
        return tuple(resources)

    def _vertex(self, depth: int) -> Resource:
        start = self._at
        kind = self._string("a resource type")
        count = self._count() if self._accept("=") else Count(1, 1)
        keys = self._keys(kind in SLOT_TYPES) if self._accept("{") else {}
        if kind in SLOT_TYPES:
            self._slots += 1
            if "label" not in keys:
                self._unlabelled.append(start)
                keys["label"] = DEFAULT_LABEL
        children: tuple[Resource, ...] = ()
        if self._accept("/"):
            children = self._list(depth + 1)
        elif kind in SLOT_TYPES and self._peek() in ("", "]", ";"):
            self._fail("a slot contains something", "write slot=2/node")
        exclusive = keys.get("exclusive")
        if exclusive is not None and not isinstance(exclusive, bool):
            self._fail("exclusive is true or false")
        texts = {key: str(value) for key, value in keys.items() if key != "exclusive"}
        return Resource(kind, count, children, exclusive=exclusive, **texts)

    def _string(self, what: str) -> str:
        if self._peek() != '"':
            return self._take(_NAME, what)
        value = self._json()
        if not isinstance(value, str):
            self._fail(f"{what} is missing")
        return value

    def _json(self) -> object:
        try:
            value, self._at = json.JSONDecoder().raw_decode(self._text, self._at)
        except (ValueError, RecursionError):
            self._fail("a value is broken")
        return value

    def _count(self) -> Count:
        start = self._at
        text = self._take(_COUNT, "a count")
        try:
            return parse_count(text)
        except FormatError as error:
            self._at = start
            self._fail(error.message, error.hint)

    def _keys(self, is_slot: bool) -> dict[str, object]:
        """Read `{label,key:value,+flag}` up to and including the closing brace."""
        keys: dict[str, object] = {}
        if is_slot:
            keys["label"] = self._string("the label of the slot")
            if self._accept("}"):
                return keys
            if not self._accept(","):
                self._fail("a ',' or '}' is missing")
        elif self._accept("}"):
            return keys
        while True:
            self._key(keys)
            if self._accept("}"):
                return keys
            if not self._accept(","):
                self._fail("a ',' or '}' is missing")

    def _key(self, keys: dict[str, object]) -> None:
        start = self._at
        minus = self._accept("-")
        flag = minus or self._accept("+")
        key = self._string("a key")
        key = "exclusive" if key == "x" else key
        if key not in ("exclusive", "unit", "id", "label") or key in keys:
            self._at = start
            self._fail(f"the key {key!r} is unknown or repeated", "use x, unit, id or label")
        if flag or not self._accept(":"):
            if key != "exclusive":
                self._fail(f"{key} needs a value", f"write {key}:value")
            keys[key] = not minus
        elif self._peek() == '"':
            keys[key] = self._json()
        else:
            text = self._take(_VALUE, "a value")
            keys[key] = {"true": True, "false": False}.get(text, text)


def format_shape(resources: Sequence[Resource]) -> str:
    """Return resources as an RFC 46 shape that `parse_shape` reads back to equal ones."""
    texts = [_format(resource) for resource in resources]
    return texts[0] if len(texts) == 1 else "[" + ";".join(texts) + "]"


def _format(resource: Resource) -> str:
    keys = []
    if resource.label is not None:
        label = _quote(resource.label)
        keys.append(label if resource.type in SLOT_TYPES else f"label:{label}")
    if resource.exclusive is not None:
        keys.append("x" if resource.exclusive else "-x")
    keys += [
        f"{key}:{_quote(value)}"
        for key, value in (("unit", resource.unit), ("id", resource.id))
        if value is not None
    ]
    text = _quote(resource.type)
    if (resource.count.min, resource.count.max) != (1, 1):
        text += f"={_format_count(resource.count)}"
    text += "{" + ",".join(keys) + "}" if keys else ""
    return text + "/" + format_shape(resource.children) if resource.children else text


def _format_count(count: Count) -> str:
    if count.choices or count.min == count.max:
        return str(format_count(count))
    ends = f"{count.min}+" if count.max == open_end(count.min) else f"{count.min}-{count.max}"
    if (count.operator, count.operand) == ("+", 1):
        return ends
    return f"{ends}:{count.operand}:{count.operator}"


def _quote(text: str) -> str:
    return text if _PLAIN.match(text) and text not in ("true", "false") else json.dumps(text)
