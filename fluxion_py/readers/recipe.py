"""Recipe, the YAML description of a machine that people write -> groups of vertices.

    version: 1
    cluster: elk
    contains:
      rack:
        count: 4
        contains:
          node:
            count: 10                # per rack
            name: elk[0-39]          # a hostlist of all of them, or a basename
            properties: [fast, gpu-model=h200]
            contains:
              socket: {count: 2, contains: {core: 18, memory: {count: 4, size: 32, unit: GB}}}

`contains` is a mapping from type to a count or a group; or a list of groups, each with a `type`,
where two groups may have the same type. The language is described in resources/README.md.
"""

from dataclasses import dataclass, field
from typing import NoReturn

from fluxion_py.errors import FormatError, short
from fluxion_py.hostlist import parse_hostlist
from fluxion_py.readers.limits import MAX_TYPES, MAX_VERTICES
from fluxion_py.readers.recipe_yaml import Listing, Scalar, Table, Tree, parse_yaml, tree_of, wrong

TOP_KEYS = ("version", "cluster", "properties", "contains")
GROUP_KEYS = ("count", "name", "size", "unit", "divisible", "properties", "ids", "contains")
NUMBERINGS = ("overall", "per-node", "per-parent")
MAX_SIZE = 2**62


@dataclass(slots=True)
class Group:
    """Equal things under each parent.

    `names` are the names of all of them under all parents, or None if names are basename + id.
    `ids` says where numbering starts again: "overall" never, "per-node", "per-parent".
    """

    type: str
    place: Tree
    count: int = 1
    basename: str = ""
    names: list[str] | None = None
    size: int = 1
    unit: str = ""
    divisible: bool = False
    ids: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    contains: list["Group"] = field(default_factory=list)


@dataclass(slots=True)
class Recipe:
    """A whole machine: its name, properties of the cluster vertex, and what it contains."""

    cluster: str
    properties: dict[str, str]
    contains: list[Group]


def parse_recipe(text: str, source: str | None = None) -> Recipe:
    """Return the recipe of a text; raises `ReadError` with line and column."""
    return _Reader(source).recipe(parse_yaml(text, source))


def recipe_of(value: object) -> Recipe:
    """Return the recipe given as Python mappings and lists; raises `ReadError`."""
    return _Reader(None).recipe(tree_of(value))


