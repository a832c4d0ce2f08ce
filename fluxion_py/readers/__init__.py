"""Text -> graph: every way to describe a machine that we read.

`read_file` and `read_text` are the doors, `attach_jgf` and `add_hwloc` let a graph grow. The
modules `claims` and `rv1` read former answers. Formats: resources/README.md, resource-graph.md 3-6.
Each reader is imported when it is needed, so that a program starts fast.
"""

from collections.abc import Collection, Mapping
from os import PathLike, fspath

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import GraphError, ReadError
from fluxion_py.readers.limits import MAX_BYTES

__all__ = [
    "FORMATS",
    "ReadError",
    "add_hwloc",
    "attach_jgf",
    "check_same",
    "machine_id",
    "read_file",
    "read_recipe_object",
    "read_text",
]

FORMATS = (
    "grug", "hwloc", "jgf", "jgf_shorthand", "rv1exec", "rv1exec_force", "recipe", "graphml",
)  # fmt: skip
"""Format names; the first six are those of the reference's command line."""


def read_file(
    path: str | PathLike[str],
    format: str | None = None,
    *,
    allowlist: Collection[str] | None = None,
    keep_units: bool = False,
) -> FlatGraph:
    """Read a resource file; see `read_text`. Raises `ReadError` for an unreadable file."""
    source = fspath(path)
    text = _load(source)
    return read_text(text, format, source=source, allowlist=allowlist, keep_units=keep_units)


def _load(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise ReadError(message, source=path) from None
    if len(data) > MAX_BYTES:
        raise ReadError(f"is larger than {MAX_BYTES} bytes", source=path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ReadError("is not UTF-8 text", source=path, line=line) from None


def read_text(
    text: str,
    format: str | None = None,
    *,
    source: str | None = None,
    allowlist: Collection[str] | None = None,
    into: FlatGraph | None = None,
    keep_units: bool = False,
) -> FlatGraph:
    """Read a resource description and return its graph.

    `format` is one of `FORMATS`; None looks at the content. `source` is the file name for messages.
    `allowlist` names the types to keep; only hwloc uses it. `into` is an empty graph to fill.
    `keep_units` keeps the units of JGF, which the reference drops (resource-graph.md 4.2). Raises
    `GraphError`, nearly always a `ReadError`, with the file and the place of what is wrong.
    """
    flat = FlatGraph() if into is None else into
    if len(flat):
        raise ValueError("read_text fills an empty graph; use attach_jgf for one that is not")
    try:
        _fill(flat, text, format or _detect(text, source), source, allowlist, keep_units)
    except GraphError as error:
        error.source = error.source or source  # a limit of the graph itself knows no file
        raise
    except ValueError as error:  # another one: types, sums of sizes
        raise ReadError(str(error), source=source) from None
    return flat


def _fill(
    flat: FlatGraph,
    text: str,
    kind: str,
    source: str | None,
    allowlist: Collection[str] | None,
    keep_units: bool,
) -> None:
    if kind == "grug":
        from fluxion_py.readers import grug, grug_generate

        grug_generate.generate(grug.parse_grug(text, source), flat, source)
    elif kind in ("jgf", "jgf_shorthand"):
        attach_jgf(flat, text, source=source, keep_units=keep_units)
    elif kind in ("rv1exec", "rv1exec_force"):
        from fluxion_py.readers.rv1 import read_rv1

        read_rv1(text, flat, source)
    elif kind == "hwloc":
        from fluxion_py.readers.hwloc import read_hwloc

        read_hwloc(text, flat, source, allowlist=allowlist)
    elif kind == "recipe":
        from fluxion_py.readers import recipe, recipe_generate

        recipe_generate.generate(recipe.parse_recipe(text, source), flat, source)
    elif kind == "graphml":
        from fluxion_py.readers.graphml import read_graphml

        read_graphml(text, flat, source)
    else:
        raise ReadError(f"unknown format {kind!r}", hint=f"known: {', '.join(FORMATS)}")


def _detect(text: str, source: str | None) -> str:
    from fluxion_py.readers.detect import detect_format

    return detect_format(text, source)


def attach_jgf(
    flat: FlatGraph, text: str, *, source: str | None = None, keep_units: bool = False
) -> range:
    """Add a JGF text to a graph, all of it or nothing, and return the rows of the new vertices.

    See `fluxion_py.readers.jgf.read_jgf`. An engine on this graph must then `reprime`.
    """
    from fluxion_py.readers.jgf import read_jgf

    return read_jgf(text, flat, source, keep_units=keep_units)


def read_recipe_object(recipe: Mapping[str, object]) -> FlatGraph:
    """Return the graph of a recipe given as Python mappings and lists; raises `ReadError`."""
    from fluxion_py.readers.recipe import recipe_of
    from fluxion_py.readers.recipe_generate import generate

    flat = FlatGraph()
    generate(recipe_of(recipe), flat)
    return flat


def add_hwloc(
    flat: FlatGraph,
    parent: int,
    documents: Collection[tuple[str, str]],
    *,
    allowlist: Collection[str] | None = None,
    merge_same_host: bool = False,
) -> list[int]:
    """Add the machines of (file name, hwloc XML) pairs below a vertex; return the new rows.

    See `fluxion_py.readers.hwloc.add_hwloc`: two texts of one machine are refused or merged.
    """
    from fluxion_py.readers import hwloc

    return hwloc.add_hwloc(
        flat, parent, list(documents), allowlist=allowlist, merge_same_host=merge_same_host
    )


def machine_id(text: str, source: str | None = None) -> str:
    """Return 16 hex digits that name the physical machine of a hwloc text."""
    from fluxion_py.readers import hwloc_identity

    return hwloc_identity.machine_id(text, source)


def check_same(flat: FlatGraph, R: str | Mapping[str, object], source: str | None = None) -> None:
    """Raise `GrantError` unless an R names exactly the vertices of a graph."""
    from fluxion_py.readers.grant_check import check_same as check

    check(flat, R, source)
