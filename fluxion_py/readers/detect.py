"""Which format is this text? By its content, never by a file name."""

import re

from fluxion_py.errors import ReadError

_XML_ROOT = re.compile(r"<\s*([A-Za-z][\w.:-]*)")
_GRUG_KEY = re.compile(r"""(?:attr\.name|id)\s*=\s*["'](?:gen_method|multi_scale)["']""")
_RECIPE_KEY = re.compile(r"""^\s*["']?(?:version|cluster|contains)["']?\s*:""", re.MULTILINE)
_JSON_RECIPE_KEY = re.compile(r'"(?:cluster|contains)"\s*:')


def detect_format(text: str, source: str | None = None) -> str:
    """Return the format name of a resource text; raises `ReadError` if it looks like none.

    XML: by the root element (a GraphML text with the keys of a GRUG recipe is one). JSON: R has
    "R_lite", JGF has "graph". Everything else that has the keys of a recipe is one.
    """
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start == "<":
        return _detect_xml(text, source)
    if start in ("{", "["):
        if '"R_lite"' in text:
            return "rv1exec"
        if '"graph"' in text:
            return "jgf"
        if _JSON_RECIPE_KEY.search(text):
            return "recipe"
        raise ReadError('JSON, but neither R (no "R_lite") nor JGF (no "graph")', source=source)
    if _RECIPE_KEY.search(text):
        return "recipe"
    what = "the text is empty" if not start else "cannot tell the format of this text"
    raise ReadError(
        what,
        source=source,
        hint="JGF, R, GRUG or other GraphML, hwloc XML and recipes (YAML) are known",
    )


def _detect_xml(text: str, source: str | None) -> str:
    for match in _XML_ROOT.finditer(text):
        name = match[1].rpartition(":")[2]
        if name == "topology":
            return "hwloc"
        if name == "graphml":
            return "grug" if _GRUG_KEY.search(text) else "graphml"
        raise ReadError(f"XML with root element <{name}>, neither GraphML nor hwloc", source=source)
    raise ReadError("XML without an element", source=source)
