from collections.abc import Callable, Mapping, Sequence
from typing import final

from typing_extensions import disjoint_base

from fluxion_py._core.flatgraph import FlatGraph

def plain_bytes(escape: Callable[[str], str]) -> bytes: ...  # a table of 256

@disjoint_base
class GraphText:
    def __init__(
        self,
        graph: FlatGraph,
        escape: Callable[[str], str],
        plain: bytes,
        write_properties: Callable[[Mapping[str, str]], str],
        between: str = "",
    ) -> None: ...
    def vertices(self, most: int) -> str: ...  # "" if there are no more
    def edges(self, most: int) -> str: ...

@final
class JgfText(GraphText):
    def chosen(self, row: int, needs: int, exclusive: bool, more: str = "") -> str: ...
    def joined(self, source: int, target: int, subsystem: int) -> str: ...

@final
class DotText(GraphText): ...

@final
class GraphmlText(GraphText):
    def __init__(
        self,
        graph: FlatGraph,
        escape: Callable[[str], str],
        plain: bytes,
        write_properties: Callable[[Mapping[str, str]], str],
        fields: Sequence[str],
        paths: Sequence[str],
    ) -> None: ...
