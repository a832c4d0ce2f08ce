from collections.abc import Iterable, Sequence

from fluxion_py._core.flatgraph import FlatGraph

def idset_text(numbers: Iterable[int]) -> str: ...
def children_of_nodes(
    graph: FlatGraph, vertices: Sequence[tuple[int, int, bool, int]] | Sequence[int], complete: bool
) -> list[tuple[str, int]]: ...
