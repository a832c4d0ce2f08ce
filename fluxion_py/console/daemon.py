"""Going into the background."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from fluxion_py.cli.tool import BAD_INPUT, BUG, DONE
from fluxion_py.errors import FluxionError, InputError


def in_background(pidfile: Path, log: Path, run: Callable[[Callable[[str], None]], int]) -> int:
    """Run in a process of its own; return when it calls the function that it is given.

    The line that it gives to that is printed here. What it writes later goes to `log`; `pidfile`
    has its number for as long as it lives. Raises `InputError` if it fails before.
    """
    sys.stdout.flush()
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(reading)
        os._exit(_child(pidfile, log, run, writing))
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        told = pipe.read()
    if not told.startswith("+"):
        message, _, hint = told.removeprefix("-").partition("\n")
        if not message:
            raise InputError("the instance did not start", hint=f"{log} may say more")
        raise InputError(message, hint=hint or None)
    sys.stdout.write(told.removeprefix("+"))
    return DONE


def _child(pidfile: Path, log: Path, run: Callable[[Callable[[str], None]], int], pipe: int) -> int:
    """Be the process in the background; return its exit code."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(nowhere, 0)
    os.dup2(written, 1)
    os.dup2(written, 2)

    def ready(line: str) -> None:
        pidfile.write_text(f"{os.getpid()}\n", encoding="ascii")
        _tell(pipe, f"+{line}\n")

    try:
        return run(ready)
    except (FluxionError, OSError) as error:
        text = str(error)
        if isinstance(error, OSError) and error.strerror and error.filename:
            text = f"{error.filename}: {error.strerror}"
        _tell(pipe, f"-{text}\n{getattr(error, 'hint', None) or ''}")
        sys.stderr.write(f"error: {text}\n")
        return BAD_INPUT
    except BaseException as error:
        _tell(pipe, f"-internal error ({type(error).__name__}: {error}); a bug in fluxion\n")
        return BUG
    finally:
        sys.stderr.flush()
        with suppress(OSError, ValueError):
            if int(pidfile.read_text(encoding="ascii")) == os.getpid():
                pidfile.unlink()


def _tell(pipe: int, text: str) -> None:
    with suppress(OSError):  # told already
        os.write(pipe, text.encode("utf-8", "backslashreplace"))
        os.close(pipe)
