"""The prune filter option: which totals are kept at which vertices (matching.md 3)."""

from fluxion_py.errors import PolicyError

DEFAULT_FILTERS = "ALL:core,ALL:node"


def parse_filters(text: str) -> list[tuple[str, str]]:
    """Return the (anchor type, tracked type) pairs of a filter text; a blank text is the default.

    `ALL` as anchor means every vertex that has something below it. Raises `PolicyError` for a
    pair without ":" or with an empty side.
    """
    compact = "".join(text.split()) or DEFAULT_FILTERS
    pairs = []
    for pair in compact.split(","):
        anchor, colon, tracked = pair.partition(":")
        if not colon or not anchor or not tracked or ":" in tracked:
            raise PolicyError(
                f"prune filter {pair!r} is not ANCHOR:TYPE", hint="for example ALL:core,rack:node"
            )
        pairs.append((anchor, tracked))
    return pairs
