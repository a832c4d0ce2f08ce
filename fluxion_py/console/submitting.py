"""`submit` and `run`."""

from argparse import Namespace
from collections.abc import Iterator
from itertools import chain
from typing import Any

from fluxion_py.cli.arguments import Parser, add_command, example, wants_json
from fluxion_py.cli.tool import BAD_INPUT, DONE, NEVER, complain
from fluxion_py.console.connection import add_answer, add_connection, open_client, print_json
from fluxion_py.console.following import follow_output, wait_for_jobs
from fluxion_py.console.submission import add_job, environment, new_job
from fluxion_py.errors import FluxionError, InputError, Unsatisfiable
from fluxion_py.idset import parse_idset

MAX_COPIES = 1_000_000


def add_submit(parser: Parser) -> None:
    """Add the options of `submit`."""
    add_submission(parser)
    example(
        parser,
        "submit -n 4 -t 30m ./simulate input.txt",
        "submit --cc=1-1000 ./cg {cc}",
        "submit -N 2 --dependency afterok:ƒ9UisBL3QD6P ./post",
    )


def add_submission(parser: Parser) -> None:
    """Add what `submit` and `bulksubmit` have in common."""
    add_job(parser)
    add_copies(parser)
    add_waiting(parser)
    add_connection(parser, output=False)
    add_answer(parser)
    add_command(parser)


def add_copies(parser: Parser) -> None:
    """Add --cc."""
    parser.add_argument(
        "--cc", metavar="IDS", help="a job for each id, such as 0-99; {cc} in a word is the id"
    )


def add_waiting(parser: Parser) -> None:
    """Add what to do after the submission."""
    parser.add_argument("--wait", action="store_true", help="wait; end as the worst job does")
    parser.add_argument(
        "--watch", action="store_true", help="--wait, with the jobs' output, by job as they end"
    )
    parser.add_argument("--quiet", action="store_true", help="print no ids")
    parser.add_argument(
        "--progress", action="store_true", help="--wait, with a progress bar on a terminal"
    )


def run_submit(arguments: Namespace) -> int:
    """Submit a job, or one for each id of --cc."""
    variables = environment(arguments)
    command = arguments.command

    def jobs() -> Iterator[dict[str, Any]]:
        if arguments.cc is None:
            yield new_job(arguments, command, variables)
            return
        for number in copies(arguments.cc):
            words = [word.replace("{cc}", str(number)) for word in command]
            yield new_job(arguments, words, variables)

    return submit_all(arguments, jobs())


def submit_all(arguments: Namespace, jobs: Iterator[dict[str, Any]]) -> int:
    """Submit jobs, print their ids, wait if that is wanted; return the exit code."""
    from fluxion_py.match.job import format_jobid

    waits = arguments.wait or arguments.watch or arguments.progress
    first = next(jobs, None)  # what is wrong with it is told without an instance, too
    if first is None:
        raise InputError("there are no inputs")
    jobs = chain([first], jobs)
    accepted: list[int] = []
    refused: list[FluxionError] = []
    with open_client(arguments) as client:
        since = client.call("info")["seq"] if waits else 0
        for found in client.submit_many(jobs):
            if isinstance(found, FluxionError):
                refused.append(found)
                complain(f"error: {found}", getattr(found, "hint", None))
                continue
            accepted.append(found)
            if not arguments.quiet and not wants_json(arguments):
                print(format_jobid(found))
        if wants_json(arguments):
            ids = [{"id": jobid, "f58": format_jobid(jobid)} for jobid in accepted]
            print_json({"jobs": ids, "refused": [str(error) for error in refused]})
        status = wait_for_jobs(client, accepted, since, arguments) if waits else DONE
    return max([status, *map(_code, refused)])


def _code(refusal: FluxionError) -> int:
    return NEVER if isinstance(refusal, Unsatisfiable) else BAD_INPUT


def add_run(parser: Parser) -> None:
    """Add the options of `run`."""
    add_job(parser)
    add_connection(parser, output=False)
    add_command(parser)
    example(
        parser,
        "run -n 2 hostname",
        "run -t 1m --output=run.log ./test; echo $?",
    )


def run_run(arguments: Namespace) -> int:
    """Submit a job, show its output, end as it does; an interrupt cancels it."""
    job = new_job(arguments, arguments.command, environment(arguments))
    with open_client(arguments) as client:
        (found,) = client.submit_many([job])
        if isinstance(found, FluxionError):
            raise found
        try:
            return follow_output(client, found)
        except KeyboardInterrupt:
            client.call("cancel", jobs=[found], note="interrupted")
            raise


def copies(text: str) -> list[int]:
    """Return the ids of --cc. Raises `InputError`."""
    found = parse_idset(text, limit=MAX_COPIES)
    if not found:
        raise InputError("--cc has no ids", hint="write it like 0-99 or 1,5,7")
    return found
