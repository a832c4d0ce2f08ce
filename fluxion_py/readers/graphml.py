"""GraphML as networkx writes it (`ResourceGraph.to_networkx`, then `networkx.write_graphml`)."""

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import ReadError
from fluxion_py.graph.interop import from_networkx
from fluxion_py.readers.xml_text import parse_xml


def read_graphml(text: str, flat: FlatGraph, source: str | None = None) -> None:
    """Fill an empty graph from a GraphML text whose nodes have the attribute `type`.

    The text is checked by the own XML reader first (no entities, limits). Raises `ReadError` for
    XML that is no GraphML, `GraphError` for attributes that make no resource graph.
    """
    parse_xml(text, source)
    import networkx as nx

    try:
        graph = nx.parse_graphml(text)
    except (nx.NetworkXError, KeyError, ValueError) as error:
        raise ReadError(f"no GraphML that networkx reads: {error}", source=source) from None
    from_networkx(graph, source, flat)
