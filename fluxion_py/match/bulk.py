"""The answer to one request that was made many times."""

from collections.abc import Callable, Sequence
from typing import overload

from fluxion_py.allocation import Allocation


class Bulk(Sequence[Allocation]):
    """The allocations of `Matcher.allocate_many`; each is made when it is looked at."""

    def __init__(self, look_up: Callable[[int], Allocation], jobids: range) -> None:
        self.ids = jobids
        self._look_up = look_up

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> Allocation: ...
    @overload
    def __getitem__(self, index: slice) -> "Bulk": ...
    def __getitem__(self, index: int | slice) -> "Allocation | Bulk":
        """Return one, or a part; raises `UnknownJobError` for one that was cancelled since."""
        if isinstance(index, slice):
            return Bulk(self._look_up, self.ids[index])
        return self._look_up(self.ids[index])
