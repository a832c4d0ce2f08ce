from collections.abc import Callable, Mapping, Sequence
from typing import final

from fluxion_py._core.flatgraph import FlatGraph

class GraphText:
    def __init__(
        self,
        graph: FlatGraph,
        escape: Callable[[str], str],
        write_properties: Callable[[Mapping[str, str]], str],
        between: str = "",
    ) -> None: ...
    def vertices(self, most: int) -> str: ...  # "" if there are no more
    def edges(self, most: int) -> str: ...

@final
class JgfText(GraphText): ...

@final
class DotText(GraphText): ...

@final
class GraphmlText(GraphText):
    def __init__(
        self,
        graph: FlatGraph,
        escape: Callable[[str], str],
        write_properties: Callable[[Mapping[str, str]], str],
        fields: Sequence[str],
        paths: Sequence[str],
    ) -> None: ...
