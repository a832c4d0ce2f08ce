"""The fields of a job as texts, and format strings such as `{id} {name:<10} {t_remaining}`."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from fluxion_py.errors import InputError

Job = Mapping[str, Any]

_SHORT_STATES = {
    "NEW": "N",
    "DEPEND": "D",
    "PRIORITY": "P",
    "SCHED": "S",
    "RUN": "R",
    "CLEANUP": "C",
}
_SHORT_RESULTS = {"COMPLETED": "CD", "FAILED": "F", "CANCELED": "CA", "TIMEOUT": "TO"}
_FIELD = re.compile(r"\{\{|\}\}|\{([a-z_.0-9]*)(?::([<>^]?)([0-9]{0,4})(?:\.([0-9]{1,4}))?)?\}")


def clock(seconds: float) -> str:
    """Return a length of time as h:mm:ss, with days in front if there are any."""
    whole = int(seconds)
    days, rest = divmod(whole, 86400)
    text = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}-{text}" if days else text


def brief(seconds: float) -> str:
    """Return a length of time as people say it: 1.5s, 12.3m, 4h."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds / size:.3g}{unit}"
    return f"{seconds:.3g}s"


def runtime(job: Job) -> float:
    """Return how long a job has run so far."""
    if job["t_run"] is None:
        return 0.0
    end = job["t_cleanup"] if job["t_cleanup"] is not None else time.time()
    return max(0.0, float(end - job["t_run"]))


def _remaining(job: Job) -> str:
    if job["state"] != "RUN" or not job["expiration"] or not job["duration"]:
        return "-"
    return clock(max(0.0, job["expiration"] - time.time()))


def _status(job: Job) -> str:
    return str(job["result"] or job["state"])


def _short_status(job: Job) -> str:
    if job["result"]:
        return _SHORT_RESULTS[job["result"]]
    return _SHORT_STATES.get(job["state"], "?")


def _info(job: Job) -> str:
    """Return where a job runs, what it waits for, or why it failed."""
    if job["exception"]:
        return str(job["exception"])
    if job["nodelist"]:
        return str(job["nodelist"])
    if job["dependencies"]:
        return "depends:" + ",".join(job["dependencies"])
    if job["priority"] == 0:
        return "held"
    estimate = job["annotations"].get("sched", {}).get("t_estimate")
    return f"eta:{brief(max(0.0, estimate - time.time()))}" if estimate else ""


def _user(job: Job) -> str:
    import pwd

    try:
        return pwd.getpwuid(job["userid"]).pw_name
    except (KeyError, OverflowError):
        return str(job["userid"])


def _time(job: Job) -> str:
    return brief(runtime(job)) if job["t_run"] is not None else "-"


_SPECIAL: dict[str, Callable[[Job], Any]] = {
    "id": lambda job: job["f58"],
    "id.dec": lambda job: job["id"],
    "id.f58": lambda job: job["f58"],
    "username": _user,
    "status": _status,
    "status_abbrev": _short_status,
    "t_remaining": _remaining,
    "runtime": lambda job: clock(runtime(job)),
    "time": _time,
    "info": _info,
    "t_estimate": lambda job: job["annotations"].get("sched", {}).get("t_estimate"),
    "selection": lambda job: job["annotations"].get("sched", {}).get("selection_type"),
}
_PLAIN = (
    "userid",
    "name",
    "queue",
    "state",
    "result",
    "urgency",
    "priority",
    "ntasks",
    "nnodes",
    "ncores",
    "ranks",
    "nodelist",
    "duration",
    "expiration",
    "returncode",
    "waitstatus",
    "exception",
    "dependencies",
    "t_submit",
    "t_depend",
    "t_run",
    "t_cleanup",
    "t_inactive",
)

FIELDS = tuple(sorted([*_SPECIAL, *_PLAIN]))
"""The names that may stand in a format."""


def text_of(job: Job, field: str) -> str:
    """Return a field of a job as text; what there is not is `-`."""
    value = _SPECIAL[field](job) if field in _SPECIAL else job[field]
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "-" if value is None else str(value)


def compile_format(text: str) -> Callable[[Job], str]:
    """Return what makes a line of a job. Raises `InputError` for an unknown field.

    After a colon there may be an alignment (<, >, ^), a width, and .N to cut after N characters.
    """
    parts: list[str | tuple[str, str, int, int | None]] = []
    end = 0
    for match in _FIELD.finditer(text):
        parts.append(text[end : match.start()])
        end = match.end()
        if match[0] in ("{{", "}}"):
            parts.append(match[0][0])
            continue
        if match[1] not in FIELDS:
            raise InputError(f"there is no field {{{match[1]}}} of a job", hint=", ".join(FIELDS))
        cut = None if match[4] is None else int(match[4])
        parts.append((match[1], match[2] or "<", int(match[3] or 0), cut))
    parts.append(text[end:])

    def line(job: Job) -> str:
        return "".join(
            part if isinstance(part, str) else _aligned(text_of(job, part[0]), *part[1:])
            for part in parts
        ).rstrip()

    return line


def _aligned(text: str, side: str, width: int, cut: int | None) -> str:
    return format(text if cut is None else text[:cut], f"{side}{width}")
