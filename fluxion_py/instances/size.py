"""What size an instance may have: the one validator, whoever wants to change it (K-06, K-12).

A size is a number of nodes. It is 1 at least and the maximum at most; the highest ranks go first,
so rank 0, the lead, never goes.
"""

from collections.abc import Sequence

from fluxion_py.errors import InputError


def check_size(size: int, maximum: int) -> int:
    """Return a size that is right. Raises `InputError` with the bounds."""
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= maximum:
        raise InputError(f"size must be between 1 and {maximum}")
    return size


def leaving(ranks: Sequence[int], size: int) -> list[int]:
    """Return the ranks that go when only `size` of them stay, the highest first."""
    return sorted(ranks)[size:][::-1]
