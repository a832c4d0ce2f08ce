"""Starting and ending single processes. For a process with one thread only."""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress

from fluxion_py.execution.orders import TaskOrder

_DEFAULTS = [signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP]
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def spawn(
    task: TaskOrder, environment: Mapping[str, str], stdout: str | None, stderr: str | None
) -> int:
    """Start a process in the present folder, in a session of its own; return its id.

    It inherits the CPUs that this process is bound to meanwhile. Raises `OSError`.
    """
    merged = {**environment, **task.environment}
    program = _find(task.command[0], merged.get("PATH", os.defpath))
    actions: list[tuple[int, int, str, int, int]] = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, stdout or os.devnull, _APPEND, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, stderr or stdout or os.devnull, _APPEND, 0o644),
    ]
    before = os.sched_getaffinity(0)
    if task.cpus:
        os.sched_setaffinity(0, task.cpus)
    try:
        return os.posix_spawn(
            program,
            task.command,
            merged,
            file_actions=actions,
            setsid=True,
            setsigmask=[],
            setsigdef=_DEFAULTS,
        )
    finally:
        if task.cpus:
            os.sched_setaffinity(0, before)


def kill_group(pid: int, number: int) -> None:
    """Send a signal to a process and all of its session's first group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def start_time(pid: int) -> int:
    """Return the start time of a process in ticks since boot; -1 if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            text = file.read(4096)
    except OSError:
        return -1
    return int(text.rpartition(b")")[2].split()[19])


def _find(name: str, path: str) -> str:
    """Return the file of a program as a shell finds it. Raises `OSError` naming it."""
    if "/" in name:
        return name
    found = None
    for folder in path.split(os.pathsep):
        candidate = os.path.join(folder or ".", name)
        if os.path.isfile(candidate):
            if os.access(candidate, os.X_OK):
                return candidate
            found = found or candidate
    error: type[OSError] = PermissionError if found else FileNotFoundError
    raise error(13 if found else 2, os.strerror(13 if found else 2), name)
