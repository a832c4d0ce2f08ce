"""A process of its own for one load and some work: what stays resident is its alone.

    python child.py FILE FORMAT < PLAN

The plan is a JSON object: `policy`, `steps` (each `op` allocate or reserve, `shape`, `duration`,
`count`), `seconds` (no new job after so long). What was measured is printed as JSON: bytes and
seconds. It imports nothing of the benches, so that it weighs what a user's program weighs.
"""

import json
import sys
import time
from typing import Any

from fluxion_py import Jobspec, Matcher, ResourceGraph
from fluxion_py.errors import Busy
from fluxion_py.match.prepared import Prepared

BULK = 1000
"""Jobs of one bulk call, so that the time limit is looked at."""


def resident(key: str = "VmRSS") -> int:
    """Return the resident bytes of this process; "VmHWM" for the most there ever were."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(key):
                return 1024 * int(line.split()[1])
    raise OSError(f"/proc/self/status has no {key}")


def allocate(matcher: Matcher, prepared: Prepared, count: int) -> int:
    """Make up to `count` jobs, through the bulk door if there is one; return how many."""
    if hasattr(matcher, "allocate_many"):
        return len(matcher.allocate_many(prepared, count))
    try:
        matcher.allocate(prepared)
    except Busy:
        return 0
    return 1


def work(matcher: Matcher, plan: dict[str, Any]) -> tuple[int, int]:
    """Carry out the steps; return how many jobs were made, and how many of them start later."""
    end = time.perf_counter() + plan["seconds"]
    made = reserved = 0
    for step in plan["steps"]:
        jobspec = Jobspec.from_shape(step["shape"], duration=step["duration"])
        prepared = matcher.compile(jobspec)
        left = step["count"]
        while left and time.perf_counter() < end:
            if step["op"] == "reserve":
                reserved += matcher.reserve(prepared).reserved
                done = 1
            else:
                done = allocate(matcher, prepared, min(left, BULK))
            made += done
            left -= done
            if not done:
                raise SystemExit(f"refused after {made} jobs: {step['shape']}")
    return made, reserved


def main() -> None:
    """Load, work, print."""
    file, format = sys.argv[1:]
    plan = json.load(sys.stdin)
    before = resident()
    start = time.perf_counter()
    graph = ResourceGraph.from_file(file, format)
    loaded = time.perf_counter()
    after_load = resident()
    peak_load = resident("VmHWM")
    matcher = Matcher(graph, plan["policy"])
    ready = time.perf_counter()
    after_matcher = resident()
    made, reserved = work(matcher, plan)
    found = {
        "vertices": len(graph),
        "columns": graph.flat.memory(),
        "before": before,
        "load_seconds": loaded - start,
        "load_resident": after_load,
        "load_peak": peak_load,
        "matcher_seconds": ready - loaded,
        "matcher_resident": after_matcher,
        "work_seconds": time.perf_counter() - ready,
        "work_resident": resident(),
        "jobs": len(matcher.jobs()),
        "made": made,
        "reserved": reserved,
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
