"""Numbers in the text format of Prometheus: a dozen lines need no library."""

from collections.abc import Mapping

_HELP = {
    "filter": "filter calls",
    "filter_refused": "filter calls that were answered with no node",
    "prioritize": "prioritize calls",
    "preempt": "preempt calls",
    "bind": "bind calls",
    "bind_errors": "bind calls that failed",
    "bind_sibling": "bindings of siblings written without a call",
    "internal_errors": "faults of the service",
    "checks": "checks of the books and of the mirror",
    "book_errors": "nodes whose books were found wrong, and put right",
    "mirror_errors": "nodes and pods that were not known as they are, and put right",
}


def render(counts: Mapping[str, int], gauges: Mapping[str, int]) -> str:
    """Return counters and gauges as text."""
    lines = []
    for name, about in _HELP.items():
        metric = f"fluence_{name}_total"
        lines += [f"# HELP {metric} {about}", f"# TYPE {metric} counter"]
        lines.append(f"{metric} {counts.get(name, 0)}")
    for name, value in gauges.items():
        lines += [f"# TYPE fluence_{name} gauge", f"fluence_{name} {value}"]
    return "\n".join(lines) + "\n"
