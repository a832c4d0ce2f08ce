"""XML text -> elements with line numbers.

Built on expat, so that nothing outside the text is ever fetched: a DOCTYPE is accepted (hwloc
writes one), an entity declaration is refused, which leaves no way to blow a text up.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from fluxion_py.errors import ReadError
from fluxion_py.readers.limits import MAX_DEPTH, require_unicode

MAX_ELEMENTS = 5_000_000
"""The most elements in one XML text."""


@dataclass(slots=True)
class Element:
    """One XML element: its name without namespace, attributes, own text, and where it starts."""

    tag: str
    attributes: dict[str, str]
    line: int
    column: int
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def named(self, tag: str) -> Iterator["Element"]:
        """Return the children with this name, in document order."""
        return (child for child in self.children if child.tag == tag)


def parse_xml(text: str, source: str | None, reference_text: str | None = None) -> Element:
    """Return the root element of an XML text.

    Raises `ReadError` with line and column for text that is not well formed, declares entities, or
    is nested deeper or larger than the limits.
    """
    require_unicode(text, source)
    builder = _Builder(source, reference_text)
    try:
        builder.parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise ReadError(
            f"not well-formed XML: {expat.ErrorString(error.code)}",
            source=source,
            line=error.lineno,
            column=error.offset + 1,
            reference_text=reference_text,
        ) from None
    return builder.root


class _Builder:
    """Collects the events of the parser into elements."""

    root: Element

    def __init__(self, source: str | None, reference_text: str | None) -> None:
        self.source = source
        self.reference_text = reference_text
        self.open: list[Element] = []
        self.elements = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.EntityDeclHandler = self.entity

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        element = Element(
            tag.rpartition(":")[2],
            attributes,
            self.parser.CurrentLineNumber,
            self.parser.CurrentColumnNumber + 1,
        )
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise self.refused(f"more than {MAX_ELEMENTS} elements")
        if len(self.open) >= MAX_DEPTH:
            raise self.refused(f"elements are nested deeper than {MAX_DEPTH}")
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, _tag: str) -> None:
        self.open.pop()

    def characters(self, text: str) -> None:
        self.open[-1].text += text

    def entity(self, name: str, *_rest: object) -> None:
        raise self.refused(f"entity declarations are not accepted (entity {name!r})")

    def refused(self, message: str) -> ReadError:
        return ReadError(
            message,
            source=self.source,
            line=self.parser.CurrentLineNumber,
            column=self.parser.CurrentColumnNumber + 1,
            reference_text=self.reference_text,
        )
