from collections.abc import Callable, Sequence
from typing import Any, final

MAX_VARIANTS: int

def expand_alternatives(resources: Sequence[Any]) -> list[list[Any]]: ...
def as_forms(resources: Sequence[Any]) -> list[Any]: ...

@final
class Request:
    """A compiled request. Make it with `Engine.compile`."""

    def __init__(
        self, resources: Sequence[Any], type_of: Callable[[str], int], flexible: bool
    ) -> None: ...
    @property
    def labels(self) -> list[str]: ...
    def totals(self) -> dict[int, int]: ...