class _Reader:
    """Reads the keys; every message has the place of what is wrong."""

    def __init__(self, source: str | None) -> None:
        self.source = source
        self.types: set[str] = set()

    def wrong(self, tree: Tree, message: str, hint: str | None = None) -> NoReturn:
        raise wrong(tree, message, self.source, hint)

    def recipe(self, tree: Tree) -> Recipe:
        table = self.table(tree, "a recipe", TOP_KEYS)
        version = table.values.get("version")
        if version is None:
            self.wrong(table, "version is missing", "write: version: 1")
        if not isinstance(version, Scalar) or version.integer != 1:
            self.wrong(version, "only version 1 is known")
        name = table.values.get("cluster")
        if name is None:
            self.wrong(table, "cluster is missing", "write: cluster: NAME")
        if "contains" not in table.values:
            self.wrong(table, "contains is missing", "write what the cluster contains")
        return Recipe(
            self.word(name, "cluster"),
            self.properties(table),
            self.groups(table.values["contains"], MAX_VERTICES - 1),
        )

    def table(self, tree: Tree, what: str, known: tuple[str, ...] | None) -> Table:
        """Return a mapping, all of whose keys are known."""
        if not isinstance(tree, Table):
            self.wrong(tree, f"{what} must be a mapping")
        for key in tree.keys if known else ():
            if key not in (known or ()):
                self.unknown(tree.keys[key], what, known or ())
        return tree

    def unknown(self, key: Scalar, what: str, known: tuple[str, ...]) -> NoReturn:
        from difflib import get_close_matches

        near = get_close_matches(key.text, known, 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        self.wrong(
            key, f"{what} has no key {short(key.text)}{meant}", f"known keys: {', '.join(known)}"
        )

    def groups(self, tree: Tree, budget: int) -> list[Group]:
        """Read what one thing contains, of which there may be at most `budget` vertices."""
        if isinstance(tree, Table):
            pairs = [(tree.keys[kind], inner) for kind, inner in tree.values.items()]
            return [self.group(kind, inner, GROUP_KEYS, budget) for kind, inner in pairs]
        if not isinstance(tree, Listing):
            self.wrong(tree, "contains must be a mapping of types, or a list of groups")
        found = []
        for item in tree.items:
            table = self.table(item, "a group", ("type", *GROUP_KEYS))
            kind = table.values.get("type")
            if not isinstance(kind, Scalar):
                self.wrong(item, "a group in a list needs a type", "for example type: node")
            found.append(self.group(kind, table, ("type", *GROUP_KEYS), budget))
        return found

    def group(self, kind: Scalar, tree: Tree, known: tuple[str, ...], budget: int) -> Group:
        """Read a group: a count, or a mapping."""
        group = Group(self.word(kind, "type"), kind)
        self.types.add(group.type)
        if len(self.types) > MAX_TYPES:
            self.wrong(kind, f"more than {MAX_TYPES} types")
        group.basename = group.type
        if isinstance(tree, Scalar):
            group.count = self.integer(tree, f"count of {group.type}", 1, budget)
            return group
        table = self.table(tree, f"group {group.type}", known)
        counted = table.values.get("count")
        if counted is not None:
            group.count = self.integer(counted, f"count of {group.type}", 1, budget)
        self.read_name(group, table, counted is not None)
        if "size" in table.values:
            group.size = self.integer(table.values["size"], f"size of {group.type}", 0, MAX_SIZE)
        if "unit" in table.values:
            group.unit = self.word(table.values["unit"], "unit")
        if "divisible" in table.values:
            self.read_divisible(group, table)
        if "ids" in table.values:
            group.ids = self.word(table.values["ids"], "ids")
            if group.ids not in NUMBERINGS:
                self.wrong(table.values["ids"], f"ids must be one of {', '.join(NUMBERINGS)}")
        group.properties = self.properties(table)
        if "contains" in table.values:
            group.contains = self.groups(table.values["contains"], budget // max(1, group.count))
        return group

    def read_divisible(self, group: Group, table: Table) -> None:
        """Read whether a request may take some of the units; then nothing is below."""
        tree = table.values["divisible"]
        text = self.word(tree, "divisible").lower()
        if text not in ("true", "false"):
            self.wrong(tree, f"divisible must be true or false, not {short(text)}")
        group.divisible = text == "true"
        if group.divisible and "contains" in table.values:
            self.wrong(
                table.keys["contains"],
                f"{group.type} is divisible: nothing can be below it",
                "take units of a vertex that has nothing below it",
            )

    def read_name(self, group: Group, table: Table, counted: bool) -> None:
        """Read a name: with brackets it names every single one, without it is a basename.

        Without a count, the count follows from the number of names (`count` 0 until the number of
        parents is known).
        """
        tree = table.values.get("name")
        if tree is None:
            return
        text = self.word(tree, "name")
        if "[" not in text and "," not in text:
            group.basename = text
            return
        try:
            group.names = parse_hostlist(text)
        except FormatError as error:
            self.wrong(tree, error.message, error.hint)
        group.place = tree
        if not counted:
            group.count = 0

    def properties(self, table: Table) -> dict[str, str]:
        """Read a list of KEY or KEY=VALUE, or a mapping."""
        tree = table.values.get("properties")
        if tree is None:
            return {}
        if isinstance(tree, Table):
            return {
                key: self.scalar(value, "a property").text for key, value in tree.values.items()
            }
        if not isinstance(tree, Listing):
            self.wrong(tree, "properties must be a list or a mapping")
        found = {}
        for item in tree.items:
            key, _, value = self.word(item, "property").partition("=")
            found[key] = value
        return found

    def scalar(self, tree: Tree, what: str) -> Scalar:
        if not isinstance(tree, Scalar):
            self.wrong(tree, f"{what} must be a word or a number")
        return tree

    def word(self, tree: Tree, what: str) -> str:
        text = self.scalar(tree, what).text
        if not text or text != text.strip() or "/" in text or not text.isprintable():
            self.wrong(tree, f"{what} must be a word without '/', not {short(text)}")
        return text

    def integer(self, tree: Tree, what: str, low: int, high: int) -> int:
        value = tree.integer if isinstance(tree, Scalar) else None
        if value is None:
            shown = short(tree.text) if isinstance(tree, Scalar) else "a container"
            self.wrong(tree, f"{what} must be an integer, not {shown}")
        if not low <= value <= high:
            self.wrong(tree, f"{what} must be between {low} and {high}, not {value}")
        return value
