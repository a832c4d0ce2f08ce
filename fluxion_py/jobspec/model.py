"""The request as data: a forest of resources, tasks and attributes (RFC 14).

A `Jobspec` is immutable. Amounts are integers, durations are seconds. The classes check nothing
by themselves: `parse` and the builders do, and every error carries the path in the document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from os import PathLike
    from typing import Unpack

    from fluxion_py.jobspec.options import CommandOptions, ParseOptions, ShapeOptions

UNLIMITED = 2**32 - 1
"""The default maximum of a count: as many as there are."""

MOST = 2**62
"""The largest count: units of a divisible vertex, such as bytes."""

SLOT_TYPES = ("slot", "xor_slot")
"""Types that name no vertex of the machine, but what tasks run in."""


def open_end(minimum: int) -> int:
    """Return the largest count of a range without an end."""
    return UNLIMITED if minimum <= UNLIMITED else MOST


@dataclass(frozen=True, slots=True)
class Count:
    """How many units are wanted: a series from `min` to `max` (jobspec.md 3).

    `operator` is one of `+ * ^`. `choices`, if not empty, lists the acceptable totals of an
    idset count ("2,4,8") in ascending order; then min and max are its ends.
    """

    min: int
    max: int
    operator: str = "+"
    operand: int = 1
    choices: tuple[int, ...] = ()

    def resolve(self, available: int) -> int:
        """Return the largest acceptable count that is at most `available`, or 0.

        The rule of jobspec.md 3; the series is computed in unsigned 32-bit arithmetic as the
        reference does, unless `max` is beyond that. O(log max) for `*` and `^`, O(1) for `+`.
        """
        if self.min > self.max or self.min > available:
            return 0
        limit = min(self.max, available)
        if self.choices:
            return max((choice for choice in self.choices if choice <= limit), default=0)
        if self.operator == "+":
            return limit - (limit - self.min) % self.operand
        best = value = self.min
        while value <= limit:
            best = value
            following = (
                value * self.operand if self.operator == "*" else value ** min(self.operand, 63)
            )
            if self.max <= UNLIMITED:
                following &= UNLIMITED
            if following <= value:
                break
            value = following
        return best

    @property
    def ceiling(self) -> int:
        """The "effective max": what the count resolves to when there is plenty."""
        return self.resolve(max(UNLIMITED, self.max))


@dataclass(frozen=True, slots=True)
class Resource:
    """One vertex of the request.

    `exclusive` is a three-state: None means "not said". `children` is the `with` list.
    `type` may be `slot` or `xor_slot`, which name no vertex of the machine.
    """

    type: str
    count: Count
    children: tuple["Resource", ...] = ()
    label: str | None = None
    exclusive: bool | None = None
    unit: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One entry of `tasks`: `count` is ("per_slot", 1), ("total", n) or None."""

    command: tuple[str, ...]
    slot: str
    count: tuple[str, int] | None = None
    distribution: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Jobspec:
    """A whole jobspec. `attributes` is kept verbatim; the typed fields are read from it.

    `duration` is the number of `attributes.system.duration` as given (0 = unlimited; it may be
    a fraction, or even negative or NaN, which matching refuses). `constraints` is the RFC 31
    object or None. `queue` is echoed in R.
    """

    version: int
    resources: tuple[Resource, ...]
    tasks: tuple[Task, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    duration: float = 0
    queue: str | None = None
    constraints: Mapping[str, Any] | None = None

    @classmethod
    def from_text(cls, text: str | bytes, **options: "Unpack[ParseOptions]") -> "Jobspec":
        """Return the jobspec of a YAML or JSON text; `options` as for `parse`."""
        from fluxion_py.jobspec.parser import parse

        return parse(text, **options)

    @classmethod
    def from_file(cls, path: "str | PathLike[str]", **options: "Unpack[ParseOptions]") -> "Jobspec":
        """Return the jobspec of a file; `options` as for `parse`. Raises `OSError` too."""
        from fluxion_py.jobspec.document import MAX_BYTES
        from fluxion_py.jobspec.parser import parse

        options.setdefault("source", str(path))
        with open(path, "rb") as file:
            # One byte more than allowed is enough to be refused, and all that is read.
            return parse(file.read(MAX_BYTES + 1), **options)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], **options: "Unpack[ParseOptions]") -> "Jobspec":
        """Return the jobspec of a mapping; `options` as for `parse_object`."""
        from fluxion_py.jobspec.parser import parse_object

        return parse_object(document, **options)

    @classmethod
    def from_command(cls, command: Sequence[str], **options: "Unpack[CommandOptions]") -> "Jobspec":
        """Return the short form of a request; `options` as for `shorthand.from_command`."""
        from fluxion_py.jobspec.shorthand import from_command

        return from_command(command, **options)

    @classmethod
    def from_shape(
        cls, shape: str, command: Sequence[str] = (), **options: "Unpack[ShapeOptions]"
    ) -> "Jobspec":
        """Return the jobspec of an RFC 46 shape; `options` as for `shape.from_shape`."""
        from fluxion_py.jobspec.shape import from_shape

        return from_shape(shape, command, **options)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of this jobspec, with a fixed order of keys."""
        from fluxion_py.jobspec.serialise import to_dict

        return to_dict(self)

    def to_json(self, *, indent: int | None = None) -> str:
        """Return this jobspec as JSON text."""
        from fluxion_py.jobspec.serialise import to_json

        return to_json(self, indent=indent)
