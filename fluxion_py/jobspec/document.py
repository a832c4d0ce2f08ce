"""Jobspec text as plain values, with the line and column of each.

JSON goes through the JSON reader and gets positions only when an error needs them; everything
else goes through YAML. A value is addressed by its path, a tuple of keys and indexes.
"""

import json
from types import NoneType
from typing import Any, NoReturn

from fluxion_py.jobspec.problem import (
    MAPPING,
    MAX_DEPTH,
    MAX_VALUES,
    Path,
    Problem,
    too_deep,
    too_many,
)
from fluxion_py.jobspec.yaml_nodes import Marks, compose, marks_of

_SCALARS = (str, int, float, NoneType)

MAX_BYTES = 16 * 2**20
"""The largest jobspec text, in bytes."""


class Document:
    """The value of a jobspec, and where its parts stand in the text, if there is a text."""

    def __init__(self, root: object, text: str | None = None, marks: Marks | None = None) -> None:
        self.root = root
        self._text = text
        self._marks = marks
        self._from_yaml = marks is not None

    def locate(self, path: Path, *, at_key: bool = False) -> tuple[int, int] | None:
        """Return line and column of a value, of its key, or of the nearest value around it."""
        if self._marks is None:
            if self._text is None:
                return None
            self._marks = marks_of(self._text)
        mark = self._marks.keys.get(path) if at_key else None
        while mark is None and (mark := self._marks.values.get(path)) is None:
            if not path:
                return None
            path = path[:-1]
        return mark.line, mark.column

    def text_of(self, path: Path, value: object) -> str:
        """Return a scalar as it was written, `007` rather than 7."""
        if isinstance(value, str):
            return value
        if self._from_yaml and self._marks is not None:
            mark = self._marks.values.get(path)
            if mark is not None and mark.text is not None:
                return mark.text
        return json.dumps(value, default=str)

    def quoted(self, path: Path, value: object) -> bool:
        """Tell whether a value is a quoted string (in JSON and Python: any string)."""
        if self._from_yaml and self._marks is not None:
            mark = self._marks.values.get(path)
            return mark is not None and mark.quoted
        return isinstance(value, str)


def read_document(text: str | bytes) -> Document:
    """Read JSON or YAML text; raise `Problem` if it is neither, too large or too deep."""
    decoded = _decode(text)
    if decoded.lstrip()[:1] == "{":
        try:
            root = _JSON.decode(decoded)
        except RecursionError:
            raise too_deep() from None
        except ValueError:
            pass  # YAML in flow style, or an error that the YAML reader can place
        else:
            # No more brackets than levels allowed: the common case needs no closer look.
            if decoded.count("{") + decoded.count("[") > MAX_DEPTH:
                check_size(root)
            return Document(root, decoded)
    root, marks = compose(decoded)
    return Document(root, decoded, marks)


def check_size(root: object) -> None:
    """Raise `Problem` if values are nested deeper than `MAX_DEPTH`, or are too many."""
    level = [root] if isinstance(root, (list, tuple, *MAPPING)) else []
    seen = 0
    for _ in range(MAX_DEPTH):
        if not level:
            return
        seen += len(level)
        if seen > MAX_VALUES:
            raise too_many()
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, MAPPING) else parent)
            if not isinstance(child, _SCALARS) and isinstance(child, (list, tuple, *MAPPING))
        ]
    if level:
        raise too_deep()


def _decode(text: str | bytes) -> str:
    # A str is at least as long in UTF-8 as it has characters; that bound is enough here.
    if len(text) > MAX_BYTES:
        raise Problem(
            f"the text has {len(text)} bytes; the limit is {MAX_BYTES}",
            hint="keep large scripts and input files out of the jobspec",
        )
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise Problem(
            f"byte {error.start} is not UTF-8 text", position=(line, 1), hint="save it as UTF-8"
        ) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key is repeated")
    return mapping


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)
