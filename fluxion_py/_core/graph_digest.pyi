from fluxion_py._core.flatgraph import FlatGraph

def graph_digest(graph: FlatGraph) -> str: ...  # hex
