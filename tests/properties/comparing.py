"""How the answers of two engines are compared: to the letter, or their grants only."""

from collections.abc import Callable, Sequence

from fluxion_py.outcome import Errno, Outcome

Comparison = Callable[[object, object], str]


def compare(first: object, second: object) -> str:
    """Return how two answers differ, or an empty text.

    Of a failure only the kind, the messages and the visit counts count: `at` and `duration` say
    nothing then.
    """
    names = ["errno", "messages", "preorder", "postorder"]
    return _difference(first, second, names)


def compare_grants(first: object, second: object) -> str:
    """Return how two grants differ; refusals are equal, whatever their reasons."""
    if isinstance(first, Outcome) and isinstance(second, Outcome):
        both = (first.errno is Errno.OK, second.errno is Errno.OK)
        if both == (False, False):
            return ""
        if both != (True, True):
            return f"refused by one only: {first.errno} / {second.errno}"
    return _difference(first, second, [])


def _difference(first: object, second: object, names: Sequence[str]) -> str:
    if not (isinstance(first, Outcome) and isinstance(second, Outcome)):
        return "" if first == second else f"{first} / {second}"
    if first.errno is Errno.OK and first.selection is not None:
        names = [*names, "at", "duration", "reserved", "selection"]
    return "; ".join(
        f"{name}: {getattr(first, name)} / {getattr(second, name)}"
        for name in names
        if getattr(first, name) != getattr(second, name)
    )
