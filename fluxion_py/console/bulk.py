"""`bulksubmit`: one job for each of many inputs."""

import re
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from fluxion_py.cli.arguments import Parser, example
from fluxion_py.console.submission import environment, new_job
from fluxion_py.console.submitting import add_submission, copies, submit_all
from fluxion_py.errors import InputError

MAX_INPUTS = 1_000_000
_FIELD = re.compile(r"\{(seq|cc|[0-9]{0,2})(\.%|\./|\.//)?\}")
_TEXTS = ("job_name", "cwd", "stdout", "stderr", "shape", "requires", "time_limit", "queue")


def add_bulksubmit(parser: Parser) -> None:
    """Add the options of `bulksubmit`."""
    add_submission(parser)
    example(
        parser,
        "bulksubmit -n 1 echo {} ::: a b c",
        "bulksubmit --job-name={0}-{1} ./fit {0} {1} ::: small large ::: 1 2 3",
        "bulksubmit ./fit {0} {1} ::: a b :::+ 1 2      # two jobs: a 1, b 2",
        "bulksubmit --cc=0-4 --watch ./fit {} {cc} :::: inputs.txt",
        "ls *.dat | fluxion bulksubmit --output={.%}.log ./fit {}",
    )
    parser.epilog = (
        "{} is the input, {0} and {1} the first and second of several, {seq} the number of the "
        "job,\n{cc} the id of --cc; {.%} without ending, {./} without folder. They may stand in "
        f"options, too.\n\n{parser.epilog}"
    )


def run_bulksubmit(arguments: Namespace) -> int:
    """Submit a job for each input, and each id of --cc."""
    command, inputs = split_inputs(arguments.command)
    variables = environment(arguments)

    def jobs() -> Iterator[dict[str, Any]]:
        number = 0
        for values in inputs:
            for copy in [None] if arguments.cc is None else copies(arguments.cc):
                filled = fill_options(arguments, values, number, copy)
                words = [fill(word, values, number, copy) for word in command]
                yield new_job(filled, words, variables)
                number += 1

    return submit_all(arguments, jobs())


def split_inputs(words: Sequence[str]) -> tuple[list[str], Iterator[tuple[str, ...]]]:
    """Return the command, and the inputs of each job: all combinations of the lists.

    `:::` begins a list of words, `::::` one of files (- is standard input) with an input a line;
    with a `+` at the end it goes in step with the list before. Without any, the inputs are the
    lines of standard input. Raises `InputError`, `OSError`.
    """
    marks = [place for place, word in enumerate(words) if re.fullmatch(r":::{1,2}\+?", word)]
    if not marks:
        if sys.stdin.isatty():
            raise InputError("there are no inputs", hint="add them after ::: at the end")
        return list(words), ((line,) for line in _lines("-"))
    lists: list[list[tuple[str, ...]]] = []
    for start, end in zip(marks, [*marks[1:], len(words)], strict=True):
        given = words[start + 1 : end]
        if words[start].startswith("::::"):
            given = [line for name in given for line in _lines(name)]
        if words[start].endswith("+") and lists:
            if len(lists[-1]) != len(given):
                raise InputError(
                    f"{words[start]} has {len(given)} inputs, the list before {len(lists[-1])}"
                )
            joined = zip(lists[-1], given, strict=True)
            lists[-1] = [(*before, value) for before, value in joined]
        else:
            lists.append([(value,) for value in given])
    total = 1
    for entry in lists:
        total *= len(entry)
    if total > MAX_INPUTS:
        raise InputError(f"{total} jobs are more than {MAX_INPUTS}")
    combined = (tuple(value for part in parts for value in part) for parts in product(*lists))
    return list(words[: marks[0]]), combined


def fill(text: str, values: Sequence[str], number: int, copy: int | None) -> str:
    """Return a word with its fields filled in. Raises `InputError` for an input there is not."""

    def value(match: re.Match[str]) -> str:
        name, part = match[1], match[2]
        if name == "seq":
            found = str(number)
        elif name == "cc":
            found = "" if copy is None else str(copy)
        elif int(name or 0) < len(values):
            found = values[int(name or 0)]
        else:
            raise InputError(
                f"{match[0]} in {text[:40]!r}: there are {len(values)} lists of inputs"
            )
        if part in (".%", ".//"):
            folder, slash, last = found.rpartition("/")
            stem, dot, _ = last.rpartition(".")
            found = f"{folder}{slash}{stem if dot and stem else last}"
        return found.rpartition("/")[2] if part in ("./", ".//") else found

    return _FIELD.sub(value, text) if "{" in text else text


def fill_options(
    arguments: Namespace, values: Sequence[str], number: int, copy: int | None
) -> Namespace:
    """Return the options with the fields in their texts filled in."""
    texts = {name: getattr(arguments, name) for name in _TEXTS}
    if not any(text and "{" in text for text in texts.values()):
        return arguments
    filled = {name: fill(text, values, number, copy) for name, text in texts.items() if text}
    return Namespace(**{**vars(arguments), **filled})


def _lines(name: str) -> Iterator[str]:
    if name == "-":
        yield from (line.rstrip("\n") for line in sys.stdin)
        return
    with open(name, encoding="utf-8", errors="surrogateescape") as file:
        yield from (line.rstrip("\n") for line in file)
