"""The tool with subcommands: find the command, run it, and turn every failure into one line."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from fluxion_py.cli.commands import ALIASES, COMMANDS, overview
from fluxion_py.cli.streams import accept_any_bytes, discard_output, replace_closed
from fluxion_py.errors import Busy, FluxionError, InputError, Unsatisfiable

if TYPE_CHECKING:
    from argparse import Namespace

DONE, BAD_INPUT, BUSY, NEVER, BUG = 0, 1, 16, 19, 70
INTERRUPTED = 130


def run_tool(name: str, rest: list[str]) -> int:
    """Run a subcommand, or print the help or the version; return the exit code."""
    replace_closed()
    for stream in (sys.stdout, sys.stderr):
        accept_any_bytes(stream)
    try:
        status = _run(name, rest)
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        return DONE
    except OSError as error:
        complain(f"error: standard output: cannot be written: {error.strerror or error}")
        discard_output()
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _run(name: str, rest: list[str]) -> int:
    if name in ("-h", "--help", "help"):
        sys.stdout.write(overview())
        return DONE
    if name in ("--version", "version"):
        from importlib.metadata import version

        sys.stdout.write(f"fluxion-match {version('fluxion-py')}\n")
        return DONE
    try:
        return _dispatch(ALIASES.get(name, name), rest)
    except (Busy, Unsatisfiable) as refusal:
        complain(str(refusal))
        return BUSY if isinstance(refusal, Busy) else NEVER
    except FluxionError as error:
        complain(f"error: {error}", getattr(error, "hint", None))
    except OSError as error:
        if not error.filename:  # standard output
            raise
        complain(f"error: {error.filename}: {error.strerror or error}")
    except (MemoryError, RecursionError) as error:
        what = "out of memory" if isinstance(error, MemoryError) else "nested too deeply"
        complain(f"error: {what}")
    except Exception as error:
        place = _origin(error)
        complain(
            f"error: internal error ({type(error).__name__}: {error}, {place}); "
            "this is a bug in fluxion-match",
            "please report it with the command line and its files",
        )
        return BUG
    return BAD_INPUT


def _dispatch(name: str, rest: list[str]) -> int:
    command = COMMANDS.get(name)
    if command is None:
        from difflib import get_close_matches

        near = get_close_matches(name, [*COMMANDS, *ALIASES], 1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise InputError(
            f"no subcommand {name[:60]!r}{meant}", hint=f"subcommands: {', '.join(COMMANDS)}"
        )
    from fluxion_py.cli.arguments import parse

    module = import_module(f"fluxion_py.cli.{command.module}")
    run: Callable[[Namespace], int] = getattr(module, f"run_{command.stem}")
    arguments = parse(name, command.summary, getattr(module, f"add_{command.stem}"), rest)
    return DONE if arguments is None else run(arguments)


def complain(line: str, hint: str | None = None) -> None:
    """Write one line, and a second one with the hint, whatever characters are in them."""
    lines = [line, f"  hint: {hint}"] if hint else [line]
    with suppress(OSError):  # the exit code still tells
        sys.stderr.write("".join(f"{printable(text)}\n" for text in lines))


def printable(text: str) -> str:
    """Return a text with its control characters as escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def _origin(error: Exception) -> str:
    """Return file and line of the innermost frame of an error, without the folder."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "place unknown"
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
