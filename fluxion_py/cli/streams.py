"""Standard streams that never end a program by an error of their own."""

import io
import os
import sys
from typing import TextIO


def accept_any_bytes(stream: TextIO) -> None:
    """Let what is no UTF-8, read or written, appear as an escape."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def replace_closed() -> None:
    """Put empty streams in the place of standard streams that the caller has closed."""
    sys.stdin = sys.stdin or io.TextIOWrapper(io.BytesIO())
    sys.stdout = sys.stdout or io.TextIOWrapper(io.BytesIO())
    sys.stderr = sys.stderr or io.TextIOWrapper(io.BytesIO())


def discard_output() -> None:
    """Send what standard output still holds nowhere, so that the end of the process is silent."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
