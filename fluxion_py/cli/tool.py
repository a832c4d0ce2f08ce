"""The tool with subcommands: find the command, run it, and turn every failure into one line."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from fluxion_py.cli.commands import ALIASES, COMMANDS, Command, overview
from fluxion_py.cli.streams import accept_any_bytes, discard_output, replace_closed
from fluxion_py.errors import Busy, FluxionError, InputError, Unsatisfiable

if TYPE_CHECKING:
    from argparse import Namespace

DONE, BAD_INPUT, BUSY, NEVER, BUG = 0, 1, 16, 19, 70
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Tool:
    """A program with subcommands: its name, the package of their modules, what there is.

    A subcommand may be two words, of which the first is a key of `groups`; the function there
    returns the help of the group.
    """

    prog: str
    package: str
    commands: Mapping[str, Command]
    aliases: Mapping[str, str]
    overview: Callable[[], str]
    groups: Mapping[str, Callable[[], str]] = field(default_factory=dict)


MATCH = Tool("fluxion-match", "fluxion_py.cli", COMMANDS, ALIASES, overview)


def run_tool(name: str, rest: list[str], tool: Tool = MATCH) -> int:
    """Run a subcommand, or print the help or the version; return the exit code."""
    replace_closed()
    for stream in (sys.stdout, sys.stderr):
        accept_any_bytes(stream)
    try:
        status = _run(tool, name, rest)
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


def _run(tool: Tool, name: str, rest: list[str]) -> int:
    if name in ("-h", "--help", "help"):
        sys.stdout.write(tool.overview())
        return DONE
    if name in ("--version", "version"):
        from importlib.metadata import version

        sys.stdout.write(f"{tool.prog} {version('fluxion-py')}\n")
        return DONE
    try:
        return _dispatch(tool, tool.aliases.get(name, name), rest)
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
            f"this is a bug in {tool.prog}",
            "please report it with the command line and its files",
        )
        return BUG
    return BAD_INPUT


def _dispatch(tool: Tool, name: str, rest: list[str]) -> int:
    if name in tool.groups:
        if not rest or rest[0] in ("-h", "--help"):
            sys.stdout.write(tool.groups[name]())
            return DONE
        name, rest = f"{name} {rest[0]}", rest[1:]
    command = tool.commands.get(name)
    if command is None:
        raise _unknown(tool, name)
    from fluxion_py.cli.arguments import parse

    module = import_module(f"{tool.package}.{command.module}")
    run: Callable[[Namespace], int] = getattr(module, f"run_{command.stem}")
    add = getattr(module, f"add_{command.stem}")
    arguments = parse(f"{tool.prog} {name}", command.summary, add, rest)
    return DONE if arguments is None else run(arguments)


def _unknown(tool: Tool, name: str) -> InputError:
    from difflib import get_close_matches

    names = [*tool.commands, *tool.aliases, *tool.groups]
    near = get_close_matches(name, names, 1)
    meant = f"; did you mean {near[0]}?" if near else ""
    group, space, _ = name.partition(" ")
    known = [other for other in tool.commands if not space or other.startswith(f"{group} ")]
    return InputError(
        f"no subcommand {name[:60]!r}{meant}", hint=f"subcommands: {', '.join(known)}"
    )


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
