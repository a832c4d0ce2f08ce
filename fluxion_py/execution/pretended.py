"""Jobs that only pretend to run: `attributes.system.exec.test.run_duration`, as flux has it.

They wait, are placed, hold their resources for that time and end, with all that is written down of
jobs, but no process is started. So a queue can be tried out, and a scheduler measured without the
time that an operating system needs for processes.
"""

from collections.abc import Mapping

from fluxion_py.duration import parse_duration
from fluxion_py.execution.executor import Launch
from fluxion_py.jobspec.model import Jobspec


def pretended_duration(jobspec: Jobspec) -> float | None:
    """Return the seconds that a job only pretends to run; None for one that does run.

    Raises `InputError` for a text that is no duration.
    """
    found: object = jobspec.attributes.get("system")
    for step in ("exec", "test", "run_duration"):
        found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return parse_duration(found)
    return float(found) if isinstance(found, int | float) and found >= 0 else None


def seconds_of(launch: Launch) -> float:
    """Return the seconds of a job of which it is known that it pretends."""
    return pretended_duration(launch.jobspec) or 0.0
