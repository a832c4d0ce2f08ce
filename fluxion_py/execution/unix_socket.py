"""Unix sockets at paths of any length (the kernel takes 107 bytes)."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fspath
from pathlib import Path


def listen(path: str | PathLike[str], backlog: int = 1024) -> socket.socket:
    """Return a socket that listens at a path, for this user alone; an old socket there goes."""
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        Path(path).unlink(missing_ok=True)
        with _short(path) as address:
            found.bind(address)
        os.chmod(path, 0o600)
        found.listen(backlog)
    except BaseException:
        found.close()
        raise
    return found


def connect(path: str | PathLike[str]) -> socket.socket:
    """Return a socket that is connected to a path. Raises `OSError`."""
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(path) as address:
            found.connect(address)
    except BaseException:
        found.close()
        raise
    return found


@contextmanager
def _short(path: str | PathLike[str]) -> Iterator[str]:
    """Yield a path to the same socket that is short enough: through the open folder."""
    text = fspath(path)
    if len(os.fsencode(text)) < 100:
        yield text
        return
    folder, name = os.path.split(text)
    descriptor = os.open(folder or ".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)
