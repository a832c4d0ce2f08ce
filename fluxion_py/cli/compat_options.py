"""The options of the resource-query command line (cli.md 1)."""

import getopt
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fluxion_py.errors import FluxionError, InputError
from fluxion_py.match.subsystems import parse_subsystems
from fluxion_py.writers import FORMATS

LOAD_FORMATS = ("grug", "hwloc", "jgf", "jgf_shorthand", "rv1exec", "rv1exec_force")
GRAPH_FORMATS = ("dot", "graphml")
MAX_RESERVE = 2_000_000

_SHORT = "L:f:W:S:P:F:T:p:r:t:edg:o:h"
_LONG = {
    "load-file=": "-L",
    "load-format=": "-f",
    "load-allowlist=": "-W",
    "match-subsystems=": "-S",
    "match-policy=": "-P",
    "match-format=": "-F",
    "traverser-policy=": "-T",
    "prune-filters=": "-p",
    "reserve-vtx-vec=": "-r",
    "test-output=": "-t",
    "elapse-time": "-e",
    "disable-prompt": "-d",
    "graph-format=": "-g",
    "graph-output=": "-o",
    "help": "-h",
    "fixed": "--fixed",
}


class StartError(FluxionError):
    """The session cannot start; the message is what to print, `usage` says to add the usage."""

    def __init__(self, message: str, *, usage: bool = False) -> None:
        super().__init__(message)
        self.usage = usage


@dataclass(slots=True)
class Options:
    """The options of the command line, checked."""

    load_file: str = "conf/default"
    load_format: str = "grug"
    allowlist: tuple[str, ...] = ()
    subsystems: tuple[str, ...] = ("containment",)
    policy: str = "first"
    match_format: str = "simple"
    flexible: bool = False
    filters: list[str] = field(default_factory=list)
    test_output: str = ""
    elapsed: bool = False
    prompt: bool = True
    graph_format: str = "dot"
    graph_output: str = ""
    help: bool = False
    strict: bool = True
    warnings: list[str] = field(default_factory=list)


def parse_options(argv: Sequence[str]) -> Options:
    """Return the checked options; raises `StartError` with the text that the reference prints.

    Long options may be shortened and may be written `--x y` or `--x=y`.
    """
    try:
        pairs, rest = getopt.gnu_getopt(list(argv), _SHORT, list(_LONG))
    except getopt.GetoptError as error:
        raise StartError(f"[ERROR] {error.msg}", usage=True) from None
    options = Options()
    for name, value in pairs:
        long_name = name.removeprefix("--")
        letter = _LONG.get(f"{long_name}=", _LONG.get(long_name, name))
        _SETTERS[letter](options, value)
    if options.help:
        return options
    if rest:
        raise StartError(f"[ERROR] unexpected argument: {rest[0]}", usage=True)
    _check_load_file(options.load_file)
    if options.allowlist and options.load_format != "hwloc":
        options.warnings.append("WARN: --load-allowlist has an effect on format hwloc only\n")
    return options


def _check_load_file(path: str) -> None:
    if os.path.isdir(path):
        raise StartError(f"[ERROR] path passed to --load-file is a directory: {path}", usage=True)
    if not os.path.exists(path):
        raise StartError(f"[ERROR] file does not exist for --load-file: {path}", usage=True)


def _one_of(option: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise StartError(f"[ERROR] unknown format for --{option}: {value}", usage=True)
    return value


def _set_subsystems(options: Options, value: str) -> None:
    try:
        options.subsystems = parse_subsystems(value)
    except InputError as error:
        message = f"[ERROR] unknown value for --match-subsystems: {value} ({error.hint})"
        raise StartError(message, usage=True) from None


def _set_traverser(options: Options, value: str) -> None:
    if value not in ("simple", "flexible"):
        raise StartError(f"[ERROR] unknown value for --traverser-policy: {value}", usage=True)
    options.flexible = value == "flexible"


def _check_reserve(options: Options, value: str) -> None:
    """Check the range of the size, a hint that we do not need."""
    in_range = value.isascii() and value.isdigit() and len(value) < 10
    if not in_range or int(value) > MAX_RESERVE:
        options.warnings.append(f"WARN: out of range specified for --reserve-vtx-vec: {value}\n")


def _add_filters(options: Options, value: str) -> None:
    if value.strip():
        options.filters.append(value)


def _setter(attribute: str, convert: Callable[[str], object]) -> Callable[[Options, str], None]:
    return lambda options, value: setattr(options, attribute, convert(value))


_SETTERS: dict[str, Callable[[Options, str], None]] = {
    "-L": _setter("load_file", str),
    "-f": _setter("load_format", lambda value: _one_of("load-format", value, LOAD_FORMATS)),
    "-W": _setter("allowlist", lambda value: tuple(filter(None, value.split(",")))),
    "-S": _set_subsystems,
    "-P": _setter("policy", str),
    "-F": _setter("match_format", lambda value: _one_of("match-format", value, FORMATS)),
    "-T": _set_traverser,
    "-p": _add_filters,
    "-r": _check_reserve,
    "-t": _setter("test_output", str),
    "-e": _setter("elapsed", lambda _: True),
    "-d": _setter("prompt", lambda _: False),
    "-g": _setter("graph_format", lambda value: _one_of("graph-format", value, GRAPH_FORMATS)),
    "-o": _setter("graph_output", str),
    "-h": _setter("help", lambda _: True),
    "--fixed": _setter("strict", lambda _: False),
}
