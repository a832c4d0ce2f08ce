"""Text -> graph: every way to describe a machine that we read.

`read_file` and `read_text` are the doors; `claims_of_jgf` and `claims_of_r` find the vertices of a
former answer in a graph. What each format is: resources/README.md and resource-graph.md 3-6.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.readers.claims import Claims, claims_of_jgf, claims_of_r
from fluxion_py.readers.detect import detect_format
from fluxion_py.readers.failure import MAX_BYTES, ReadError
from fluxion_py.readers.rv1 import ResourceSet, parse_r, parse_ranks, reader_of

__all__ = [
    "FORMATS",
    "Claims",
    "ReadError",
    "ResourceSet",
    "add_hwloc",
    "attach_jgf",
    "claims_of_jgf",
    "claims_of_r",
    "detect_format",
    "machine_id",
    "parse_r",
    "parse_ranks",
    "read_file",
    "read_recipe_object",
    "read_text",
    "reader_of",
]

FORMATS = (
    "grug", "hwloc", "jgf", "jgf_shorthand", "rv1exec", "rv1exec_force", "recipe", "graphml",
)  # fmt: skip
"""Format names; the first six are those of the reference's command line."""


def read_file(
    path: str | Path,
    format: str | None = None,
    *,
    allowlist: Collection[str] | None = None,
    keep_units: bool = False,
) -> FlatGraph:
    """Read a resource file; see `read_text`. Raises `ReadError` for an unreadable file."""
    text = _load(Path(path))
    return read_text(text, format, source=str(path), allowlist=allowlist, keep_units=keep_units)


def _load(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise ReadError(message, source=str(path)) from None
    if len(data) > MAX_BYTES:
        raise ReadError(f"is larger than {MAX_BYTES} bytes", source=str(path))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ReadError("is not UTF-8 text", source=str(path), line=line) from None


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
    kind = format or detect_format(text, source)
    if kind == "grug":
        from fluxion_py.readers.grug import read_grug

        read_grug(text, flat, source)
    elif kind in ("jgf", "jgf_shorthand"):
        attach_jgf(flat, text, source=source, keep_units=keep_units)
    elif kind in ("rv1exec", "rv1exec_force"):
        from fluxion_py.readers.rv1 import read_rv1

        read_rv1(text, flat, source)
    elif kind == "hwloc":
        from fluxion_py.readers.hwloc import read_hwloc

        read_hwloc(text, flat, source, allowlist=allowlist)
    elif kind == "recipe":
        from fluxion_py.readers.recipe import read_recipe

        read_recipe(text, flat, source)
    elif kind == "graphml":
        from fluxion_py.readers.graphml import read_graphml

        read_graphml(text, flat, source)
    else:
        raise ReadError(f"unknown format {kind!r}", hint=f"known: {', '.join(FORMATS)}")
    return flat


def attach_jgf(
    flat: FlatGraph, text: str, *, source: str | None = None, keep_units: bool = False
) -> range:
    """Add a JGF text to a graph, all of it or nothing, and return the rows of the new vertices.

    See `fluxion_py.readers.jgf.read_jgf`. An engine on this graph must then `reprime`.
    """
    from fluxion_py.readers.jgf import read_jgf

    return read_jgf(text, flat, source, keep_units=keep_units).rows


def read_recipe_object(recipe: Mapping[str, object]) -> FlatGraph:
    """Return the graph of a recipe given as Python mappings and lists; raises `ReadError`."""
    from fluxion_py.readers.recipe import read_recipe_tree

    flat = FlatGraph()
    read_recipe_tree(recipe, flat)
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
    from fluxion_py.readers import hwloc

    return hwloc.machine_id(text, source)
