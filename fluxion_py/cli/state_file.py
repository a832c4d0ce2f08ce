"""A state on disk that several processes share: one reads, books and writes at a time.

A reader needs no lock: the file is replaced as a whole, by rename, so it is either the old state or
the new one. A writer holds the lock on `PATH.lock` from its read to its write. What the state
contains is the business of `Matcher.save` and `Matcher.load`.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fluxion_py.errors import InputError

FORMAT = "fluxion-match state"
VERSION = 1
MAX_BYTES = 2**30
"""The largest state file, in bytes."""


class StateError(InputError):
    """A state file cannot be used; it is left as it is."""


class StateFile:
    """The state file at a path; a symbolic link is followed."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.source = os.fspath(path)
        self.path = os.path.realpath(self.source)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of this file; waits for its present holder, and ends with the process."""
        with file_lock(self.source):
            yield

    def read(self) -> dict[str, Any] | None:
        """Return the saved state, None if there is no file yet.

        Raises `StateError` for a file that is torn, is no state, or was written by a newer version.
        """
        try:
            with open(self.path, "rb") as file:
                data = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refuse(f"cannot be read: {error.strerror}") from None
        return self._contents(data)

    def write(self, state: dict[str, Any]) -> None:
        """Replace the file; the caller holds the lock. Raises `StateError` if it cannot."""
        document = {"format": FORMAT, "version": VERSION, "state": state}
        # One name for all writers, who hold the lock: what a killed one left is written over.
        temporary = f"{self.path}.tmp"
        replace_file(self.path, [json.dumps(document), "\n"], self.source, temporary)

    def _contents(self, data: bytes) -> dict[str, Any]:
        if len(data) > MAX_BYTES:
            raise self._refuse(f"is larger than {MAX_BYTES} bytes")
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            what = "is empty" if not data.strip() else "is no complete JSON"
            raise self._refuse(f"{what}, so it is no state file, or a damaged one") from None
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise self._refuse("is not a state file of fluxion-match")
        version, state = document.get("version"), document.get("state")
        if isinstance(version, int) and version > VERSION:
            raise self._refuse(
                f"has state version {version}; this program knows versions up to {VERSION}",
                "use the newer fluxion-match that wrote it",
            )
        if version != VERSION or not isinstance(state, dict):
            raise self._refuse("is a damaged state file")
        return state

    def _refuse(self, message: str, hint: str | None = None) -> StateError:
        hint = hint or "name another file; a new state is made where there is none"
        return StateError(message, source=self.source, hint=hint)


@contextmanager
def file_lock(path: str, source: str | None = None) -> Iterator[None]:
    """Hold the exclusive lock that belongs to a file: the one on `PATH.lock`.

    It is on a file of its own because the file itself is replaced; the holder removes it at the
    end. `source` is the name for messages. Raises `StateError` if it cannot be made.
    """
    name = f"{os.path.realpath(path)}.lock"
    try:
        descriptor = _locked(name)
    except OSError as error:
        message = f"cannot be locked with {source or path}.lock: {error.strerror}"
        raise StateError(message, source=source or path) from None
    try:
        yield
    finally:
        with suppress(OSError):
            os.unlink(name)
        os.close(descriptor)


def _locked(name: str) -> int:
    """Return a descriptor of the lock file, locked and still the one of this name."""
    while True:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), os.stat(name)):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its holder removed it while we waited


def replace_file(
    path: str, chunks: Iterable[str], source: str | None = None, temporary: str | None = None
) -> None:
    """Write a file so that it is never seen half written: a temporary file, fsync, rename.

    The temporary file stands beside it, by default under a name that no other process takes. The
    mode of an old file is kept. Raises `StateError` if it cannot be written; then the old file is
    untouched.
    """
    target = os.path.realpath(path)
    try:
        if os.path.exists(target) and not os.path.isfile(target):  # a device or a pipe
            with open(target, "w", encoding="utf-8") as stream:
                stream.writelines(chunks)
            return
        _replace(target, chunks, temporary or f"{target}.{os.getpid()}.tmp")
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise StateError(message, source=source or path) from None


def _replace(target: str, chunks: Iterable[str], temporary: str) -> None:
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            if os.path.exists(target):
                os.chmod(temporary, os.stat(target).st_mode & 0o777)
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(os.path.dirname(target))


def _sync_folder(folder: str) -> None:
    """Make a rename last; some file systems cannot, and the file is in place already."""
    with suppress(OSError):
        descriptor = os.open(folder or ".", os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
