"""The two indented texts, `simple` and `pretty_simple` (matching.md 12)."""

from fluxion_py.writers.answer import Answer


def write_simple(answer: Answer) -> str:
    """Return one line `name[needs:x|s]` per vertex, leaves first and the root last."""
    name = answer.graph.name
    return "".join(
        f"      {'---' * depth}{name(row)}[{needs}:{'x' if exclusive else 's'}]\n"
        for row, needs, exclusive, depth in answer.selection.vertices
    )


def write_pretty_simple(answer: Answer) -> str:
    """Return one line `name[needs:exclusive|shared]` per vertex, the root first."""
    name = answer.graph.name
    return "".join(
        f"      {'---' * depth}{name(row)}[{needs}:{'exclusive' if exclusive else 'shared'}]\n"
        for row, needs, exclusive, depth in reversed(answer.selection.vertices)
    )
