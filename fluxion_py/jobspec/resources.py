"""The `resources` section (jobspec.md 2 and 4)."""

from collections.abc import Mapping
from typing import Any

from fluxion_py.jobspec.counts import read_count
from fluxion_py.jobspec.model import SLOT_TYPES, Resource
from fluxion_py.jobspec.problem import MAPPING, MAX_DEPTH, Path, Problem, known, too_deep
from fluxion_py.jobspec.reading import Reading

MAX_RESOURCES = 5_000
"""The most resource vertices in one jobspec."""

BUILTIN_TYPES = frozenset(
    {
        "cluster",
        "core",
        "gpu",
        "node",
        "rack",
        "slot",
        "socket",
        "ssd",
        "storage_node",
        "xor_slot",
    }
)
"""The types that are known whatever the machine has (jobspec.md 2)."""

KEYS = ("type", "count", "unit", "id", "exclusive", "label", "with")

_SLOT_HINT = "a slot cannot stand inside another; keep one of the two"


def read_resources(
    value: object, path: Path, reading: Reading, *, slot: str | None = None
) -> tuple[Resource, ...]:
    """Return the forest of a `resources` or `with` list; raise `Problem`.

    `slot` is the label of the slot around it, if there is one.
    """
    if not isinstance(value, (list, tuple)):
        raise known(
            '"resources" is not a sequence', path, hint="write a list: every item starts with `- `"
        )
    reading.resources += len(value)
    if reading.resources > MAX_RESOURCES:
        raise Problem(
            f"the jobspec has more than {MAX_RESOURCES} resources",
            path,
            hint="use counts instead of repeating resources",
        )
    # Two path steps per level; parse_object may come here with any object.
    if len(path) > 2 * MAX_DEPTH:
        raise too_deep(reading.document.locate(path))
    return tuple(
        _read_resource(item, (*path, index), reading, slot) for index, item in enumerate(value)
    )


def _read_resource(value: object, path: Path, reading: Reading, slot: str | None) -> Resource:
    if not isinstance(value, MAPPING):
        raise known("resource is not a mapping", path, hint="write `- type: ...` and `count: ...`")
    kind = _read_type(value, path, reading)
    if "count" not in value:
        raise known('Key "count" missing from resource', path, hint=f"add `count: 1` to {kind}")
    for key in value:
        if key not in KEYS:
            raise Problem(
                f"unknown key `{key}` in resource {kind}",
                (*path, key),
                hint="the keys are " + ", ".join(KEYS),
                reference_text="Unrecognized key in resource mapping",
                at_key=True,
            )
    count = read_count(value["count"], (*path, "count"), reference=reading.reference)
    label = _read_text(value, "label", path, reading)
    unit = _read_text(value, "unit", path, reading)
    identifier = _read_text(value, "id", path, reading)
    exclusive = _read_exclusive(value, path)
    if kind in SLOT_TYPES:
        _check_slot(value, kind, label, path, reading, slot)
        slot = label or kind
    children: tuple[Resource, ...] = ()
    if "with" in value:
        children = read_resources(value["with"], (*path, "with"), reading, slot=slot)
    return Resource(kind, count, children, label, exclusive, unit, identifier)


def _read_text(value: Mapping[str, Any], key: str, path: Path, reading: Reading) -> str | None:
    if key not in value:
        return None
    return reading.scalar(value[key], (*path, key), f'Value of "{key}" must be a scalar')


def _read_type(value: Mapping[str, Any], path: Path, reading: Reading) -> str:
    if "type" not in value:
        raise known('Key "type" missing from resource', path, hint="add `type: node` or the like")
    place = (*path, "type")
    kind = reading.scalar(value["type"], place, 'Value of "type" must be a scalar')
    if not reading.reference or reading.known_types is None:
        return kind
    if kind not in BUILTIN_TYPES and kind not in reading.known_types:
        raise Problem(
            f"the machine has no resource type {kind!r}",
            place,
            reference_text='Value of "type" must be a resource type known to fluxion',
        )
    return kind


def _read_exclusive(value: Mapping[str, Any], path: Path) -> bool | None:
    if "exclusive" not in value:
        return None
    given = value["exclusive"]
    if isinstance(given, bool):
        return given
    if given in ("true", "false"):
        return bool(given == "true")
    raise known(
        'Value of "exclusive" must be either "true" or "false"',
        (*path, "exclusive"),
        hint="write `exclusive: true`, `exclusive: false`, or nothing",
    )


def _check_slot(
    value: Mapping[str, Any],
    kind: str,
    label: str | None,
    path: Path,
    reading: Reading,
    around: str | None,
) -> None:
    """Check the rules for slots; the last two are ours, the reference lets such slots pass."""
    if kind == "slot" and label is None:
        raise known("All slots must be labeled", path, hint="add `label: default`")
    if label is not None:
        reading.labels.setdefault(label, path)
    if reading.reference:
        return
    if around is not None:
        raise Problem(f"slot {label!r} stands inside slot {around!r}", path, hint=_SLOT_HINT)
    if not value.get("with"):
        raise Problem(
            f"slot {label or kind!r} contains nothing",
            path,
            hint="say under `with` what a slot consists of (RFC 14)",
        )
